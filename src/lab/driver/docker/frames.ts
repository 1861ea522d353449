import { Transform, type TransformCallback } from "node:stream";

const headerBytes = 8;
const stdoutStream = 1;

/** A piece of one of the two streams a container writes; one frame may come in several pieces. */
export interface Piece {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

/**
 * Takes the engine's attach stream apart: frames of one byte stream type, three zero bytes, the length as four bytes
 * big-endian, and the payload. Total: what is not stdout counts as stderr (the engine's own complaints carry type 3),
 * and chunks may break anywhere. Payloads are handed on as they come, never gathered.
 */
export function createFrameDecoder(): { push: (chunk: Uint8Array) => Piece[] } {
  const header = new Uint8Array(headerBytes);
  const view = new DataView(header.buffer);
  let filled = 0;
  let remaining = 0;
  return {
    push(chunk) {
      const pieces: Piece[] = [];
      let offset = 0;
      while (offset < chunk.length) {
        if (remaining === 0) {
          const part = chunk.subarray(offset, offset + headerBytes - filled);
          header.set(part, filled);
          filled += part.length;
          offset += part.length;
          if (filled < headerBytes) break;
          filled = 0;
          remaining = view.getUint32(4);
          continue;
        }
        const bytes = chunk.subarray(offset, offset + remaining);
        offset += bytes.length;
        remaining -= bytes.length;
        pieces.push({ stream: header[0] === stdoutStream ? "stdout" : "stderr", bytes });
      }
      return pieces;
    },
  };
}

/** The attach stream in, stdout out; stderr goes to `onStderr`. */
export class FrameSplitter extends Transform {
  readonly #decoder = createFrameDecoder();
  readonly #onStderr: (bytes: Uint8Array) => void;

  constructor(onStderr: (bytes: Uint8Array) => void) {
    super();
    this.#onStderr = onStderr;
  }

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, done: TransformCallback): void {
    for (const piece of this.#decoder.push(chunk)) {
      if (piece.stream === "stdout") this.push(piece.bytes);
      else this.#onStderr(piece.bytes);
    }
    done();
  }
}
