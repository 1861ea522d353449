const tailLines = 20;
const tailCharacters = 16_384;

/** Remembers the last lines of a stream of UTF-8 bytes, in bounded memory. */
export function createTail(): { push: (bytes: Uint8Array) => void; text: () => string } {
  const decoder = new TextDecoder();
  let kept = "";
  return {
    push(bytes) {
      kept = (kept + decoder.decode(bytes, { stream: true })).slice(-tailCharacters);
    },
    text: () => kept.split("\n").filter(Boolean).slice(-tailLines).join("\n"),
  };
}
