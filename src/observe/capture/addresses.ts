import type { SocketAddress } from "../../model/socket.ts";
import { u16, u32 } from "./numbers.ts";

const slots = 4096;
const wordsPerKey = 5;

/**
 * Makes socket addresses, and remembers as many as it has slots: nearly all segments of a capture are between few ends,
 * and texts are what costs most to make. Segments share these objects, which are therefore frozen.
 */
export class AddressBook {
  readonly #keys = new Int32Array(slots * wordsPerKey);
  readonly #ends: (SocketAddress | undefined)[] = new Array(slots).fill(undefined);

  ipv4(bytes: Uint8Array, at: number, port: number): SocketAddress {
    return this.#find(0, 0, 0, u32(bytes, at) | 0, port, bytes, at);
  }

  ipv6(bytes: Uint8Array, at: number, port: number): SocketAddress {
    const a = u32(bytes, at) | 0;
    const b = u32(bytes, at + 4) | 0;
    return this.#find(a, b, u32(bytes, at + 8) | 0, u32(bytes, at + 12) | 0, port | family6, bytes, at);
  }

  #find(a: number, b: number, c: number, d: number, tail: number, bytes: Uint8Array, at: number): SocketAddress {
    const keys = this.#keys;
    const slot = (Math.imul(a ^ b ^ c ^ d ^ Math.imul(tail, 0x9e3779b1), 0x85ebca6b) >>> 16) % slots;
    const key = slot * wordsPerKey;
    const known = this.#ends[slot];
    const isSame =
      keys[key] === a && keys[key + 1] === b && keys[key + 2] === c && keys[key + 3] === d && keys[key + 4] === tail;
    if (known !== undefined && isSame) return known;
    const address = tail >= family6 ? ipv6Text(bytes, at) : ipv4Text(bytes, at);
    const end = Object.freeze({ address, port: tail & 0xffff });
    keys.set([a, b, c, d, tail], key);
    this.#ends[slot] = end;
    return end;
  }
}

/** Above every port: an address of IPv6 is another end than the one of IPv4 with the same last bytes. */
const family6 = 0x10000;

export function ipv4Text(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/**
 * The text of RFC 5952, with the end of an embedded IPv4 address as glibc's inet_ntop has it and ss therefore prints it:
 * in `::ffff:1.2.3.4`, and behind six words of nothing (`::1.2.3.4`).
 */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  const words = [0, 2, 4, 6, 8, 10, 12, 14].map((offset) => u16(bytes, at + offset));
  const gap = longestGap(words);
  const isEmbedded = gap.from === 0 && (gap.length === 6 || (gap.length === 5 && words[5] === 0xffff));
  const tail = isEmbedded ? [ipv4Text(bytes, at + 12)] : words.slice(6).map(hexadecimal);
  const texts = [...words.slice(0, 6).map(hexadecimal), ...tail];
  if (gap.length < 2) return texts.join(":");
  return `${texts.slice(0, gap.from).join(":")}::${texts.slice(gap.from + gap.length).join(":")}`;
}

/** RFC 5952 §4.2: the longest run of zeros is shortened, the first of several, and never a single one. */
function longestGap(words: readonly number[]): { readonly from: number; readonly length: number } {
  let longest = { from: 0, length: 0 };
  let from = 0;
  for (const [index, word] of words.entries()) {
    if (word !== 0) from = index + 1;
    else if (index + 1 - from > longest.length) longest = { from, length: index + 1 - from };
  }
  return longest;
}

function hexadecimal(word: number): string {
  return word.toString(16);
}
