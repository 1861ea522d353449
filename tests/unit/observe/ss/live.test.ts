import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { type SsQuery, ssArguments } from "../../../../src/observe/ss/arguments.ts";
import { findSocket } from "../../../../src/observe/ss/find.ts";
import { parseSs } from "../../../../src/observe/ss/parse.ts";

const namespace = ["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
const missing =
  spawnSync("unshare", [...namespace, "ss", "-V"]).status === 0 ? undefined : "unshare --user --net and ss";

/** Runs in the namespace: a listener, a half-closed connection, a bound socket; then asks ss each question. */
const program = `
  const net = require("node:net");
  const { execFileSync } = require("node:child_process");
  execFileSync("ip", ["link", "set", "lo", "up"]);
  const server = net.createServer({ allowHalfOpen: true }, (accepted) => {
    accepted.resume();
    accepted.once("end", () => {
      const ask = (words) => execFileSync("ss", words, { encoding: "utf8" });
      // The application sees the end before the kernel has acknowledged it: the ACK may be delayed by 40 ms.
      const deadline = Date.now() + 10_000;
      while (ask(["-Htn", "state", "fin-wait-2"]) === "" && Date.now() < deadline);
      const ends = { local: { address: client.localAddress, port: client.localPort }, peer: { address: "127.0.0.1", port: 5000 } };
      console.log(JSON.stringify({ ends, answers: JSON.parse(process.argv[1]).map(ask) }));
      process.exit(0);
    });
  });
  let client;
  server.listen(5000, "::", 7, () => {
    client = net.connect({ port: 5000, host: "127.0.0.1", allowHalfOpen: true }, () => client.end());
  });`;

function ask(...queries: SsQuery[]) {
  const questions = JSON.stringify(queries.map(ssArguments));
  const output = execFileSync("unshare", [...namespace, process.execPath, "-e", program, questions], {
    encoding: "utf8",
    timeout: 20_000,
  });
  const { ends, answers } = JSON.parse(output);
  return { ends, answers: (answers as string[]).map(parseSs) };
}

describe.skipIf(missing !== undefined)(
  `the ss of this machine${missing === undefined ? "" : ` (needs ${missing})`}`,
  () => {
    test("is asked and read: states, ports, owners", () => {
      const thousand = Array.from({ length: 1000 }, (_, index) => 4001 + index);
      const { ends, answers } = ask(
        {},
        { states: ["LISTEN"] },
        { states: ["CLOSE-WAIT", "FIN-WAIT-2"], ports: [5000] },
        { ports: [5001] },
        { ports: thousand, states: ["LISTEN"] },
        { owners: true, states: ["CLOSE-WAIT"] },
      );
      const [all = [], listening, closing, none, many, owned] = answers;
      expect(all.map((row) => row.state).sort()).toEqual(["CLOSE-WAIT", "FIN-WAIT-2", "LISTEN"]);
      expect(findSocket(all, ends)?.state).toBe("FIN-WAIT-2");
      expect(findSocket(all, { local: ends.peer, peer: ends.local })?.state).toBe("CLOSE-WAIT");
      expect(listening).toMatchObject([{ state: "LISTEN", sendQ: 7, cookie: expect.any(String) }]);
      expect(closing?.map((row) => row.state).sort()).toEqual(["CLOSE-WAIT", "FIN-WAIT-2"]);
      expect(none).toEqual([]);
      expect(many).toMatchObject([{ state: "LISTEN", sendQ: 7, cookie: listening?.[0]?.cookie }]);
      expect(owned).toMatchObject([{ state: "CLOSE-WAIT", owners: [{ pid: 1 }] }]);
    });
  },
);
