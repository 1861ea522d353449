import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
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
 * Everything that was written to a folder. Never rejects: a folder or file that is not there, or is not ours, tells
 * nothing.
 */
export async function readCallSites(folder: string): Promise<CallSites> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith(".ndjson"))
      .map(async (name) => {
        const path = join(folder, name);
        const [about, text] = await Promise.all([stat(path), readFile(path, "utf8")]).catch(() => []);
        return { writtenMs: about?.mtimeMs ?? 0, text: text ?? "" };
      }),
  );
  // The latest wins: a port that two processes listened at, one after the other, belongs to the second.
  files.sort((a, b) => a.writtenMs - b.writtenMs);
  return parseCallSites(files.map(({ text }) => text).join("\n"));
}

/**
 * The same from the text of the files, in any number and one behind the other, as `cat <folder>/*.ndjson` prints them.
 * Lines that cannot be read, such as the last of a file cut short, are passed over.
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
