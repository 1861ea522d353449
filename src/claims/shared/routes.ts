import type { Host } from "../../lab/host.ts";

export interface Route extends AsyncDisposable {
  /** What comes after `ip route add`. */
  readonly text: string;
}

/** A route of the host's to an address, with attributes of its own (ip-route(8)), until disposed. */
export async function routeTo(host: Host, address: string, ...attributes: readonly string[]): Promise<Route> {
  const route = [`${address}/32`, "dev", await deviceOf(host), ...attributes];
  await host.run("ip", ["route", "add", ...route]);
  return {
    text: route.join(" "),
    async [Symbol.asyncDispose]() {
      await host.run("ip", ["route", "del", ...route]);
    },
  };
}

/** The network device that has the host's address. */
export async function deviceOf(host: Host): Promise<string> {
  const shown = await host.run("ip", ["-o", "-4", "addr", "show", "to", host.addresses.v4]);
  return /^\d+: (\S+)/.exec(shown)?.[1] ?? "eth0";
}
