import { randomBytes } from "node:crypto";
import pRetry from "p-retry";
import { type ContainerRuntimeClient, StartedNetwork } from "testcontainers";
import { reasonOf } from "./engine.ts";

interface Subnets {
  readonly v6: string;
  /** Given only when the engine's own address pools are used up. */
  readonly v4?: string;
}

/**
 * The network of one lab: both families, and no way out of it (`Internal`), as in a namespace lab. Testcontainers'
 * `Network` knows no IPv6 before engine 27, so its client is asked directly.
 */
export async function startNetwork(
  client: ContainerRuntimeClient,
  name: string,
  labels: Record<string, string>,
): Promise<StartedNetwork> {
  let poolsUsedUp = false;
  const create = async () => {
    const subnets: Subnets = poolsUsedUp ? { v6: randomV6Subnet(), v4: randomV4Subnet() } : { v6: randomV6Subnet() };
    const network = await client.network.create({
      Name: name,
      Driver: "bridge",
      Internal: true,
      EnableIPv6: true,
      IPAM: { Config: Object.values(subnets).map((Subnet: string) => ({ Subnet })) },
      Labels: labels,
    });
    return new StartedNetwork(client, name, network);
  };
  return await pRetry(create, {
    retries: 10,
    minTimeout: 0,
    shouldRetry: ({ error }) => {
      const refusal = refusalOf(reasonOf(error));
      poolsUsedUp ||= refusal === "pools used up";
      return refusal !== "other";
    },
  });
}

/** Why the engine made no network, where another subnet helps. */
export function refusalOf(reason: string): "overlap" | "pools used up" | "other" {
  // "could not find an available, non-overlapping IPv4 address pool", since 27 "all predefined address pools have been fully subnetted"
  if (/non-overlapping IPv4 address pool|predefined address pools/i.test(reason)) return "pools used up";
  return /overlap/i.test(reason) ? "overlap" : "other";
}

/** RFC 4193 §3.2: forty random bits behind fd make a prefix nobody else has. */
export function randomV6Subnet(random: (bytes: number) => Uint8Array = randomBytes): string {
  const hex = Buffer.from(random(5)).toString("hex");
  return `fd${hex.slice(0, 2)}:${hex.slice(2, 6)}:${hex.slice(6, 10)}::/64`;
}

/** One of 8192 networks of 14 hosts in 198.18.0.0/15, which RFC 2544 keeps for tests of equipment. */
export function randomV4Subnet(random: (bytes: number) => Uint8Array = randomBytes): string {
  const [second = 0, third = 0, fourth = 0] = random(3);
  return `198.${18 + (second & 1)}.${third}.${fourth & 0xf0}/28`;
}
