import type { Case, Claim } from "../../experiment/claim.ts";
import type { Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { queueAt } from "../../judge/states.ts";
import { elapsedBetween } from "../../judge/times.ts";
import { onWire } from "../../judge/wire.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import { ms } from "../../model/time.ts";
import { callsOf, reading } from "../../timeline/query.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { arrived, segmentsBetween } from "../../timeline/wire.ts";
import { ipSysctl, nodeNet, notes, rfc1122, rfc9293 } from "../sources.ts";
import { keepAliveAt, probesOf } from "./probing.ts";
import { soon } from "./sysctls.ts";

const before = "before the data";
const after = "after the data";
const probed = "the first probe is sent";
/** Long enough for a slow machine to send well within it. */
const idleMs = 8_000;
const bytes = 100;
const thenMs = 2_000;

/** Sends from `sender`, resolves once the kernel at the other end has it and the sender knows. */
async function sends(sender: Endpoint): Promise<void> {
  await sender.write(bytes);
  await sender.saw("written");
  await sender.shows("everything acknowledged", ({ row }) => row?.sendQ === 0);
}

interface Plan {
  /** The client, whose keep-alive is looked at, sets it. */
  readonly set: (client: Endpoint) => Promise<void>;
  readonly sender: "client" | "server";
  /** Whether the client's program takes what comes. */
  readonly reads?: boolean;
}

/** The probe is lost, so that it stays unanswered and can be waited for. */
function experimentOf({ set, sender, reads = true }: Plan): Case["experiment"] {
  return async (lab) => {
    const pair = await lab.connect({ client: reads ? {} : { pauseOnConnect: true, reading: "none" } });
    await set(pair.client);
    await lab.elapse(thenMs, "some of the silence that keep-alive waits for");
    await sends(pair[sender]);
    await lab.reading(after);
    await using probe = await lab.lose("bare ACK", { from: pair.client });
    await orLate(probe.catches(1, { within: 30_000 }));
    await lab.reading(probed);
  };
}

function dataComes(name: string, plan: Omit<Plan, "sender">, needs: Case["needs"] = {}): Case {
  return {
    name,
    needs: { ...needs, capture: true },
    timerMs: idleMs + thenMs,
    experiment: experimentOf({ ...plan, sender: "server" }),
    question: (t) => [
      given(
        "data came before the first probe",
        probeAfterData(t, (gapMs) => gapMs > 0),
      ),
      claimed(
        `the first probe comes ${idleMs / 1000} s after the data`,
        probeAfterData(t, (gapMs) => gapMs >= idleMs * 0.97 && gapMs <= idleMs * 1.2),
      ),
    ],
  };
}

/** The time from the last of the server's data that came in to the client's first probe. */
function probeAfterData(t: Timeline, isSo: (gapMs: number) => boolean): Observation {
  return onWire(t, ["client", "server"], (segments) => {
    const [probe] = probesOf(segments, "client");
    const data = segments.findLast(
      (segment) => segment.from === "server" && segment.fact.segment.payloadBytes > 0 && arrived(segment),
    );
    if (probe === undefined || data === undefined) return { answer: undefined, shown: [] };
    const gapMs = ms(probe.fact.at - (data.fact.arrivedAt ?? data.fact.at));
    return { answer: isSo(gapMs), shown: [data, probe] };
  });
}

const onlyAcksCome: Case = {
  name: "no data comes, only the ACK of what the client sends (setKeepAlive(true, 8000))",
  needs: { capture: true },
  timerMs: idleMs + thenMs,
  experiment: experimentOf({ set: (client) => client.setKeepAlive(true, idleMs), sender: "client" }),
  question: (t) => [
    given(
      "what the client sent is acknowledged",
      queueAt(t, after, "client", "sendQ", (unacknowledged) => unacknowledged === 0),
    ),
    given(
      "the client has received no data",
      received(t, "client", probed, (total) => total === 0),
    ),
    claimed(`the first probe comes ${idleMs / 1000} s after the beginning, for no data has come since`, firstProbe(t)),
  ],
};

function firstProbe(t: Timeline): Observation {
  const [call] = callsOf(t, "client", "setKeepAlive");
  const [probe] = probesOf(segmentsBetween(t, "client", "server"), "client");
  const onTime = elapsedBetween(call, probe?.fact, (elapsedMs) => elapsedMs <= idleMs * 1.2);
  const seen = onWire(t, ["client", "server"], () => ({ answer: onTime.answer, shown: [] }));
  return { answer: seen.answer, evidence: seen.answer === undefined ? seen.evidence : onTime.evidence };
}

const asShown: Case = {
  name: "the timer as ss shows it right after the data (setKeepAlive(true, 60_000))",
  timerMs: 3_000,
  async experiment(lab) {
    const { client, server } = await lab.connect();
    await client.setKeepAlive(true, 60_000);
    await lab.elapse(3_000, "some of the silence that keep-alive waits for");
    await lab.reading(before);
    await sends(server);
    await client.received(bytes);
    await lab.reading(after);
  },
  question: (t) => [
    given(
      "keep-alive was counting",
      keepAliveAt(t, before, "client", (timer) => timer.remainingMs < 59_000),
    ),
    given(
      "data came",
      received(t, "client", after, (total) => total === bytes),
    ),
    claimed("the timer has more to run than before", hasMoreToRun(t)),
  ],
};

function hasMoreToRun(t: Timeline): Observation {
  const [one, two] = [reading(t, before, "client"), reading(t, after, "client")];
  const [then, now] = [one?.row?.timer, two?.row?.timer];
  if (one === undefined || two === undefined || then === undefined || now === undefined) {
    return { answer: undefined, evidence: [] };
  }
  return { answer: now.remainingMs > then.remainingMs, evidence: [one, two] };
}

export const dataRestarts: Claim = {
  address: "keepalive/data-restarts",
  statement: {
    en: "Whenever data comes from the peer, the keep-alive timer starts anew; when none has come for its whole time, a probe is sent.",
    zh: "每收到对端的数据，保活计时器就重新开始计时；在整个计时期间没有收到数据，就发送探测报文段。",
  },
  sources: [
    ...notes("N0", "N2"),
    rfc9293("3.8.4"),
    rfc1122("4.2.3.6"),
    ipSysctl("tcp_keepalive_time"),
    nodeNet("socketsetkeepaliveenable-initialdelay-interval-count"),
  ],
  cases: [
    dataComes("data comes 2 s after setKeepAlive(true, 8000)", { set: (client) => client.setKeepAlive(true, idleMs) }),
    dataComes(
      "data comes 2 s after setKeepAlive(true) (tcp_keepalive_time 7200 → 8 s)",
      { set: (client) => client.setKeepAlive(true) },
      soon,
    ),
    dataComes("data comes 2 s after setKeepAlive(true, 8000) and is left unread", {
      set: (client) => client.setKeepAlive(true, idleMs),
      reads: false,
    }),
    onlyAcksCome,
    asShown,
  ],
};
