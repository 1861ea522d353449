import type { TcpOptions } from "../../model/segment.ts";
import { u16, u32 } from "./numbers.ts";

type Draft = { -readonly [Name in keyof TcpOptions]: TcpOptions[Name] };

const none: TcpOptions = Object.freeze({});

const endOfList = 0;
const noOperation = 1;

/**
 * Reads the option list from `from` to `end`. Where an option stands twice the last one counts, as in Linux. What can be
 * read of a malformed list is read: an option with a wrong length is passed over, one that runs over the end is the last.
 */
export function readOptions(bytes: Uint8Array, from: number, end: number): TcpOptions {
  if (from === end) return none;
  const options: Draft = {};
  let at = from;
  let padding = 0;
  while (at < end && bytes[at] !== endOfList) {
    if (bytes[at] === noOperation) {
      at += 1;
      padding += 1;
      continue;
    }
    const length = at + 1 < end ? (bytes[at + 1] ?? 0) : 0;
    const fits = length >= 2 && at + length <= end;
    if (!fits || !readOption(bytes, at, length, options)) options.malformed = true;
    if (!fits) {
      at = end;
      break;
    }
    at += length;
  }
  // RFC 9293 §3.1: what is behind the end of the list is zero too.
  for (; at < end; at += 1) if (bytes[at] === endOfList) padding += 1;
  if (padding > 0) options.paddingBytes = padding;
  return options;
}

/** Notes the option at `at` by its name; false when its kind does not allow this length. */
function readOption(bytes: Uint8Array, at: number, length: number, options: Draft): boolean {
  switch (bytes[at]) {
    case 2:
      if (length !== 4) return false;
      options.mss = u16(bytes, at + 2);
      return true;
    case 3:
      if (length !== 3) return false;
      options.windowScale = bytes[at + 2] ?? 0;
      return true;
    case 4:
      if (length !== 2) return false;
      options.sackPermitted = true;
      return true;
    case 5:
      if (length < 10 || length % 8 !== 2) return false;
      options.sack = readBlocks(bytes, at + 2, at + length);
      return true;
    case 8:
      if (length !== 10) return false;
      options.timestamps = { value: u32(bytes, at + 2), echo: u32(bytes, at + 6) };
      return true;
    case 34:
      // RFC 7413 §4.1.1: none, or 4 to 16 bytes, and an even number.
      if (length !== 2 && (length < 6 || length > 18 || length % 2 === 1)) return false;
      options.fastOpen = { cookieBytes: length - 2 };
      return true;
    default:
      options.others = [...(options.others ?? []), { kind: bytes[at] ?? 0, bytes: length }];
      return true;
  }
}

function readBlocks(bytes: Uint8Array, from: number, end: number): { readonly left: number; readonly right: number }[] {
  const blocks = [];
  for (let at = from; at < end; at += 8) blocks.push({ left: u32(bytes, at), right: u32(bytes, at + 4) });
  return blocks;
}
