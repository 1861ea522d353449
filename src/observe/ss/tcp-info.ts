/** The words of `ss -i` by name: `rto:204`, bare words (`sack`) as `true`. */
export type TcpInfo = Record<string, string | true>;

const namesBeforeABlank: ReadonlySet<string> = new Set(["send", "pacing_rate", "delivery_rate"]);

/**
 * Adds the words that stand in `text` from `start` on. Some names are parted from their values by a blank:
 * `send 1.2Gbps`, and those of TLS, which end in a colon: `cipher: aes-gcm-128`.
 */
export function addTcpInfo(info: TcpInfo, text: string, start = 0): void {
  let awaiting: string | undefined;
  for (let at = start; at < text.length; ) {
    const blank = text.indexOf(" ", at);
    const end = blank < 0 ? text.length : blank;
    if (end > at) {
      const word = text.slice(at, end);
      awaiting = awaiting === undefined ? addWord(info, word) : addValue(info, awaiting, word);
    }
    at = end + 1;
  }
}

/** Adds one word, and returns its name if the next word is its value. */
function addWord(info: TcpInfo, word: string): string | undefined {
  const colon = word.indexOf(":");
  if (colon >= 0 && colon < word.length - 1) {
    info[word.slice(0, colon)] = word.slice(colon + 1);
    return undefined;
  }
  const name = colon < 0 ? word : word.slice(0, colon);
  info[name] = true;
  return colon >= 0 || namesBeforeABlank.has(word) ? name : undefined;
}

function addValue(info: TcpInfo, name: string, value: string): undefined {
  info[name] = value;
}
