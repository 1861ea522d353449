import type { CallSite } from "../model/leak.ts";
import type { SocketRow } from "../model/socket.ts";
import { listenerKey, socketKey } from "./key.ts";

/**
 * What the preloads of a program's processes wrote: sites by `socketKey` (sockets that the program opened) and by
 * `listenerKey` (all that a server of the program accepted). Ask it with {@link siteOf}.
 */
export type CallSites = ReadonlyMap<string, CallSite>;

/** Where the program opened the socket, or began to listen for it; undefined where no preload told. */
export function siteOf(sites: CallSites, { local, peer }: Pick<SocketRow, "local" | "peer">): CallSite | undefined {
  return (
    sites.get(socketKey(local, peer)) ??
    sites.get(listenerKey(local)) ??
    sites.get(listenerKey({ address: "*", port: local.port }))
  );
}

/**
 * Reads the text of the files, in any number and one behind the other. Of two sites with one key the later counts, so
 * the file written last goes last. Lines that cannot be read, such as the last of a file cut short, are passed over.
 */
export function parseCallSites(text: string): CallSites {
  const sites = new Map<string, CallSite>();
  for (const line of text.split("\n")) {
    const read = parseLine(line);
    for (const key of read?.keys ?? []) if (read) sites.set(key, read.site);
  }
  return sites;
}

function parseLine(line: string): { readonly site: CallSite; readonly keys: readonly string[] } | undefined {
  if (!line.startsWith("{")) return undefined;
  const { how, at, stack, keys } = objectOf(line);
  if ((how !== "connect" && how !== "accept") || typeof at !== "string") return undefined;
  if (!isTexts(stack) || !isTexts(keys)) return undefined;
  return { site: { how, at, stack }, keys };
}

function objectOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(line) };
  } catch {
    return {};
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
