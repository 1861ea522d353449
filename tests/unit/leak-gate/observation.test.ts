import { expect, test } from "vitest";
import { Observation } from "../../../src/leak/gate/observation.ts";
import type { SocketSource } from "../../../src/leak/source.ts";
import type { SocketRow } from "../../../src/model/socket.ts";
import { row } from "../leak/rows.ts";

const strangers = { mannerOf: () => undefined, hasEnded: () => undefined };

function sourceOf(rows: readonly SocketRow[]): SocketSource {
  return {
    subject: "recorded",
    blind: [],
    read: async () => ({ atMs: 0, rows }),
    descriptors: async () => [],
    async [Symbol.asyncDispose]() {},
  };
}

test("a subject that does not drain its own server's answer is suspect, though that server listens on all addresses", async () => {
  // As ss lists both ends of a connection from 127.0.0.1 to a server on `::`.
  const mapped = "::ffff:127.0.0.1";
  const answering = row("FIN-WAIT-1", {
    ...{ cookie: "1", inode: 11, sendQ: 9 },
    ...{ local: { address: mapped, port: 4100 }, peer: { address: mapped, port: 40_000 } },
  });
  const asking = row("ESTABLISHED", {
    ...{ cookie: "2", inode: 12, recvQ: 9 },
    ...{ local: { address: "127.0.0.1", port: 40_000 }, peer: { address: "127.0.0.1", port: 4100 } },
  });
  const causesIn = async (rows: readonly SocketRow[]) =>
    (await new Observation(sourceOf(rows), strangers).look())?.map(({ cause }) => cause);
  expect(await causesIn([answering, asking])).toEqual(["not-sent", "not-drained"]);
  expect(await causesIn([asking])).toEqual([]);
});
