import { describe, expect, test } from "vitest";
import type { LeakCause, LeakedSocket, LeakReport } from "../../src/model/leak.ts";
import type { SocketRow } from "../../src/model/socket.ts";
import { parseSs } from "../../src/observe/ss/parse.ts";
import { causeWords } from "../../src/report/leak/causes.ts";
import { describeLeaks } from "../../src/report/leak/describe-leaks.ts";

const line =
  "CLOSE-WAIT 0      0          127.0.0.1:3000     127.0.0.1:40000 uid:1000 ino:4711 sk:1 cgroup:/ --> skmem:(r0,rb131072,t0,tb2626560,f0,w0,o0,bl0,d0) ts sack cubic";
const row = parseSs(`${line}\n`)[0] as SocketRow;

function leaked(cause: LeakCause, more: Partial<LeakedSocket> = {}): LeakedSocket {
  return { cause, row, holders: [{ pid: 4711, process: "node", fd: 23 }], ageMs: 3_210, ...more };
}

function report(more: Partial<LeakReport> = {}): LeakReport {
  const descriptors = [{ pid: 4711, process: "node", open: 31, limit: 1024 }];
  return {
    ...{ subject: "process 4711 (node)", leaked: [], undecided: 0, graceMs: 3_000, watchedMs: 3_250, readings: 20 },
    ...{ descriptors, blind: [] },
    ...more,
  };
}

describe("describeLeaks", () => {
  test("says of a healthy subject how it was looked at", () => {
    expect(describeLeaks(report({ watchedMs: 4, readings: 1 }))).toBe(
      "process 4711 (node) leaks no sockets (grace 3 s; 1 reading in 4 ms)",
    );
  });

  test("shows each socket as ss does, who holds it, since when, and from where; then what it means and mends it", () => {
    const site = { how: "accept", at: "server.js:12:7", stack: [] } as const;
    const text = describeLeaks(report({ leaked: [leaked("not-closed", { site, manner: "half-close and wait" })] }));
    expect(text).toMatchInlineSnapshot(`
      "process 4711 (node) leaks 1 socket (grace 3 s; 20 readings in 3.3 s)

      1 socket: the peer has closed, the program has not
        CLOSE-WAIT 0 0 127.0.0.1:3000 127.0.0.1:40000 uid:1000 ino:4711 sk:1 cgroup:/ --> skmem:(r0,rb131072,t0,tb2626560,f0,w0,o0,bl0,d0) ts sack cubic
          for 3.2 s or longer, held by node (pid 4711, fd 23), accepted by server.js:12:7, its peer: half-close and wait
        meaning  The other side said that it is done, and the program's runtime has taken that from
                 the kernel. The socket now stays until the program closes it; no timer of the kernel
                 ever will.
        mend     Call socket.end() or socket.destroy() on 'end'. With allowHalfOpen, or after an
                 'upgrade' or 'connect' event, nobody else does it for you. And read the socket
                 ('data', resume() or pipe()): Node reads ahead, but without a reader 'end' never
                 comes.

      Descriptors:
        node (pid 4711) has 31 open, and may have 1024"
    `);
  });

  test("groups by cause, shows the oldest of each, and counts the others", () => {
    const many = Array.from({ length: 500 }, (_, index) => leaked("not-read", { ageMs: 5_000 + index }));
    const text = describeLeaks(report({ leaked: [leaked("half-closed"), ...many] }));
    expect(text).toContain("leaks 501 sockets");
    expect(text).toContain(`1 socket: ${causeWords["half-closed"].title}`);
    expect(text).toContain(`500 sockets: ${causeWords["not-read"].title}`);
    expect(text).toContain("  … and 497 more, none of them older");
    expect(text).toContain("for 5.5 s or longer");
    expect(text.split("\n").length).toBeLessThan(30);
  });

  test("stays bounded whatever is in the report", () => {
    const holders = Array.from({ length: 300 }, (_, fd) => ({ pid: 1, process: "p".repeat(900), fd }));
    const causes = Object.keys(causeWords) as LeakCause[];
    const sockets = causes.flatMap((cause) => Array.from({ length: 50 }, () => leaked(cause, { holders })));
    const descriptors = Array.from({ length: 200 }, (_, pid) => ({ pid, process: "x".repeat(900), open: 1, limit: 2 }));
    const blind = Array.from({ length: 200 }, () => "b".repeat(900));
    const text = describeLeaks(report({ leaked: sockets, descriptors, blind, subject: "s".repeat(5_000) }));
    expect(text.split("\n").length).toBeLessThan(120);
    expect(text.length).toBeLessThan(25_000);
  });

  test("lets no control character of a name or a line through", () => {
    const evil = "\u001b[2Jno\u0000de\r\nforged: line\u202e";
    const socket = leaked("abandoned", {
      row: { ...row, line: `CLOSE-WAIT ${evil}` },
      holders: [{ pid: 1, process: evil, fd: 3 }],
      site: { how: "connect", at: evil, stack: [] },
      manner: evil,
    });
    const text = describeLeaks(
      report({
        subject: evil,
        leaked: [socket],
        blind: [evil],
        descriptors: [{ pid: 1, process: evil, open: 1, limit: 2 }],
      }),
    );
    expect(text).not.toMatch(/[^\n\P{Cc}]|\u202e/u);
    expect(text).not.toMatch(/^\W*forged/m);
  });

  test("tells of suspects that were not accused, of a holder nobody could name, and of what was not looked at", () => {
    const text = describeLeaks(
      report({
        undecided: 2,
        leaked: [leaked("not-closed", { holders: [] })],
        blind: ["descriptors of pid 1: not permitted"],
      }),
    );
    expect(text).toContain("2 more suspects had not lasted 3 s.");
    expect(text).toContain("held by a process that could not be named");
    expect(text).toContain("Not looked at:\n  descriptors of pid 1: not permitted");
  });
});
