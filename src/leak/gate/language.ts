import type { Spoken } from "../../model/leak-gate.ts";
import { addressText, type SocketAddress } from "../../model/socket.ts";

/** What a peer says to a subject that speaks like this. */
export interface Language {
  readonly spoken: Spoken;
  /** What it is asked; in `upgrade` and `connect`, what turns HTTP into something else. */
  readonly request: string;
  /** The same, by a peer that wants the subject to close after the answer. */
  readonly lastRequest: string;
  /** What announces a body of so many bytes. */
  readonly announce: (bytes: number) => string;
  /** About how many bytes come back; 0 when it was silent. */
  readonly answerBytes: number;
  /** How long an answer is waited for. */
  readonly answerWithinMs: number;
}

/** What was found of how the subject answers. */
type Answering = Pick<Language, "answerBytes" | "answerWithinMs">;

export function httpLanguage(target: SocketAddress, path: string, answering: Answering): Language {
  const head = (method: string, ...fields: readonly string[]) => {
    return [
      `${method} ${path} HTTP/1.1`,
      `Host: ${addressText(target)}`,
      "User-Agent: finwait",
      ...fields,
      "",
      "",
    ].join("\r\n");
  };
  return {
    spoken: "http",
    request: head("GET", "Accept: */*"),
    lastRequest: head("GET", "Accept: */*", "Connection: close"),
    announce: (bytes) => head("POST", "Content-Type: application/octet-stream", `Content-Length: ${bytes}`),
    ...answering,
  };
}

export function upgradeLanguage(target: SocketAddress, path: string, answering: Answering): Language {
  const request = [
    `GET ${path} HTTP/1.1`,
    `Host: ${addressText(target)}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    // RFC 6455 §4.1: 16 bytes in base64; any will do.
    "Sec-WebSocket-Key: ZmlubWFpdCBsZWFrcyAxNg==",
    "Sec-WebSocket-Version: 13",
    "",
    "",
  ].join("\r\n");
  return { spoken: "upgrade", request, lastRequest: request, announce: () => "", ...answering };
}

/** `onward` is where the tunnel is to lead. */
export function connectLanguage(onward: SocketAddress, { answerBytes, answerWithinMs }: Answering): Language {
  const where = addressText(onward);
  const request = `CONNECT ${where} HTTP/1.1\r\nHost: ${where}\r\n\r\n`;
  return { spoken: "connect", request, lastRequest: request, announce: () => "", answerBytes, answerWithinMs };
}

export function tcpLanguage(line: string, answering: Answering): Language {
  const request = `${line}\r\n`;
  return { spoken: "tcp", request, lastRequest: request, announce: () => "", ...answering };
}
