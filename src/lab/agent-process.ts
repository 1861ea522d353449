import { monoNs } from "../model/time.ts";
import type { Answer } from "../protocol/messages.ts";
import type { Host } from "./host.ts";
import { measureDescriptors } from "./measures.ts";
import type { Story } from "./story.ts";

/**
 * A process of its own in a host, for what would disturb the host's agent: a blocked event loop, a small limit of
 * descriptors, being killed, sharing a socket. The host's agent stays free to read the kernel's tables meanwhile.
 */
export class AgentProcess {
  readonly name: string;
  readonly host: Host;
  /** The name by which the host's agent knows it. */
  readonly id: string;
  /** As the host's other processes see it: `/proc/<pid>` there. */
  readonly pid: number;
  readonly #story: Story;

  private constructor({ name, host, id }: { name: string; host: Host; id: string }, pid: number, story: Story) {
    this.name = name;
    this.host = host;
    this.id = id;
    this.pid = pid;
    this.#story = story;
  }

  /** Called by the session: starts the process in its host, with `nofile` as both limits of open descriptors. */
  static async start(
    identity: { name: string; host: Host; id: string },
    story: Story,
    nofile?: number,
  ): Promise<AgentProcess> {
    const { host, id } = identity;
    const { ok } = await host.link.request(
      "fork",
      { child: id, ...(nofile === undefined ? {} : { nofile }) },
      { timeoutMs: 20_000 },
    );
    return new AgentProcess(identity, ok.pid, story);
  }

  /**
   * Blocks the process's event loop for `ms` milliseconds. Resolves once the loop is blocked, with a promise of its end.
   */
  async block(ms: number): Promise<{ readonly over: Promise<void> }> {
    const { promise: blocked, resolve } = Promise.withResolvers<void>();
    const stop = this.host.link.onNotice((notice) => {
      if (notice.notice !== "blocked" || notice.process !== this.id) return;
      this.#story.note(this.host.name, `${this.name}: event loop blocked for ${ms} ms`, monoNs(notice.at));
      resolve();
    });
    const over = this.host.link
      .request("block", { ms }, { process: this.id, timeoutMs: ms + 20_000 })
      .then(({ at }) => {
        this.#story.note(this.host.name, `${this.name}: event loop free again`, monoNs(at));
      });
    try {
      await Promise.race([blocked, over]);
    } finally {
      stop();
    }
    // Handled when the caller awaits it; until then a dead agent must not end the harness.
    over.catch(() => {});
    return { over };
  }

  /** Sends a signal and resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { at } = await this.host.link.request("kill", { child: this.id, signal });
    this.#story.note(this.host.name, `${this.name}: killed with ${signal}`, monoNs(at));
  }

  /** Stops the process where it stands (SIGSTOP): nothing in it runs until it is thawed, its sockets stay open. */
  async freeze(): Promise<void> {
    const { at } = await this.host.link.request("kill", { child: this.id, signal: "SIGSTOP" });
    this.#story.note(this.host.name, `${this.name}: frozen`, monoNs(at));
  }

  /** Lets a frozen process run on (SIGCONT). */
  async thaw(): Promise<void> {
    const { at } = await this.host.link.request("kill", { child: this.id, signal: "SIGCONT" });
    this.#story.note(this.host.name, `${this.name}: runs again`, monoNs(at));
  }

  /** Open descriptors, their limits, memory; recorded under `label`. */
  async descriptors(label: string): Promise<Answer<"descriptors">> {
    return await measureDescriptors(this.#story, this.host, label, this.id);
  }

  /** How many of its descriptors are sockets, its channel to the agent among them; recorded under `label`. */
  async socketDescriptors(label: string): Promise<number> {
    // A descriptor may be closed while ls looks at it, which is no failure.
    const listing = await this.host.run("sh", ["-c", 'ls -l "/proc/$1/fd" 2>/dev/null; true', "sh", `${this.pid}`]);
    const value = listing.split("\n").filter((line) => line.includes("-> socket:")).length;
    this.#story.measure(this.host.name, { name: "descriptors of sockets", label, value, unit: "descriptors" });
    return value;
  }

  /**
   * How many descriptors it can still open: the free numbers below its limit, recorded under `label`. What it inherited
   * above its limit is open too, but takes nothing from it.
   */
  async freeDescriptors(label: string): Promise<number> {
    const { softLimit } = await this.descriptors(label);
    const numbers = (await this.host.run("ls", [`/proc/${this.pid}/fd`])).trim().split("\n").map(Number);
    const value = softLimit - numbers.filter((number) => number < softLimit).length;
    this.#story.measure(this.host.name, { name: "free descriptors", label, value, unit: "descriptors" });
    return value;
  }
}
