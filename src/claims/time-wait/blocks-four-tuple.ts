import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { callFailed, sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { orFailed } from "../../lab/peer/conversation.ts";
import type { Session } from "../../lab/session.ts";
import type { DialOptions, Pair } from "../../lab/session-options.ts";
import type { Needs } from "../../model/claim.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { beginWith } from "../shared/begin-with.ts";
import { leaves, otherSide, type Side } from "../shared/sides.ts";
import { ipSysctl, manual, notes, rfc1122, rfc6191, rfc9293 } from "../sources.ts";
import { closeOther } from "./closing.ts";
import { outlast, timeWaitTimerMs } from "./lasting.ts";
import { numberAfter, sentBy, theSegment } from "./numbers.ts";

const waiting = "before the second connection";
const tried = "the second connection was tried";

interface Reuse {
  /** Who is in TIME-WAIT. */
  readonly waits: Side;
  readonly needs?: Needs;
  /** How the client comes by its port, both times. */
  readonly port?: Pick<DialOptions, "localPort" | "bindsPort">;
}

async function connectAndClose(lab: Session, { waits, port = {} }: Reuse): Promise<Pair> {
  const pair = await lab.connect({ client: { ...port, allowHalfOpen: true }, server: { allowHalfOpen: true } });
  const active = pair[waits];
  const passive = pair[otherSide(waits)];
  await active.end();
  await passive.saw("end");
  await closeOther({ active, passive });
  await leaves(passive, "LAST-ACK");
  return pair;
}

/** From the client's address and port to the server's once more. */
async function connectAgain(lab: Session, { client, listener }: Pair, { port = {} }: Reuse): Promise<void> {
  const again = await lab.attempt(listener, { localPort: client.local.port, ...port });
  await again.saw(["connect", "error"]);
  await lab.reading(tried);
}

/** `pause`: what passes before the client connects again, and why. */
function reuse(name: string, one: Reuse, pause?: { readonly ms: number; readonly because: string }): Case {
  return {
    name,
    ...(one.needs === undefined ? {} : { needs: one.needs }),
    ...(pause === undefined ? {} : { timerMs: pause.ms }),
    async experiment(lab) {
      const pair = await connectAndClose(lab, one);
      if (pause !== undefined) await lab.elapse(pause.ms, pause.because);
      await lab.reading(waiting);
      await connectAgain(lab, pair, one);
    },
    question: (t) => [
      given(`the ${one.waits} is in TIME-WAIT`, inState(t, waiting, one.waits, "TIME-WAIT")),
      ...isRefused(t),
    ],
  };
}

function isRefused(t: Timeline): Check[] {
  return [
    claimed(
      "the same addresses and ports give no second connection",
      sawNoEvent(t, "client-2", "connect", { until: tried }),
    ),
    claimed("the client's runtime says that it failed", sawEvent(t, "client-2", "error", { by: tried })),
  ];
}

const otherPort: Case = {
  name: "the client uses its port for another server port, and so another four-tuple",
  async experiment(lab) {
    const { client } = await connectAndClose(lab, { waits: "client" });
    const other = await lab.listen();
    await lab.reading(waiting);
    const again = await lab.attempt(other, { localPort: client.local.port });
    await again.saw(["connect", "error"]);
    await lab.reading(tried);
  },
  question: (t) => [
    given("the client is in TIME-WAIT", inState(t, waiting, "client", "TIME-WAIT")),
    claimed("only the four-tuple is blocked: this connects", sawEvent(t, "client-2", "connect", { by: tried })),
    claimed("and the TIME-WAIT goes on", inState(t, tried, "client", "TIME-WAIT")),
  ],
};

/** Below the ports that labs give to clients. */
const oneOwnPort = { localPort: 9_999, bindsPort: false } as const;
const rangeOfOne = { "net.ipv4.ip_local_port_range": `${oneOwnPort.localPort} ${oneOwnPort.localPort}` };
const noTimestamps = { "net.ipv4.tcp_timestamps": 0 };

const over: Case = {
  name: "the client has waited, and its port is left to the kernel, whose range has only this one",
  needs: { sysctls: rangeOfOne },
  timerMs: timeWaitTimerMs,
  async experiment(lab) {
    const one: Reuse = { waits: "client", port: oneOwnPort };
    const pair = await connectAndClose(lab, one);
    await lab.reading(waiting);
    await outlast(lab, pair.client);
    await connectAgain(lab, pair, one);
  },
  question: (t) => [
    given("the client was in TIME-WAIT", inState(t, waiting, "client", "TIME-WAIT")),
    claimed("only meanwhile: then they connect again", sawEvent(t, "client-2", "connect", { by: tried })),
  ],
};

/** The TIME-WAIT answers such a SYN with the old ACK, and the client's RST to that would end it (RFC 1337). */
function lowerNumber(name: string, sysctls: Readonly<Record<string, number>>): Case {
  return {
    name,
    needs: { capture: true, sysctls: { ...noTimestamps, ...sysctls } },
    timerMs: 3_000,
    async experiment(lab) {
      const { client, listener } = await connectAndClose(lab, { waits: "server" });
      await lab.reading(waiting);
      const syn = theSegment(await sentBy(lab, client), "SYN", ({ flags }) => flags.includes("SYN"));
      const again = await lab.peer(listener, { localPort: client.local.port });
      await beginWith(again, numberAfter(syn.sequence, -1_000));
      await again.connect();
      await orFailed(again.connected());
      await lab.reading(tried);
    },
    question: (t) => [
      given("the server is in TIME-WAIT", inState(t, waiting, "server", "TIME-WAIT")),
      claimed(
        "the same addresses and ports give no second connection",
        sawNoEvent(t, "client-2", "connect", { until: tried }),
      ),
      claimed("the client's program is told so", callFailed(t, "client-2", "poll(POLLOUT)", "ETIMEDOUT")),
    ],
  };
}

const spared = { ms: 2_500, because: "tcp_tw_reuse spares a TIME-WAIT in its first second" };

export const blocksFourTuple: Claim = {
  address: "time-wait/blocks-four-tuple",
  statement: {
    en: "While a connection is in TIME-WAIT, no other can use the same two addresses and ports.",
    zh: "连接处于 TIME-WAIT 期间，同样的四元组（双方的地址和端口）不能再用来建立新连接。",
  },
  sources: [
    ...notes("N1"),
    rfc9293("3.6.1"),
    rfc1122("4.2.2.13"),
    rfc6191("2"),
    ipSysctl("tcp_tw_reuse"),
    manual("tcp(7)", "tcp_tw_reuse"),
  ],
  cases: [
    reuse("the client waits, and its port is left to the kernel, whose range has only this one", {
      waits: "client",
      port: oneOwnPort,
      needs: { sysctls: rangeOfOne },
    }),
    over,
    reuse(
      "the client waits, and its port is left to the kernel, with tcp_tw_reuse 2 → 1 and a second gone by",
      { waits: "client", port: oneOwnPort, needs: { sysctls: { ...rangeOfOne, "net.ipv4.tcp_tw_reuse": 1 } } },
      spared,
    ),
    reuse("the client waits, and binds to the port itself", { waits: "client" }),
    reuse("the client waits, and binds to the port itself, with tcp_tw_reuse 2 → 0", {
      waits: "client",
      needs: { sysctls: { "net.ipv4.tcp_tw_reuse": 0 } },
    }),
    reuse("the client waits, and binds to the port itself, without timestamps (tcp_timestamps 1 → 0)", {
      waits: "client",
      needs: { sysctls: noTimestamps },
    }),
    otherPort,
    reuse("the server waits, and a new SYN of the same client comes", { waits: "server" }),
    reuse("the server waits, and a new SYN comes with a higher number, without timestamps (tcp_timestamps 1 → 0)", {
      waits: "server",
      needs: { sysctls: noTimestamps },
    }),
    lowerNumber("the server waits, and a new SYN comes with a lower number, without timestamps", {}),
    lowerNumber(
      "the server waits, and two SYNs (tcp_syn_retries 6 → 1) come with a lower number, without timestamps, tcp_rfc1337 0 → 1",
      {
        "net.ipv4.tcp_rfc1337": 1,
        "net.ipv4.tcp_syn_retries": 1,
      },
    ),
  ],
};
