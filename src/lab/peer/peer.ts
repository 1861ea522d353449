import { defaultWithinMs, type Within } from "../deadline.ts";
import type { EndpointIdentity } from "../identity.ts";
import { KernelSocket } from "../kernel-socket.ts";
import { callPeer, tellEvent } from "./calls.ts";
import type { PeerAnswer, PeerConversation } from "./conversation.ts";

/** Socket options that a peer can set, by their names in C. */
export type PeerOption =
  | "SO_OOBINLINE"
  | "SO_REUSEADDR"
  | "TCP_NODELAY"
  | "TCP_DEFER_ACCEPT"
  | "TCP_QUICKACK"
  | "TCP_FASTOPEN"
  | "TCP_FASTOPEN_CONNECT"
  | "TCP_FASTOPEN_NO_COOKIE"
  | "TCP_REPAIR"
  | "TCP_REPAIR_QUEUE"
  | "TCP_QUEUE_SEQ";

/**
 * One real socket outside of Node, for what Node has no call for: urgent data, TCP Fast Open, options, reading by hand.
 * Its calls are those of socket(2), made by a perl of its own in the host; they resolve when they have returned. What
 * they bring to light is recorded as events of their names: `connect`, `accept`, `recv`. Text is ASCII.
 */
export class Peer extends KernelSocket {
  readonly #conversation: PeerConversation;
  readonly #handle: string;
  #total = 0;

  constructor(identity: Omit<EndpointIdentity, "host" | "process">, conversation: PeerConversation, handle: string) {
    super({ ...identity, host: conversation.host, process: undefined }, conversation.story);
    this.#conversation = conversation;
    this.#handle = handle;
  }

  /** Begins the connection: its SYN may still be unanswered. */
  async connect(): Promise<void> {
    await this.#call("connect", [this.peer.address, this.peer.port], "connect()");
  }

  /** Resolves once the connection is there. @throws FINWAIT_CALL_FAILED with the errno of an attempt that failed. */
  async connected({ within = defaultWithinMs }: Within = {}): Promise<void> {
    const { at } = await this.#call("connected", [], "poll(POLLOUT)", within);
    this.#tell("connect", at, {});
  }

  /**
   * Begins the connection and gives the kernel data to send with it (TCP Fast Open). Resolves with how many bytes went
   * into the SYN: 0 when it only asked for a cookie, and the data was not taken.
   */
  async sendWithSyn(text: string): Promise<number> {
    const words = [this.peer.address, this.peer.port, hexadecimal(text)];
    const { words: answer } = await this.#call("fastopen", words, `sendto(${JSON.stringify(text)}, MSG_FASTOPEN)`);
    return Number(answer[0]);
  }

  /**
   * Begins the connection with a text to send, in one call that waits for both (TCP Fast Open). A text that could not go
   * with the SYN goes with the segment that answers the SYN+ACK: the kernel knows of it by then.
   */
  async connectAndSend(text: string, { within = defaultWithinMs }: Within = {}): Promise<void> {
    const words = [this.peer.address, this.peer.port, hexadecimal(text)];
    const { at } = await this.#call("opensend", words, `sendto(${JSON.stringify(text)}, MSG_FASTOPEN)`, within);
    this.#tell("connect", at, {});
  }

  /** Sends a text, or `x` so many times. */
  async send(data: string | number): Promise<void> {
    const shown = typeof data === "number" ? `${data} bytes` : JSON.stringify(data);
    await this.#send("0", data, `send(${shown})`);
  }

  /** Sends a text of which the last byte is urgent. */
  async sendUrgent(text: string): Promise<void> {
    await this.#send("MSG_OOB", text, `send(${JSON.stringify(text)}, MSG_OOB)`);
  }

  /** One recv(2): resolves with up to `most` bytes once there are any, and with "" at the end. */
  async recv(most = 65_536, { within = defaultWithinMs }: Within = {}): Promise<string> {
    const { words, at } = await this.#call("recv", ["0", most], "recv()", within);
    const text = Buffer.from(words[0] ?? "", "hex").toString("latin1");
    this.#total += text.length;
    this.#tell("recv", at, { text: excerpt(text), bytes: text.length, total: this.#total, urgent: false });
    return text;
  }

  /** Resolves with the urgent byte once there is one. @throws FINWAIT_CALL_FAILED: EINVAL when it is in the stream. */
  async recvUrgent({ within = defaultWithinMs }: Within = {}): Promise<string> {
    const { words, at } = await this.#call("recv", ["MSG_OOB", 1], "recv(MSG_OOB)", within);
    const text = Buffer.from(words[0] ?? "", "hex").toString("latin1");
    this.#tell("recv", at, { text, bytes: text.length, total: this.#total, urgent: true });
    return text;
  }

  /** sockatmark(3): whether the next byte is the one behind the urgent mark, or with SO_OOBINLINE the urgent one itself. */
  async atMark(): Promise<boolean> {
    const { words, at } = await this.#call("atmark", [], "sockatmark()");
    const isAtMark = words[0] === "1";
    this.#tell("sockatmark", at, { isAtMark });
    return isAtMark;
  }

  async set(option: PeerOption, value: number): Promise<void> {
    await this.#call("option", [option, value], `setsockopt(${option}, ${value})`);
  }

  async shutdown(how: "SHUT_RD" | "SHUT_WR" | "SHUT_RDWR"): Promise<void> {
    await this.#call("shutdown", [how], `shutdown(${how})`);
  }

  async close(): Promise<void> {
    await this.#call("close", [], "close()");
  }

  /** Closes with SO_LINGER on and 0 s: a RST instead of a FIN. */
  async reset(): Promise<void> {
    await this.#call("reset", [], "close() with SO_LINGER 0");
  }

  /** Ends the peer's process where it stands; its kernel closes the socket. */
  async kill(): Promise<void> {
    await this.#conversation.kill();
    this.story.note(this.host.name, `${this.name}'s process: killed`);
  }

  async #send(flags: string, data: string | number, shown: string): Promise<void> {
    const [text, times] = typeof data === "number" ? ["x", data] : [data, 1];
    await this.#call("send", [flags, hexadecimal(text), times], shown);
  }

  async #call(
    verb: string,
    words: readonly (string | number)[],
    shown: string,
    withinMs = defaultWithinMs,
  ): Promise<PeerAnswer> {
    return await callPeer(this.#conversation, this, { verb, words: [this.#handle, ...words], shown, withinMs });
  }

  #tell(event: string, at: number, detail: Readonly<Record<string, string | number | boolean>>): void {
    tellEvent(this.#conversation, this, event, at, detail);
  }
}

const shownAtMost = 32;

/** Words as they are; what does not print as dots. */
function excerpt(text: string): string {
  const shown = text.slice(0, shownAtMost).replaceAll(/[^ -~]/g, "·");
  return text.length <= shownAtMost ? shown : `${shown}…`;
}

function hexadecimal(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}
