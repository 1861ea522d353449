import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { isFinwaitError } from "../../../src/model/errors.ts";
import type { Fact } from "../../../src/model/fact.ts";
import type { Run } from "../../../src/model/run.ts";
import { readRun } from "../../../src/report/json/read.ts";
import type { runSchema } from "../../../src/report/json/schema.ts";
import { writeRun } from "../../../src/report/json/write.ts";
import { fault, measure, missed, note, row, state } from "../timeline/facts.ts";
import { kernel, observer, segment, transition } from "../timeline/segments.ts";
import { puts, runOf, sampleRun, tried } from "./runs.ts";

/** Every key of T with the way to it, and every word it may hold. */
type PathsOf<T> = T extends string
  ? T
  : T extends number
    ? "number"
    : T extends boolean
      ? "boolean"
      : T extends readonly (infer Element)[]
        ? PathsOf<Element>
        : { [K in keyof T & string]-?: K | `${K}.${PathsOf<T[K]>}` }[keyof T & string];

// Neither compiles when Run and the schema differ in a key, be it one that may be absent, or in a word.
const isWritten = (read: PathsOf<z.output<typeof runSchema>>): PathsOf<Run> => read;
const isRead = (run: PathsOf<Run>): PathsOf<z.output<typeof runSchema>> => run;

const whole = row("client", "FIN-WAIT-2", {
  timer: { name: "timewait", remainingMs: 59_000, retransmits: 0 },
  inode: 0,
  uid: 1000,
  cgroup: "/a b",
  shutdown: { read: false, write: true },
  memory: {
    rmemAlloc: 0,
    rcvBuf: 1,
    wmemAlloc: 2,
    sndBuf: 3,
    fwdAlloc: 4,
    wmemQueued: 5,
    optMem: 6,
    backLog: 7,
    drops: 8,
  },
  tcpInfo: { ts: true, wscale: "7,7" },
  owners: [{ name: 'node"\n', pid: 7, fd: 21 }],
});

const everyKind: readonly Fact[] = [
  ...(puts.refuted.outcomes[0]?.kind === "tried" ? puts.refuted.outcomes[0].facts : []),
  state(1, "client", "FIN-WAIT-2", { row: whole }),
  measure(2, "server", "fds", "open", 1.5),
  fault(3, "applied"),
  missed(4, "x", "\u0000\ud800"),
  note(5, "半\u2028"),
  segment(6, "client", "FIN,ACK", {
    source: { address: "::1", port: 1 },
    sequence: 4_294_967_295,
    lostTo: "fault-1",
    checksumIsRight: false,
    options: {
      mss: 1460,
      windowScale: 7,
      sackPermitted: true,
      sack: [{ left: 1, right: 2 }],
      timestamps: { value: 1, echo: 2 },
      fastOpen: { cookieBytes: 0 },
      others: [{ kind: 254, bytes: 4 }],
      malformed: true,
    },
  }),
  segment(6.5, "server", "", { isUnnamed: true, isUnseen: true }),
  transition(7, "client", "FIN-WAIT-2", "CLOSED"),
  kernel(8, "client", "reset received"),
  observer("client", { lost: 1 }),
];

const run: Run = runOf(...Object.values(puts), {
  ...puts.confirmed,
  outcomes: [tried("the client half-closes with end()", everyKind)],
});

describe("a stored run", () => {
  test("is read as it was written, every kind of fact included", () => {
    expect(readRun(writeRun(run))).toStrictEqual(run);
    expect([isWritten, isRead]).toHaveLength(2);
  });

  test("holds header, timelines and verdicts in that order, whatever order it was built in", () => {
    const { verdicts, claims, header, format } = sampleRun();
    expect(Object.keys(JSON.parse(writeRun({ verdicts, claims, header, format })))).toEqual([
      "format",
      "header",
      "claims",
      "verdicts",
    ]);
  });

  test("has a line for each fact", async () => {
    const text = writeRun(sampleRun());
    const facts = sampleRun().claims.flatMap(({ outcomes }) =>
      outcomes.flatMap((one) => ("facts" in one ? one.facts : [])),
    );
    expect(
      text
        .split("\n")
        .filter((line) => line.startsWith('{"kind":') && line.includes('"at":') && !line.includes('"facts"')),
    ).toHaveLength(facts.length);
    await expect(text).toMatchFileSnapshot("../../fixtures/runs/sample.json");
  });

  test.each<[string, (text: string) => string, string]>([
    ["text that stops early", (text) => text.slice(0, text.indexOf('"kind":"event"')), "line 10 is not JSON"],
    ["nothing", () => "", "line 1 is not JSON"],
    ["other JSON", () => "[]", "the whole:"],
    ["null", () => "null", "the whole:"],
    ["a run of a later format", (text) => text.replace('"format":2', '"format":3'), "was stored in format 3"],
    ["a run of the first format", (text) => text.replace('"format":2', '"format":1'), "was stored in format 1"],
    [
      "an unknown state",
      (text) => text.replace('"state":"ESTABLISHED"', '"state":"ESTAB"'),
      "claims[0].outcomes[0].facts[4].state:",
    ],
    [
      "an unknown kind of fact",
      (text) => text.replace('"kind":"call"', '"kind":"calls"'),
      "claims[0].outcomes[0].facts[1].kind:",
    ],
    ["a number that is none", (text) => text.replace(/"at":\d+/, '"at":null'), "claims[0].outcomes[0].facts[0].at:"],
    ["a key nobody knows", (text) => text.replace('"driver"', '"diver":"","driver"'), "header:"],
    [
      "a verdict nobody gives",
      (text) => text.replace('"verdict":"refuted"', '"verdict":"wrong"'),
      "verdicts[1].verdict:",
    ],
  ])("is refused when it is %s, with the place", (_, spoil, place) => {
    const text = spoil(writeRun(sampleRun()));
    expect(() => readRun(text)).toThrow(
      expect.objectContaining({ code: "FINWAIT_USAGE", message: expect.stringContaining(place) }),
    );
  });

  test("that is any text at all is read or refused, never anything else", () => {
    const text = writeRun(sampleRun());
    const spoiled = fc
      .tuple(fc.nat(text.length), fc.nat(40), fc.string())
      .map(([from, length, instead]) => text.slice(0, from) + instead + text.slice(from + length));
    fc.assert(
      fc.property(fc.oneof(spoiled, fc.json(), fc.string()), (any) => {
        try {
          readRun(any);
        } catch (error) {
          expect(isFinwaitError(error, "FINWAIT_USAGE")).toBe(true);
        }
      }),
    );
  });
});
