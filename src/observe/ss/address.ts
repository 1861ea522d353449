import { plainHost, type SocketAddress } from "../../model/socket.ts";
import { readNumber } from "./number.ts";

const hosts = /^[0-9a-fA-F:.]+$/;

/**
 * Reads `127.0.0.1:80`, `*:80`, `[::1]:80`, `[fe80::1]%eth0:80`, `0.0.0.0%lo:*`; undefined for anything else.
 * The interface a socket is bound to stays with its address: `fe80::1%eth0`.
 */
export function readAddress(word: string): SocketAddress | undefined {
  const colon = word.lastIndexOf(":");
  if (colon < 1) return undefined;
  const address = readHost(word.slice(0, colon));
  const port = word.length === colon + 2 && word.endsWith("*") ? 0 : readNumber(word.slice(colon + 1));
  if (address === undefined || port === undefined || port > 65_535) return undefined;
  return { address, port };
}

function readHost(text: string): string | undefined {
  const percent = text.indexOf("%");
  let host = percent < 0 ? text : text.slice(0, percent);
  let scope = percent < 0 ? "" : text.slice(percent);
  if (host.startsWith("[")) {
    // The scope stands behind the bracket when ss prints it, inside in the notation of RFC 4007.
    const inside = percent > 0 && scope.endsWith("]") && !host.endsWith("]");
    if (inside) scope = scope.slice(0, -1);
    else if (!host.endsWith("]")) return undefined;
    host = host.slice(1, inside ? undefined : -1);
  }
  if (scope === "%" || !(host === "*" || hosts.test(host))) return undefined;
  return host + scope;
}

/**
 * Whether two texts name one address: `::ffff:10.0.0.1` is `10.0.0.1`, and `*` (ss's word for a listener of both
 * families) is `::`. An interface counts only where both name one, as ss prints it for one end and Node for the other.
 */
export function sameAddress(a: string, b: string): boolean {
  if (a === b) return true;
  const [hostA = "", scopeA = ""] = a.split("%", 2);
  const [hostB = "", scopeB = ""] = b.split("%", 2);
  return anyHost(hostA) === anyHost(hostB) && (scopeA === scopeB || scopeA === "" || scopeB === "");
}

function anyHost(host: string): string {
  return host === "*" ? "::" : plainHost(host);
}
