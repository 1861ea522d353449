import type { SocketTimer } from "../../model/socket.ts";
import { readNumber } from "./number.ts";

const names = ["on", "keepalive", "timewait", "persist", "delack"] as const;
const times = /^(?:(\d{1,9})min)?(?:(\d{0,9})\.(\d{1,3})(?:ms|sec)|(\d{1,9})(ms|sec))?$/;

/** Reads what stands between the parentheses of `timer:(keepalive,1min33sec,0)`. */
export function readTimer(inside: string): SocketTimer | undefined {
  const [word = "", time, count = "", ...more] = inside.split(",");
  const remainingMs = time === undefined ? undefined : readTime(time);
  const retransmits = readNumber(count);
  if (word === "" || remainingMs === undefined || retransmits === undefined || more.length > 0) return undefined;
  return { name: names.find((name) => name === word) ?? "unknown", remainingMs, retransmits };
}

/**
 * The forms of `print_ms_timer` in iproute2's misc/ss.c, in milliseconds. Zero is printed as nothing at all. A fraction is
 * one of seconds, whatever its unit: before 6.11 ss printed 9.373 s as `9.373ms`.
 */
function readTime(text: string): number | undefined {
  const match = times.exec(text);
  if (match === null) return undefined;
  const [, minutes = "0", seconds = "", fraction = "", whole = "0", unit] = match;
  const rest = fraction === "" ? Number(whole) * (unit === "ms" ? 1 : 1000) : fractionMs(seconds, fraction);
  return Number(minutes) * 60_000 + rest;
}

function fractionMs(seconds: string, fraction: string): number {
  return Number(seconds) * 1000 + Number(fraction.padEnd(3, "0"));
}
