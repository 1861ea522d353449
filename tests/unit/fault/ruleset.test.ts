import { describe, expect, test } from "vitest";
import { type Loss, ruleset } from "../../../src/fault/loss.ts";
import { type LosableSegment, matchSegment } from "../../../src/fault/segments.ts";

const direction = { fromPort: 10_000, toPort: 20_000 };
const arriving = (loss: Omit<Loss, "direction">) =>
  /chain arriving \{[^}]*?300;\n\s*(.*)\n/.exec(ruleset("finwait_1", { direction, ...loss }))?.[1];

describe("the nft rules of a loss", () => {
  test("drop at the receiver's ingress, and count", () => {
    expect(ruleset("finwait_1", { segment: "FIN", direction })).toContain("type filter hook input priority -300;");
    expect(arriving({ segment: "FIN" })).toBe(
      "tcp sport 10000 tcp dport 20000 tcp flags & fin == fin counter name caught goto lose",
    );
  });

  test("spare the first and then lose a number of them", () => {
    expect(arriving({ segment: "FIN", sparing: 1, times: 2 })).toBe(
      "tcp sport 10000 tcp dport 20000 tcp flags & fin == fin limit rate over 1/week burst 1 packets limit rate 1/week burst 2 packets counter name caught goto lose",
    );
  });

  test("lose every so many-th of what is not spared", () => {
    expect(arriving({ segment: "FIN", sparing: 1, every: 10, times: 2 })).toBe(
      "tcp sport 10000 tcp dport 20000 tcp flags & fin == fin limit rate over 1/week burst 1 packets numgen inc mod 10 == 9 limit rate 1/week burst 2 packets counter name caught goto lose",
    );
    expect(arriving({ segment: "FIN", every: 1 })).toBe(arriving({ segment: "FIN" }));
  });

  test("note which segments they dropped, and drop them even when there is no room to note more", () => {
    const [note, drop] =
      /chain lose \{\n\s*(.*)\n\s*(.*)\n/.exec(ruleset("finwait_1", { segment: "FIN", direction }))?.slice(1) ?? [];
    expect(note).toBe("meta mark set tcp sequence update @lost { tcp sport . tcp dport . meta mark counter }");
    expect(drop).toBe("drop");
  });

  test("know the ACK of a FIN by the FIN that left before it", () => {
    const rules = ruleset("finwait_1", { segment: "ACK of FIN", direction });
    expect(rules).toContain(
      "tcp sport 20000 tcp dport 10000 tcp flags & fin == fin add @closing { tcp dport . tcp sport }",
    );
    expect(arriving({ segment: "ACK of FIN" })).toContain("tcp sport . tcp dport @closing");
  });

  test("concern every connection of a port when only that is given", () => {
    expect(matchSegment("SYN", { toPort: 20_000 })).toBe("tcp dport 20000 tcp flags & (syn | ack) == syn");
  });

  test.each<LosableSegment>(["SYN", "SYN+ACK", "handshake ACK", "FIN", "bare ACK", "RST", "data", "everything"])(
    "name the flags of %s and no port of anyone else",
    (segment) => {
      expect(matchSegment(segment, direction)).toMatch(/^tcp sport 10000 tcp dport 20000 (tcp flags|meta l4proto)/);
    },
  );
});
