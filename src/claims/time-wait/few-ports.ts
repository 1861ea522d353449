import type { Needs } from "../../model/claim.ts";
import { countable } from "./counted.ts";

/** So many ports has the kernel to choose from, in place of 28,232. */
export const portCount = 32;

/**
 * Hosts where a client's ports begin with `first`, for cases that take turns: who uses them up towards one server leaves
 * them free towards another, unless it binds an address to them.
 */
export function fewPorts(first: number, sysctls: Needs["sysctls"] = {}): Needs {
  return {
    sysctls: {
      ...countable.sysctls,
      "net.ipv4.ip_local_port_range": `${first} ${first + portCount - 1}`,
      ...sysctls,
    },
    exclusive: true,
  };
}
