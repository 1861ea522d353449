import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** Both ends of a pair are descriptors of one process, whose hard limit is often 20,000. */
const pairsPerProcess = 9_900;

/**
 * Opens pairs on loopback, says so, and for every number that it is sent closes so many of the ends that connected: the
 * others are then in CLOSE-WAIT, and nobody closes them.
 */
const holder = `
use strict; use Socket; $| = 1;
my $count = shift; my @held; my @connected;
socket(my $listener, PF_INET, SOCK_STREAM, 0) or die $!;
bind($listener, sockaddr_in(0, INADDR_LOOPBACK)) or die $!;
listen($listener, 128) or die $!;
my $name = getsockname($listener);
for (1 .. $count) {
  socket(my $client, PF_INET, SOCK_STREAM, 0) or die $!;
  connect($client, $name) or die $!;
  accept(my $server, $listener) or die $!;
  push @connected, $client; push @held, $server;
}
print "ready\\n";
while (my $line = <STDIN>) { close(pop @connected) for 1 .. $line; print "ready\\n"; }
`;

interface Holder {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: Interface;
}

/** Connections held by several processes of this network namespace. They end with this process. */
export class HeldCrowd implements AsyncDisposable {
  readonly #holders: readonly Holder[];

  private constructor(holders: readonly Holder[]) {
    this.#holders = holders;
  }

  /** So many sockets, two a connection. */
  static async open(sockets: number): Promise<HeldCrowd> {
    const pairs = sockets / 2;
    const processes = Math.ceil(pairs / pairsPerProcess);
    const shares = shared(pairs, processes);
    const crowd = new HeldCrowd(shares.map(start));
    await crowd.#isReady();
    return crowd;
  }

  /** Brings so many into CLOSE-WAIT, in every process its share. */
  async leak(sockets: number): Promise<void> {
    const shares = shared(sockets, this.#holders.length);
    this.#holders.forEach(({ child }, index) => {
      child.stdin.write(`${shares[index] ?? 0}\n`);
    });
    await this.#isReady();
  }

  async #isReady(): Promise<void> {
    await Promise.all(
      this.#holders.map(async ({ child, lines }) => {
        const ended = once(child, "exit").then(() =>
          Promise.reject(new Error("a process that held sockets has ended")),
        );
        ended.catch(() => {});
        await Promise.race([once(lines, "line"), ended]);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#holders.map(async ({ child }) => {
        const ended = once(child, "exit");
        child.stdin.end();
        if (child.exitCode === null && child.signalCode === null) await ended;
      }),
    );
  }
}

/** In equal parts, the first of them larger by what remains. */
function shared(amount: number, parts: number): readonly number[] {
  return Array.from({ length: parts }, (_, index) => Math.floor(amount / parts) + (index < amount % parts ? 1 : 0));
}

function start(pairs: number): Holder {
  const child = spawn("perl", ["-e", holder, String(pairs)], { stdio: ["pipe", "pipe", "inherit"] });
  return { child, lines: createInterface(child.stdout) };
}
