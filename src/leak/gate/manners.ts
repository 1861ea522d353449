import { pause } from "../../lab/deadline.ts";
import type { Spoken } from "../../model/leak-gate.ts";
import type { Peer } from "./peer.ts";

/** One way for a peer to behave: what it does, on how many connections at once, and when its end has come. */
export interface Manner {
  readonly name: string;
  /** In which languages. */
  readonly where: readonly Spoken[];
  /** Also said to a subject that does not take it up: refusing is where sockets are forgotten too. */
  readonly whereRefused?: true;
  readonly connections: number;
  /** It takes nothing out of the kernel before it is told to. */
  readonly reads?: false;
  /** Its other end stays as it is: these peers are left alone until all is judged. */
  readonly stays?: true;
  /** No peer that means well does this: tried only where it is asked for. */
  readonly hostile?: true;
  /** Where a tunnel leads; default: to a server that closes when it is closed to. */
  readonly onward?: "deaf" | "nowhere";
  /** Up to the moment at which the subject's sockets are looked at. */
  readonly begin: (peer: Peer) => Promise<void>;
  /** What is left: after this its end has come, unless the manner is not to end. */
  readonly finish: (peer: Peer) => Promise<void>;
}

const everywhere: readonly Spoken[] = ["http", "upgrade", "connect", "tcp"];
const asked = async (peer: Peer) => {
  await peer.ask();
  await peer.answered();
};
const nothing = async () => {};
const end = (peer: Peer) => peer.end();

const idleMs = 250;
const slowMs = 150;
/** More than the kernel takes for a program that does not read. */
const largeBytes = 1024 * 1024;
const smallBytes = 1_000;

/** In the order in which they are tried: those that stay come last, since a subject may serve one at a time. */
export const manners: readonly Manner[] = [
  {
    name: "orderly close",
    where: everywhere,
    connections: 3,
    begin: asked,
    finish: (peer) => peer.close(),
  },
  {
    name: "half-close, then wait",
    where: everywhere,
    whereRefused: true,
    connections: 3,
    begin: asked,
    finish: end,
  },
  {
    name: "FIN right behind the request",
    where: everywhere,
    connections: 3,
    begin: async (peer) => {
      // Both leave in one turn of the agent, before any answer can be there.
      await Promise.all([peer.ask(), peer.end()]);
      await peer.answered();
    },
    finish: nothing,
  },
  {
    name: "half a request, then FIN",
    where: ["http", "tcp"],
    connections: 3,
    begin: (peer) => peer.askHalf(),
    finish: end,
  },
  {
    name: "half of a body, then FIN",
    where: ["http"],
    connections: 3,
    begin: (peer) => peer.pourHalf(smallBytes),
    finish: end,
  },
  {
    name: "half of a body, then reset",
    where: ["http"],
    connections: 3,
    begin: (peer) => peer.pourHalf(smallBytes),
    finish: (peer) => peer.reset(),
  },
  {
    name: "FIN without any request",
    where: ["http", "tcp"],
    connections: 3,
    begin: nothing,
    finish: end,
  },
  {
    name: "reset",
    where: everywhere,
    whereRefused: true,
    connections: 3,
    begin: asked,
    finish: (peer) => peer.reset(),
  },
  {
    name: "reset in the middle of an answer",
    where: ["http", "tcp"],
    connections: 3,
    reads: false,
    begin: nothing,
    finish: async (peer) => {
      await Promise.all([peer.ask(), peer.reset()]);
    },
  },
  {
    name: "slow reader",
    where: ["http", "tcp"],
    connections: 3,
    reads: false,
    begin: async (peer) => {
      await peer.ask();
      await pause(slowMs);
    },
    finish: async (peer) => {
      await peer.read();
      await peer.answered();
      await peer.end();
    },
  },
  {
    name: "never reads, then closes",
    where: ["http", "tcp"],
    connections: 3,
    reads: false,
    begin: async (peer) => {
      await peer.ask();
      await pause(slowMs);
    },
    finish: (peer) => peer.close(),
  },
  {
    name: "keep-alive, idle, then close",
    where: ["http", "tcp"],
    connections: 3,
    begin: async (peer) => {
      await asked(peer);
      await pause(idleMs);
      await asked(peer);
    },
    finish: end,
  },
  {
    name: "many at once",
    where: ["http", "upgrade", "tcp"],
    connections: 25,
    begin: asked,
    finish: end,
  },
  {
    name: "reset of a tunnel whose far end never closes",
    where: ["connect"],
    connections: 3,
    onward: "deaf",
    begin: asked,
    finish: (peer) => peer.reset(),
  },
  {
    name: "CONNECT to a port where nobody listens",
    where: ["connect"],
    whereRefused: true,
    connections: 3,
    onward: "nowhere",
    begin: asked,
    finish: end,
  },
  {
    name: "a large body, then close",
    where: ["http", "tcp"],
    connections: 2,
    stays: true,
    begin: (peer) => peer.pour(largeBytes),
    finish: end,
  },
  {
    name: "FIN and silence",
    where: ["http", "tcp"],
    connections: 3,
    stays: true,
    begin: asked,
    finish: end,
  },
  {
    name: "FIN and silence, never reading",
    where: ["http", "tcp"],
    connections: 3,
    reads: false,
    stays: true,
    // Node's own HTTP server has no write time-out: it would be accused for every answer that the kernel does not hold.
    hostile: true,
    begin: async (peer) => {
      await peer.ask();
      await pause(slowMs);
    },
    finish: end,
  },
  {
    name: "never closes, though the server has",
    where: ["http", "upgrade", "tcp"],
    connections: 3,
    stays: true,
    begin: async (peer) => {
      await peer.askForTheLastTime();
      await peer.answered();
    },
    finish: nothing,
  },
];
