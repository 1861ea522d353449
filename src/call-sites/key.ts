import { addressText, plainHost, type SocketAddress } from "../model/socket.ts";

/**
 * The name under which a socket is known to both sides: the preload, which asks Node, and the reader, which asks the
 * kernel. An IPv4 peer of a `::` listener has a mapped address, which is taken for the IPv4 address that it is, and a
 * scope (`%eth0`), which only one of the two tells, is left out.
 */
export function socketKey(local: SocketAddress, peer: SocketAddress): string {
  return `${normalText(local)}|${normalText(peer)}`;
}

/** The name of whatever was accepted at an address; `*` stands for all addresses of a port. */
export function listenerKey(local: SocketAddress): string {
  return `${normalText(isWildcard(local.address) ? { address: "*", port: local.port } : local)}|*`;
}

function normalText({ address, port }: SocketAddress): string {
  const [host = ""] = address.split("%", 1);
  return addressText({ address: plainHost(host), port });
}

function isWildcard(address: string): boolean {
  return address === "*" || address === "::" || address === "0.0.0.0";
}
