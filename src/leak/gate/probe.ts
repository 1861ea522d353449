import type { Host } from "../../lab/host.ts";
import type { Spoken } from "../../model/leak-gate.ts";
import type { SocketAddress } from "../../model/socket.ts";
import { connectLanguage, httpLanguage, type Language, tcpLanguage, upgradeLanguage } from "./language.ts";

/** What is asked, and by whom. */
export interface ProbeGround {
  /** The host whose agent asks. */
  readonly from: Host;
  readonly target: SocketAddress;
  readonly path: string;
  /** The line said over plain TCP. */
  readonly line: string;
  /** Where a tunnel can lead. */
  readonly onward: SocketAddress;
  /** A port of our own for the next connection, which is known to be a probe's. */
  readonly nextPort: () => number;
}

/** What a subject was found to speak. */
export interface Heard {
  readonly languages: readonly [Language, ...Language[]];
  /** Those that it really took up; the others are said to see what it does with them. */
  readonly spoken: readonly Spoken[];
  readonly notes: readonly string[];
}

const quietMs = 40;
/** Long enough for a first request that has to wake much; a subject that is silent costs this once. */
const withinMs = 3_000;
const shortestWaitMs = 250;

/** Finds out what is spoken, or takes what was told. Undefined when no connection can be opened. */
export async function probe(ground: ProbeGround, told: Spoken | undefined): Promise<Heard | undefined> {
  if (told === "tcp") return await probeTcp(ground, []);
  const question = httpLanguage(ground.target, ground.path, silent);
  const first = await ask(ground, question.request);
  if (!first.isConnected) return undefined;
  if (told === undefined && !isHttp(first.received)) {
    return await probeTcp(ground, notesOn(first, ground.path));
  }
  const notes = isHttp(first.received) ? [] : [slowNote(ground.path)];
  return await probeHttp(ground, told, answeringOf(first), notes);
}

type Answer = Awaited<ReturnType<typeof ask>>;
type Answering = Pick<Language, "answerBytes" | "answerWithinMs">;
const silent: Answering = { answerBytes: 0, answerWithinMs: 0 };
const tlsNote =
  "It seems to speak TLS, which finwait does not: only bare TCP connections were tried. Run it without TLS to try more.";

function notesOn({ received, total }: Answer, path: string): readonly string[] {
  if (looksLikeTls(received)) return [tlsNote];
  if (total > 0) return [];
  return [
    `was silent when asked GET ${path}, and is taken for plain TCP; if it is a slow HTTP server, say --protocol http`,
  ];
}

function slowNote(path: string): string {
  return `did not answer GET ${path} in HTTP within ${withinMs / 1000} s: a slow answer looks like a leak; choose a quick --path, or a --grace that is longer than it takes`;
}

async function probeHttp(
  ground: ProbeGround,
  told: Spoken | undefined,
  answering: Answering,
  notes: readonly string[],
): Promise<Heard> {
  const http = httpLanguage(ground.target, ground.path, answering);
  if (told === "http") return { languages: [http], spoken: ["http"], notes };
  const upgrade = upgradeLanguage(ground.target, ground.path, answering);
  const connect = connectLanguage(ground.onward, answering);
  const [upgraded, connected] = [await ask(ground, upgrade.request), await ask(ground, connect.request)];
  const speaks = (name: Spoken, answer: Answer, status: RegExp) => told === name || status.test(answer.received);
  return {
    languages: [http, { ...upgrade, ...answeringOf(upgraded) }, { ...connect, ...answeringOf(connected) }],
    spoken: [
      "http",
      ...(speaks("upgrade", upgraded, /^HTTP\/1\.[01] 101/) ? (["upgrade"] as const) : []),
      ...(speaks("connect", connected, /^HTTP\/1\.[01] 2\d\d/) ? (["connect"] as const) : []),
    ],
    notes,
  };
}

async function probeTcp(ground: ProbeGround, notes: readonly string[]): Promise<Heard | undefined> {
  const answer = await ask(ground, tcpLanguage(ground.line, silent).request);
  if (!answer.isConnected) return undefined;
  return { languages: [tcpLanguage(ground.line, answeringOf(answer))], spoken: ["tcp"], notes };
}

async function ask({ from, target, nextPort }: ProbeGround, text: string) {
  const { ok } = await from.link.request("exchange", { ...target, localPort: nextPort(), text, quietMs, withinMs });
  return ok;
}

/** Who did not answer is not waited for again; who did is given some more time, since many will ask at once. */
function answeringOf({ total, tookMs }: Answer): Answering {
  if (total === 0) return silent;
  return { answerBytes: total, answerWithinMs: Math.min(withinMs, shortestWaitMs + 4 * tookMs) };
}

function isHttp(text: string): boolean {
  return text.startsWith("HTTP/");
}

/** A TLS alert: RFC 8446 §5.1, content type 21, version 3.x. */
function looksLikeTls(text: string): boolean {
  return text.startsWith("\x15\x03") || text.startsWith("\x16\x03");
}
