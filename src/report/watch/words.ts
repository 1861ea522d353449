import type { LeakCause, LeakedSocket, SocketHolder } from "../../model/leak.ts";
import { addressText } from "../../model/socket.ts";
import type { WatchedGroup } from "../../model/watch.ts";
import { printable } from "../text/width.ts";

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** "1,204". */
export function numberText(value: number): string {
  return Number.isFinite(value) ? grouped.format(value) : "unlimited";
}

/** "12 s", "3 min 5 s", "5 h 6 min", "2 days 3 h": to the two units that matter. */
export function durationText(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min${rest(seconds % 60, "s")}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h${rest(minutes % 60, "min")}`;
  return `${Math.floor(hours / 24)} days${rest(hours % 24, "h")}`;
}

function rest(value: number, unit: string): string {
  return value === 0 ? "" : ` ${value} ${unit}`;
}

/** "≥ 12 s": since it was first seen. */
export function ageText(ageMs: number): string {
  if (ageMs <= 0) return "new";
  return ageMs < 1000 ? `≥ ${Math.floor(ageMs)} ms` : `≥ ${durationText(ageMs)}`;
}

/** "+120/h", "-3/h", "steady", or "too early". */
export function growthText(growthPerHour: number | undefined): string {
  if (growthPerHour === undefined) return "too early";
  const rounded = Math.abs(growthPerHour) < 10 ? Math.round(growthPerHour * 10) / 10 : Math.round(growthPerHour);
  if (rounded === 0) return "steady";
  const text = Math.abs(rounded) < 10 ? String(rounded) : grouped.format(rounded);
  return `${rounded > 0 ? "+" : ""}${text}/h`;
}

/** "node (4711)": whatever the process calls itself, made safe to print. */
export function processText({ pid, process = "" }: { readonly pid?: number; readonly process?: string }): string {
  return pid === undefined ? "unknown" : `${printable(process)} (${pid})`;
}

/** "not closed". */
export function causeText(cause: LeakCause): string {
  return cause === "half-closed" ? cause : cause.replaceAll("-", " ");
}

/** What the queue says about the cause: "not closed (Recv-Q 0)". */
export function diagnosisText({ cause, row }: Pick<LeakedSocket, "cause" | "row">): string {
  const words = causeText(cause);
  if (cause === "not-sent") return `${words} (Send-Q ${row.sendQ})`;
  return cause === "half-closed" ? words : `${words} (Recv-Q ${row.recvQ})`;
}

/** Which way the sockets of a group go, by the port they have in common: "10.0.0.7:5432", or "10.0.0.7 → :8080". */
export function peerText({ local, peer }: Pick<WatchedGroup, "local" | "peer">): string {
  const { address } = peer;
  if (peer.port !== 0 && local.port !== 0) return `${addressText(peer)} ↔ :${local.port}`;
  if (peer.port !== 0) return addressText(peer);
  return local.port === 0 ? address : `${address} → :${local.port}`;
}

const unknownHolder = "held by a process that could not be found";

/** "fd 23 of node (4711)", and how many others hold it too. */
export function holdersText([first, ...more]: readonly SocketHolder[]): string {
  if (first === undefined) return unknownHolder;
  const also = more.length === 0 ? "" : `, and ${more.length} more`;
  return `fd ${first.fd} of ${processText(first)}${also}`;
}

/** "fd 23": where the process is named already. */
export function fdText([first]: readonly SocketHolder[]): string {
  return first === undefined ? unknownHolder : `fd ${first.fd}`;
}
