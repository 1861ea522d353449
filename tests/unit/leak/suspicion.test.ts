import { describe, expect, test } from "vitest";
import { type Circumstances, progressOf, suspicion } from "../../../src/leak/suspicion.ts";
import { awaitsAccept } from "../../../src/leak/unaccepted.ts";
import { type TcpState, tcpStates } from "../../../src/model/state.ts";
import { row } from "./rows.ts";

describe("a socket with a descriptor is suspect", () => {
  test.for<[TcpState, number, number, string | undefined]>([
    ["CLOSE-WAIT", 0, 0, "not-closed"],
    ["CLOSE-WAIT", 1, 0, "not-read"],
    ["CLOSE-WAIT", 0, 1, "not-sent"],
    ["CLOSE-WAIT", 7, 9, "not-sent"],
    ["FIN-WAIT-1", 0, 1, "not-sent"],
    ["FIN-WAIT-2", 0, 0, "half-closed"],
    ["ESTABLISHED", 5, 5, undefined],
    ["SYN-SENT", 0, 1, undefined],
    ["LAST-ACK", 0, 1, undefined],
    ["CLOSING", 0, 1, undefined],
    ["LISTEN", 5, 128, undefined],
  ])("%s with Recv-Q %i and Send-Q %i: %s", ([state, recvQ, sendQ, cause]) => {
    expect(suspicion(row(state, { recvQ, sendQ }))).toBe(cause);
  });

  test.for<[Circumstances, number, string | undefined]>([
    [{ peerEnded: true }, 1, "not-drained"],
    [{ peerEnded: true }, 0, undefined],
    [{ subjectStopping: true }, 0, "kept-from-stopping"],
    [{ peerEnded: true, subjectStopping: true }, 1, "not-drained"],
  ])("ESTABLISHED, given %o, with Recv-Q %i: %s", ([circumstances, recvQ, cause]) => {
    expect(suspicion(row("ESTABLISHED", { recvQ }), circumstances)).toBe(cause);
  });
});

test("without a descriptor none is: it is the kernel's to end, or waits to be accepted", () => {
  for (const state of tcpStates) {
    const orphan = row(state, { inode: 0, recvQ: 1 });
    expect(suspicion(orphan, { peerEnded: true, subjectStopping: true })).toBeUndefined();
    expect(awaitsAccept(orphan)).toBe(state === "CLOSE-WAIT");
  }
  expect(awaitsAccept(row("CLOSE-WAIT"))).toBe(false);
});

test("whatever is read, sent, acknowledged or received is progress; a timer that runs is none, nor is what is sent again", () => {
  const before = row("CLOSE-WAIT", { tcpInfo: { bytes_sent: "1" } });
  const timer = { name: "keepalive", remainingMs: 5, retransmits: 0 } as const;
  expect(progressOf({ ...before, timer })).toBe(progressOf(before));
  // What ss 6.1 showed 600 ms apart of a socket whose peer takes nothing any more.
  const again = (bytes_sent: string, bytes_retrans: string) =>
    progressOf({ ...before, sendQ: 100, tcpInfo: { bytes_sent, bytes_retrans, bytes_received: "1" } });
  expect(again("400", "300")).toBe(again("300", "200"));
  const moved = [
    { ...before, recvQ: 1 },
    { ...before, sendQ: 1 },
    ...["bytes_sent", "bytes_acked", "bytes_received"].map((name) => ({ ...before, tcpInfo: { [name]: "2" } })),
  ];
  expect(new Set([before, ...moved].map(progressOf)).size).toBe(moved.length + 1);
});
