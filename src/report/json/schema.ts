import { z } from "zod";
import { runFormat } from "../../model/run.ts";
import { tcpFlags } from "../../model/segment.ts";
import { tcpStates } from "../../model/state.ts";
import { monoNs } from "../../model/time.ts";
import { evidenceTiers, verdictWords } from "../../model/verdict.ts";

const at = z.number().transform(monoNs);
const text = z.string();
const number = z.number();
const state = z.enum(tcpStates);
const words = z.record(text, text);

const address = z.strictObject({ address: text, port: number });

const row = z.strictObject({
  state,
  recvQ: number,
  sendQ: number,
  local: address,
  peer: address,
  timer: z
    .strictObject({
      name: z.enum(["on", "keepalive", "timewait", "persist", "delack", "unknown"]),
      remainingMs: number,
      retransmits: number,
    })
    .exactOptional(),
  cookie: text.exactOptional(),
  inode: number.exactOptional(),
  uid: number.exactOptional(),
  cgroup: text.exactOptional(),
  shutdown: z.strictObject({ read: z.boolean(), write: z.boolean() }).exactOptional(),
  memory: z
    .strictObject({
      rmemAlloc: number,
      rcvBuf: number,
      wmemAlloc: number,
      sndBuf: number,
      fwdAlloc: number,
      wmemQueued: number,
      optMem: number,
      backLog: number,
      drops: number,
    })
    .exactOptional(),
  tcpInfo: z.record(text, z.union([text, z.literal(true)])),
  owners: z.array(z.strictObject({ name: text, pid: number, fd: number })),
  line: text,
});

const options = z.strictObject({
  mss: number.exactOptional(),
  windowScale: number.exactOptional(),
  sackPermitted: z.literal(true).exactOptional(),
  sack: z.array(z.strictObject({ left: number, right: number })).exactOptional(),
  timestamps: z.strictObject({ value: number, echo: number }).exactOptional(),
  fastOpen: z.strictObject({ cookieBytes: number }).exactOptional(),
  others: z.array(z.strictObject({ kind: number, bytes: number })).exactOptional(),
  paddingBytes: number.exactOptional(),
  malformed: z.literal(true).exactOptional(),
});

const segment = z.strictObject({
  source: address,
  destination: address,
  flags: z.array(z.enum(tcpFlags)),
  sequence: number,
  acknowledgment: number,
  window: number,
  checksum: number,
  checksumIsRight: z.boolean().exactOptional(),
  urgentPointer: number,
  reserved: number,
  headerBytes: number,
  ipHeaderBytes: number,
  options,
  payloadBytes: number,
});

const seen = { at, host: text };

const fact = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("call"),
    ...seen,
    endpoint: text,
    call: text,
    error: z.strictObject({ code: text, message: text }).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("event"),
    ...seen,
    endpoint: text,
    event: text,
    detail: z.record(text, z.union([text, number, z.boolean()])),
  }),
  z.strictObject({
    kind: z.literal("state"),
    ...seen,
    endpoint: text,
    state,
    row: row.exactOptional(),
    label: text.exactOptional(),
    uncertaintyNs: number,
  }),
  z.strictObject({ kind: z.literal("measure"), ...seen, name: text, label: text, value: number, unit: text }),
  z.strictObject({
    kind: z.literal("fault"),
    ...seen,
    phase: z.enum(["applied", "lifted"]),
    fault: text,
    intent: text,
    caught: number,
  }),
  z.strictObject({ kind: z.literal("missed"), ...seen, waitedFor: text, lastSeen: text, withinMs: number }),
  z.strictObject({ kind: z.literal("note"), ...seen, text }),
  z.strictObject({
    kind: z.literal("segment"),
    ...seen,
    from: text.exactOptional(),
    to: text.exactOptional(),
    segment,
    arrivedAt: at.exactOptional(),
    lostTo: text.exactOptional(),
    uncertaintyNs: number,
  }),
  z.strictObject({
    kind: z.literal("transition"),
    ...seen,
    endpoint: text,
    from: state,
    to: state,
    uncertaintyNs: number,
  }),
  z.strictObject({
    kind: z.literal("kernel"),
    ...seen,
    endpoint: text,
    event: z.enum(["retransmission", "reset sent", "reset received"]),
    uncertaintyNs: number,
  }),
  z.strictObject({
    kind: z.literal("observer"),
    ...seen,
    observer: z.enum(["capture", "tracepoint"]),
    lost: number,
    uncertaintyNs: number,
    driftNs: number,
  }),
]);

const tier = z.enum(evidenceTiers);

const outcome = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("tried"), case: text, facts: z.array(fact), durationMs: number }),
  z.strictObject({
    kind: z.literal("untestable"),
    case: text,
    missing: text,
    leftOut: z.literal(true).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("broken"),
    case: text,
    code: text,
    message: text,
    facts: z.array(fact),
    durationMs: number,
  }),
]);

const needs = z.strictObject({
  hosts: z.array(text).exactOptional(),
  sysctls: z.record(text, z.union([text, number])).exactOptional(),
  nofile: number.exactOptional(),
  exclusive: z.boolean().exactOptional(),
  capture: z.boolean().exactOptional(),
  tracepoint: z.boolean().exactOptional(),
});

const claim = z.strictObject({
  address: text,
  statement: z.strictObject({ en: text, zh: text }),
  sources: z.array(z.strictObject({ title: text, section: text.exactOptional(), url: text.exactOptional() })),
  cases: z.array(z.strictObject({ name: text, needs, timerMs: number })),
});

const check = z.strictObject({
  role: z.enum(["given", "statement"]),
  what: text,
  answer: z.enum(["yes", "no", "unseen"]),
  evidence: z.array(text),
  tier: tier.exactOptional(),
});

const verdict = z.strictObject({
  address: text,
  verdict: z.enum([...verdictWords, "error"]),
  cases: z.array(
    z.strictObject({
      case: text,
      answer: z.enum(["holds", "fails", "inconclusive", "untestable"]),
      reason: text.exactOptional(),
      leftOut: z.literal(true).exactOptional(),
      checks: z.array(check),
      tier: tier.exactOptional(),
    }),
  ),
  broken: z.array(z.strictObject({ case: text, code: text, message: text })),
  isPartial: z.literal(true).exactOptional(),
});

/**
 * A stored run, exactly: a key this version does not know is refused rather than dropped, because what is dropped here
 * would be evidence.
 */
export const runSchema = z.strictObject({
  format: z.literal(runFormat),
  header: z.strictObject({ finwait: text, startedAt: text, driver: text, machine: words, addresses: z.array(text) }),
  claims: z.array(z.strictObject({ claim, outcomes: z.array(outcome) })),
  verdicts: z.array(verdict),
  durationMs: number.exactOptional(),
});
