import { z } from "zod";
import { runFormat } from "../../model/run.ts";
import { tcpStates } from "../../model/state.ts";
import { monoNs } from "../../model/time.ts";
import { verdictWords } from "../../model/verdict.ts";

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

const segment = z.strictObject({
  at,
  source: address,
  destination: address,
  flags: z.array(z.enum(["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"])),
  sequence: number,
  acknowledgment: number,
  window: number,
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
  z.strictObject({ kind: z.literal("segment"), ...seen, segment }),
]);

const tier = z.enum(["ss", "capture", "tracepoint"]);

const outcome = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("tried"), case: text, facts: z.array(fact), tier, durationMs: number }),
  z.strictObject({ kind: z.literal("untestable"), case: text, missing: text }),
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
});

const verdict = z.strictObject({
  address: text,
  verdict: z.enum([...verdictWords, "error"]),
  cases: z.array(
    z.strictObject({
      case: text,
      answer: z.enum(["holds", "fails", "inconclusive", "untestable"]),
      reason: text.exactOptional(),
      checks: z.array(check),
      tier: tier.exactOptional(),
    }),
  ),
  broken: z.array(z.strictObject({ case: text, code: text, message: text })),
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
