import { describe, expect, test } from "vitest";
import { checkOf, silenceText } from "../../../src/leak/gate/ending.ts";
import type { Subject } from "../../../src/leak/gate/subject.ts";
import type { Suspect } from "../../../src/leak/tracker.ts";
import { FinwaitError } from "../../../src/model/errors.ts";
import { row } from "../leak/rows.ts";

/** A program as it was recorded: it runs when it is first asked about, and has ended when it is asked again. */
function ending(exitCode: number, output: string): Subject {
  let asked = 0;
  return {
    pid: 7,
    name: "node server.js",
    ended: Promise.resolve({ exitCode, signal: null }),
    end: () => (asked++ === 0 ? undefined : { exitCode, signal: null }),
    signal: async () => {},
    output: () => output,
    failure: (what) => new FinwaitError("FINWAIT_SUBJECT_FAILED", `"node server.js" ${what}.`),
  };
}

const suspect = (state: "CLOSE-WAIT" | "FIN-WAIT-2"): Suspect => ({
  ...{ cause: "not-closed", row: row(state), holders: [], sinceMs: 0 },
});

describe("a program that ended while it was driven", () => {
  test("is told of the 'error' listener, and of what was suspect, when a reset ended it", () => {
    const suspects = [suspect("CLOSE-WAIT"), suspect("FIN-WAIT-2"), suspect("CLOSE-WAIT")];
    const check = checkOf(ending(1, "Error: read ECONNRESET"), () => suspects);
    expect(() => check('tried "reset" on it')).toThrow(
      /exited with code 1 while finwait tried "reset" on it.*3 were suspect: 2 CLOSE-WAIT, 1 FIN-WAIT-2\).*add socket\.on\('error', …\)/s,
    );
  });

  test("is told neither where neither is so", () => {
    const check = checkOf(ending(2, "no configuration"), () => []);
    expect(() => check("tried it")).toThrow(/while finwait tried it, and nothing can be said of its sockets\.$/);
  });
});

test("silence is told apart from a connection that is not taken", () => {
  const leaked = [suspect("CLOSE-WAIT")];
  expect(silenceText({ leaked, silentMs: 10_012 }, 5_000)).toMatch(
    /^did not answer for 10 s after the drive, while 1 socket waited to be closed.*longer than the grace of 5 s; raise --grace$/,
  );
  expect(silenceText({ leaked, silentMs: 3 }, 5_000)).toMatch(/^took no further connection/);
});
