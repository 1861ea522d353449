import type { LeakedSocket } from "../../../src/model/leak.ts";
import type { GateReport } from "../../../src/model/leak-gate.ts";

/** A leaked socket as the gate reports it, with what matters to a test. */
export function leakedSocket(own: Partial<LeakedSocket> = {}): LeakedSocket {
  return {
    cause: "not-closed",
    row: {
      state: "CLOSE-WAIT",
      recvQ: 0,
      sendQ: 0,
      local: { address: "10.77.0.2", port: 3000 },
      peer: { address: "10.77.0.1", port: 10_001 },
      inode: 1,
      tcpInfo: {},
      owners: [],
      line: "CLOSE-WAIT 0      0      10.77.0.2:3000 10.77.0.1:10001 ino:1 sk:1",
    },
    holders: [{ pid: 7, process: "node", fd: 22 }],
    ageMs: 5_250,
    ...own,
  };
}

/** A report of a program that leaks nothing, with what matters to a test. */
export function gateReport(own: Partial<GateReport> = {}): GateReport {
  return {
    subject: "node server.js",
    leaked: [],
    undecided: 0,
    graceMs: 5_000,
    watchedMs: 2_000,
    readings: 20,
    descriptors: [],
    blind: [],
    command: ["node", "server.js"],
    driver: "netns",
    target: "10.77.0.2:3000",
    spoken: ["http"],
    manners: [{ name: "reset", spoken: "http", connections: 3, leaked: 0 }],
    forecasts: [],
    stop: "exited with code 0 35 ms after SIGTERM",
    notes: [],
    durationMs: 3_900,
    ...own,
  };
}
