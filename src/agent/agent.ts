import type { ChildProcess } from "node:child_process";
import type { Server, Socket } from "node:net";
import type { Clock } from "../model/time.ts";
import type { Reading } from "../protocol/calls.ts";
import type { Answer, CallName, Parameters, Reply } from "../protocol/messages.ts";
import type { ToChild } from "./channel.ts";
import type { Outbox } from "./outbox.ts";
import type { Received } from "./received.ts";

/** What one agent process holds, by the names the harness gave. */
export interface Agent {
  readonly clock: Clock;
  readonly outbox: Outbox;
  /** The argument of `--epoch`, for child agents. */
  readonly epoch: string;
  readonly sockets: Map<string, HeldSocket>;
  readonly servers: Map<string, HeldServer>;
  readonly children: Map<string, Child>;
  readonly programs: Map<string, HeldProgram>;
}

/** A program left running under its name. */
export interface HeldProgram {
  readonly process: ChildProcess;
  /** Its name may be another's by now, so nothing more is told of it. */
  released: boolean;
}

/** A real socket under its name, whose events are reported as the runtime emits them. */
export interface HeldSocket {
  readonly name: string;
  readonly socket: Socket;
  reading: Reading;
  /** Where in the pattern the next write goes on. */
  offset: number;
  readonly received: Received;
  /** It reports nothing: its name may be another's by now, or it is one of a crowd that is only counted. */
  released: boolean;
}

export interface HeldServer {
  readonly name: string;
  readonly server: Server;
  readonly reading: Reading;
  /** Its accepted sockets are held and not told of. */
  readonly quiet: boolean;
  /** Numbers the accepted sockets. */
  accepted: number;
  released: boolean;
}

/** A child agent as its parent knows it: requests go in, replies and notices come out under its name. */
export interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  /** Resolves when the process is gone and its last words have been passed on. */
  readonly exited: Promise<Answer<"kill">>;
  ask(question: Question): void;
}

export interface Question {
  /** What the child answers under. */
  readonly id: number;
  readonly call: CallName;
  readonly message: ToChild;
  readonly handle?: { readonly socket: Socket; readonly keepOpen: boolean };
  /** Called once: with the child's reply, or with an error reply when it dies first. */
  settle(reply: Reply): void;
}

/** How each call is carried out. What is thrown becomes the error reply. */
export type Handlers = { readonly [C in CallName]: (parameters: Parameters<C>) => Answer<C> | Promise<Answer<C>> };

export type HandlersOf<C extends CallName> = Pick<Handlers, C>;
