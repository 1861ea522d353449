import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBeyond, readThreshold } from "../../../src/leak/watch/threshold.ts";

describe("a threshold", () => {
  test.each([
    ["close-wait.age > 60s", { what: "sockets", state: "CLOSE-WAIT", measure: "age" }, ">", 60_000],
    ["fin-wait-2 > 100", { what: "sockets", state: "FIN-WAIT-2", measure: "count" }, ">", 100],
    ["fin-wait-1.count >= 7", { what: "sockets", state: "FIN-WAIT-1", measure: "count" }, ">=", 7],
    ["close-wait.growth > 10/h", { what: "sockets", state: "CLOSE-WAIT", measure: "growth" }, ">", 10],
    ["suspects.growth>=2/min", { what: "sockets", measure: "growth" }, ">=", 120],
    ["descriptors.left < 100", { what: "descriptors", measure: "left" }, "<", 100],
    ["descriptors.open <= 5", { what: "descriptors", measure: "open" }, "<=", 5],
    ["  CLOSE-WAIT.Age  >  1.5M ", { what: "sockets", state: "CLOSE-WAIT", measure: "age" }, ">", 90_000],
  ])("%s is read", (expression, of, operator, limit) => {
    expect(readThreshold(expression)).toEqual({ expression: expression.trim(), of, operator, limit });
  });

  test.each([
    ["", "begins with none of close-wait, fin-wait-1, fin-wait-2, suspects and descriptors"],
    ["> 5", "begins with none of"],
    ["close_wait > 5", 'There is no threshold for "close_wait". There is one for close-wait'],
    ["time-wait > 5", "no descriptor belongs to it, and it ends by itself"],
    [
      "close-wait.agee > 5s",
      '"close-wait" has no "agee"; it has close-wait.count, close-wait.age and close-wait.growth',
    ],
    ["close-wait. > 5s", '"close-wait" needs one of close-wait.count'],
    ["descriptors < 5", '"descriptors" needs one of descriptors.left and descriptors.open'],
    ["close-wait", 'Behind "close-wait" there must stand one of >, >=, <, <='],
    ["close-wait.age 60s", 'Behind "close-wait.age" there must stand one of >'],
    ["close-wait == 5", '"==" compares nothing here'],
    ["close-wait.age > 60", 'An age is compared with a duration, like 500ms, 30s, 5m, 1h or 1d, not "60"'],
    ["close-wait.age > ", "not with nothing"],
    ["close-wait > 60s", 'A number of sockets is compared with a whole number, like 100, not "60s"'],
    ["close-wait > -1", 'not "-1"'],
    ["close-wait.growth > 10", 'A growth is compared with a rate, like 10/h or 2/min, not "10"'],
    ["descriptors.left < many", "A number of descriptors is compared with a whole number"],
  ])("%j is refused in words", (expression, problem) => {
    expect(readThreshold(expression)).toMatchObject({ problem: expect.stringContaining(problem) });
  });

  test("every text is a threshold or a problem", () => {
    const near = fc.stringMatching(/^(close-wait|descriptors|suspects)?\.?(age|left)?[ <>=]{0,3}\d{0,12}(s|\/h)?$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const read = readThreshold(text);
        if ("problem" in read) expect(read.problem).not.toBe("");
        else expect(Number.isFinite(read.limit)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("is passed beyond its limit, and at it where it says so", () => {
    expect(isBeyond({ operator: ">", limit: 5 }, 5)).toBe(false);
    expect(isBeyond({ operator: ">=", limit: 5 }, 5)).toBe(true);
    expect(isBeyond({ operator: "<", limit: 5 }, 4)).toBe(true);
    expect(isBeyond({ operator: "<=", limit: 5 }, 6)).toBe(false);
  });
});
