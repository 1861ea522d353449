import { expect, test } from "vitest";
import {
  type Case,
  type Claim,
  type ConnectOptions,
  catalogue,
  type Endpoint,
  type ListenOptions,
  runClaims,
  type Session,
} from "../../src/index.ts";
import { Listener } from "../../src/lab/listener.ts";

// A verdict that nothing can move proves nothing. For each topic one experiment is spoilt, and its answer must change.

/** The same object, except for what is spoilt. */
function spoilt<T extends object>(whole: T, change: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(whole, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in change ? change : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const noFault = {
  lift: async () => 1,
  caught: async () => 1,
  catches: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

/** Faults that are never applied. */
const withoutFaults = (lab: Session) => spoilt(lab, { lose: async () => noFault });

/** Every server ends its side when its peer does. */
const withoutHalfOpen = (lab: Session) =>
  spoilt(lab, {
    listen: (options?: ListenOptions) => lab.listen({ ...options, allowHalfOpen: false }),
    connect: ({ client, server }: ConnectOptions = {}) =>
      lab.connect({
        ...(client === undefined ? {} : { client }),
        server: server instanceof Listener ? server : { ...server, allowHalfOpen: false },
      }),
  });

/** Time that is not given. */
const withoutTime = (lab: Session) => spoilt(lab, { elapse: async () => {} });

/** Sockets on which one call does what another should. */
const swapping = (call: "end" | "resetAndDestroy", other: "destroy") => (lab: Session) => {
  const swapped = (endpoint: Endpoint) => spoilt(endpoint, { [call]: () => endpoint[other]() });
  return spoilt(lab, {
    connect: async (options?: ConnectOptions) => {
      const { client, server, listener } = await lab.connect(options);
      return { client: swapped(client), server: swapped(server), listener };
    },
  });
};

/** Sockets on which keep-alive is never turned on. */
const withoutKeepAlive = (lab: Session) => {
  const silent = (endpoint: Endpoint) => spoilt(endpoint, { setKeepAlive: async () => {} });
  return spoilt(lab, {
    connect: async (options?: ConnectOptions) => {
      const { client, server, listener } = await lab.connect(options);
      return { client: silent(client), server: silent(server), listener };
    },
  });
};

/** Urgent data that is sent as any other. */
const withoutUrgency = (lab: Session) =>
  spoilt(lab, {
    peer: async (...asked: Parameters<Session["peer"]>) => {
      const peer = await lab.peer(...asked);
      return spoilt(peer, { sendUrgent: (text: string) => peer.send(text) });
    },
  });

const breakages: readonly [address: string, name: RegExp, spoil: (lab: Session) => Session][] = [
  ["wire/urg-goes-first", /^the reader asks for urgent data by recv\(MSG_OOB\)$/, withoutUrgency],
  ["handshake/states", /the SYN\+ACK/, withoutFaults],
  ["queues/syn-queue", /./, withoutFaults],
  ["close/passive-path", /the server is closed upon and answers with end\(\)$/, withoutFaults],
  ["half-close/two-states", /the client ends/, withoutHalfOpen],
  ["half-close/fin-wait-2-timeout", /the client destroys its socket at once/, withoutTime],
  ["close-wait/missing-close", /^allowHalfOpen: true/, withoutHalfOpen],
  ["time-wait/reacks-fin", /^the server waits/, withoutFaults],
  ["loss/fourth-ack", /^the client closed first, over IPv6/, withoutFaults],
  ["reset/no-time-wait", /^the server calls resetAndDestroy/, swapping("resetAndDestroy", "destroy")],
  ["keepalive/two-hours", /^the client calls setKeepAlive\(true\)$/, withoutKeepAlive],
  ["sharing/shutdown-is-for-all", /./, swapping("end", "destroy")],
];

test.concurrent.each(breakages)(
  "%s gives another answer when its experiment (%s) is spoilt",
  async (address, name, spoil) => {
    const claim = catalogue.find((one) => one.address === address);
    const one = claim?.cases.find((candidate) => name.test(candidate.name));
    if (claim === undefined || one === undefined) expect.fail(`no such case in ${address}`);
    const whole = await answer(claim, one);
    const broken = await answer(claim, { ...one, experiment: (lab) => one.experiment(spoil(lab)) });
    expect(whole).toBe("holds");
    expect(broken).not.toBe(whole);
  },
);

async function answer(claim: Claim, one: Case): Promise<string | undefined> {
  const { verdicts } = await runClaims([{ ...claim, cases: [one] }], { driver: "netns" });
  return verdicts[0]?.cases[0]?.answer ?? verdicts[0]?.verdict;
}
