import { expect, test } from "vitest";
import { causeWords } from "../../../../src/report/leak/causes.ts";
import { gateJunit } from "../../../../src/report/leak/gate-junit.ts";
import { gateText } from "../../../../src/report/leak/gate-text.ts";
import { hanging } from "../../../../src/report/text/wrap.ts";
import { gateReport, leakedSocket } from "../../leak-gate/report.ts";

const reset = { name: "reset", spoken: "http", connections: 3, leaked: 2 } as const;
const leaking = gateReport({
  leaked: [
    leakedSocket({
      manner: "reset",
      site: { how: "accept", at: "server.js:12:7", stack: ["server.js:12:7", "start (app.js:3:1)"] },
    }),
    leakedSocket({ manner: "reset", ageMs: 61_000, holders: [{ pid: 7, process: "node", fd: 23 }] }),
  ],
  manners: [reset],
  forecasts: [{ pid: 7, process: "node", manner: "reset", open: 24, limit: 1024, connections: 1500 }],
});

test("a program that leaks nothing is a line of what was tried, and how it stopped", () => {
  expect(gateText(gateReport())).toBe(
    [
      "✓ no leak  node server.js at 10.77.0.2:3000 over HTTP: 3 connections in 1 manner, and no socket was",
      "           held after its end (3.9 s)",
      "",
      "  - the stop: exited with code 0 35 ms after SIGTERM",
    ].join("\n"),
  );
});

test("a leak is told by cause: state, age, holder, manners, origin, meaning, mend, evidence", () => {
  expect(gateText(leaking)).toBe(
    [
      "✗ leaks    node server.js at 10.77.0.2:3000 over HTTP: 2 sockets still held 5 s after the end, of 3",
      "           connections in 1 manner (3.9 s)",
      "",
      "2 sockets: the peer has closed, the program has not",
      "  state       CLOSE-WAIT, Recv-Q 0, Send-Q 0",
      "  age         61 s or more without anything moving",
      "  held by     node (pid 7), descriptors 22, 23",
      "  left after  2 of 3 connections: reset",
      "  from        server.js:12:7 (1 socket accepted by the server that listens at this line)",
      "              start (app.js:3:1)",
      ...hanging("  meaning     ", causeWords["not-closed"].meaning, 100),
      ...hanging("  usual mend  ", causeWords["not-closed"].mend, 100),
      "  ss          CLOSE-WAIT 0 0 10.77.0.2:3000 10.77.0.1:10001 ino:1 sk:1",
      "              CLOSE-WAIT 0 0 10.77.0.2:3000 10.77.0.1:10001 ino:1 sk:1",
      "",
      'node (pid 7) has 24 of 1024 descriptors open: after about 1500 more connections like "reset",',
      "accept() fails with EMFILE.",
      "",
      "  - the stop: exited with code 0 35 ms after SIGTERM",
    ].join("\n"),
  );
});

test("nothing that the program chose the words of reaches the terminal as it is", () => {
  const own = "\u001b[31mred\u001b]0;title\u0007\nsecond";
  const text = gateText(
    gateReport({
      subject: own,
      notes: [own],
      leaked: [
        leakedSocket({
          holders: [{ pid: 7, process: own, fd: 1 }],
          site: { how: "connect", at: own, stack: [own, own] },
          row: { ...leakedSocket().row, line: `CLOSE-WAIT cgroup:/${own}` },
        }),
      ],
      forecasts: [{ pid: 7, process: own, manner: "reset", open: 1, limit: 2, connections: 1 }],
    }),
  );
  for (const control of ["\u001b", "\u0007"]) expect(text.includes(control)).toBe(false);
  expect(text).not.toContain("\nsecond");
});

test("sockets without a manner or an origin say so", () => {
  const text = gateText(gateReport({ leaked: [leakedSocket({ cause: "abandoned" })] }));
  expect(text).toContain("1: opened before finwait did anything");
  expect(text).toContain("no socket table has it any more; last seen in CLOSE-WAIT");
  expect(text).toContain("docs/leaks.md");
});

test("JUnit has a test case for each manner, which fails with the rows it left", () => {
  const xml = gateJunit({ ...leaking, manners: [reset, { name: "slow <reader>", connections: 3, leaked: 0 }] });
  expect(xml).toContain('<testsuite name="leak: node server.js" tests="2" failures="1"');
  expect(xml).toContain('message="2 sockets of 3 connections were not let go: not-closed"');
  expect(xml).toContain('name="slow &lt;reader&gt;"/>');
});

test("sockets that the program opened itself are no share of the peers' connections", () => {
  const { row } = leakedSocket();
  const own = leakedSocket({ manner: "reset", row: { ...row, local: { address: "10.77.0.2", port: 40_000 } } });
  const text = gateText(
    gateReport({ leaked: [leakedSocket({ manner: "reset" }), own, own, own, own], manners: [{ ...reset, leaked: 5 }] }),
  );
  expect(text).toContain("  left after  1 of 3 connections: reset\n              4 sockets of its own: reset\n");
});

test("that call sites were not recorded because nobody wanted them is not blamed on the program", () => {
  const report = gateReport({ leaked: [leakedSocket()] });
  expect(gateText(report)).toContain("  opened at   unknown: call sites are recorded of Node programs only");
  expect(gateText(report, { callSites: false })).toContain("  opened at   unknown: --no-call-sites\n");
});
