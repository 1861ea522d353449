import { expect, test } from "vitest";
import { isFinwaitError } from "../../../../src/model/errors.ts";
import { type SsQuery, ssArguments } from "../../../../src/observe/ss/arguments.ts";

const always = ["-H", "-n", "-O", "-t", "-a", "-e", "-i", "-m", "-o"];
const statesIn = (words: readonly string[]) => words.filter((_, index) => words[index - 1] === "state");

test("all ten states are named when none are asked for, as `all` lists bound sockets from 6.8 on", () => {
  const words = ssArguments();
  expect(words.slice(0, always.length)).toEqual(always);
  expect(statesIn(words)).toEqual([
    ...["listening", "syn-sent", "syn-recv", "established", "fin-wait-1"],
    ...["fin-wait-2", "close-wait", "closing", "last-ack", "time-wait"],
  ]);
});

test("one state is never asked alone, as ss would leave out the State column", () => {
  expect(statesIn(ssArguments({ states: ["CLOSE-WAIT"] }))).toEqual(["close-wait", "closed"]);
  expect(statesIn(ssArguments({ states: ["LISTEN", "LISTEN"] }))).toEqual(["listening", "closed"]);
  expect(statesIn(ssArguments({ states: ["SYN-RECEIVED", "ESTABLISHED"] }))).toEqual(["syn-recv", "established"]);
});

test("ports are filtered in the kernel, at either end, behind the states", () => {
  const words = ssArguments({ ports: [80, 443, 80], states: ["TIME-WAIT"] });
  expect(words.slice(always.length).join(" ")).toBe(
    "state time-wait state closed ( sport = :80 or dport = :80 or sport = :443 or dport = :443 )",
  );
});

test("one's own port alone is filtered in the kernel", () => {
  const words = ssArguments({ localPort: 80, states: ["CLOSE-WAIT"] });
  expect(words.slice(always.length).join(" ")).toBe("state close-wait state closed sport = :80");
});

test("processes are asked for only on request", () => {
  expect(ssArguments({ owners: true }).slice(0, always.length + 1)).toEqual([...always, "-p"]);
  expect(ssArguments({ owners: false })).not.toContain("-p");
});

test.each<[string, SsQuery]>([
  ["CLOSED cannot be listed", { states: ["CLOSED"] }],
  ["CLOSED among others cannot be listed", { states: ["LISTEN", "CLOSED"] }],
  ["an empty list of states", { states: [] }],
  ["an empty list of ports", { ports: [] }],
  ["a port beyond 65535", { ports: [65_536] }],
  ["a port that is not whole", { ports: [80.5] }],
  ["an own port beyond 65535", { localPort: 65_536 }],
  ["more ports than a netlink filter holds", { ports: Array.from({ length: 1001 }, (_, port) => port) }],
])("%s is refused", (_, query) => {
  expect(() => ssArguments(query)).toThrow(expect.toSatisfy((error) => isFinwaitError(error, "FINWAIT_USAGE")));
});
