import { describe, expect, test } from "vitest";
import { directTransition, isReachable, shortestPath, transitions } from "../../../src/model/diagram.ts";
import { type TcpState, tcpStates } from "../../../src/model/state.ts";

// Rows: from; columns: to, in the order of tcpStates. `1` one arrow of the figure, `t` one arrow the text adds,
// `+` several arrows, `.` never. Reviewed by eye against RFC 9293 §3.3.2.
const matrix = `
               LI SS SR ES F1 F2 CW CG LA TW CL
LISTEN         +  1  1  +  +  +  +  +  +  +  1
SYN-SENT       .  .  1  1  +  +  +  +  +  +  1
SYN-RECEIVED   1  .  .  1  1  +  t  +  +  +  t
ESTABLISHED    .  .  .  .  1  +  1  +  +  +  t
FIN-WAIT-1     .  .  .  .  .  1  .  1  .  t  t
FIN-WAIT-2     .  .  .  .  .  .  .  .  .  1  t
CLOSE-WAIT     .  .  .  .  .  .  .  .  1  .  t
CLOSING        .  .  .  .  .  .  .  .  .  1  t
LAST-ACK       .  .  .  .  .  .  .  .  .  .  1
TIME-WAIT      .  .  .  .  .  .  .  .  .  .  1
CLOSED         1  1  +  +  +  +  +  +  +  +  +
`;

const cells = matrix
  .trim()
  .split("\n")
  .slice(1)
  .flatMap((line) => {
    const [from, ...marks] = line.split(/\s+/);
    return marks.map((mark, index) => ({ from: from as TcpState, to: tcpStates[index] as TcpState, mark }));
  });

function markOf(from: TcpState, to: TcpState): string {
  const direct = directTransition(from, to);
  if (direct !== undefined) return direct.law === "RFC 9293 §3.3.2 Figure 5" ? "1" : "t";
  return isReachable(from, to) ? "+" : ".";
}

describe("the connection state diagram", () => {
  test("is asked about every pair of states", () => {
    expect(cells).toHaveLength(121);
  });

  test.each(cells)("says of $from to $to: $mark", ({ from, to, mark }) => {
    expect(markOf(from, to)).toBe(mark);
  });

  test("has the twenty arrows of the figure, each once", () => {
    const drawn = transitions.filter(({ law }) => law === "RFC 9293 §3.3.2 Figure 5");
    expect(drawn).toHaveLength(20);
    expect(new Set(drawn.map(({ from, to }) => `${from} ${to}`)).size).toBe(20);
  });

  test("lets every state but LISTEN itself end in CLOSED by a RST", () => {
    const resettable = transitions.filter(({ on, to }) => on === "rcv RST" && to === "CLOSED").map(({ from }) => from);
    expect(resettable.toSorted()).toEqual(
      tcpStates.filter((state) => state !== "LISTEN" && state !== "CLOSED").toSorted(),
    );
  });

  test("names the law of every arrow", () => {
    for (const { law } of transitions) expect(law).toMatch(/^(RFC \d+ §\S+|Linux tcp_\w+)/);
  });
});

describe("a path", () => {
  test.each(cells)("from $from to $to runs arrow by arrow and never through CLOSED or LISTEN", ({ from, to }) => {
    const path = shortestPath(from, to);
    expect(path !== undefined).toBe(isReachable(from, to));
    if (path === undefined) return;
    expect(path.length).toBeGreaterThan(0);
    const stations = [from, ...path.map((transition) => transition.to)];
    expect(path.map((transition) => transition.from)).toEqual(stations.slice(0, -1));
    expect(stations.at(-1)).toBe(to);
    for (const between of stations.slice(1, -1)) expect(["CLOSED", "LISTEN"]).not.toContain(between);
  });

  test("of the active closer leads over FIN-WAIT-1", () => {
    expect(shortestPath("ESTABLISHED", "FIN-WAIT-2")?.map(({ to }) => to)).toEqual(["FIN-WAIT-1", "FIN-WAIT-2"]);
  });

  test("goes straight from FIN-WAIT-1 to TIME-WAIT when the FIN brings the ACK (note 2)", () => {
    expect(directTransition("FIN-WAIT-1", "TIME-WAIT")?.on).toBe("rcv FIN with ACK of FIN");
  });

  test("leads back to LISTEN only for a passive open (note 1)", () => {
    expect(shortestPath("SYN-RECEIVED", "LISTEN")).toHaveLength(1);
    expect(isReachable("SYN-SENT", "LISTEN")).toBe(false);
  });
});
