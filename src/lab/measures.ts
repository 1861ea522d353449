import { FinwaitError } from "../model/errors.ts";
import { monoNs } from "../model/time.ts";
import { counterFiles, parseCounters } from "../observe/counters.ts";
import type { Answer } from "../protocol/messages.ts";
import type { Host } from "./host.ts";
import type { Story } from "./story.ts";

/** Counts a process's open descriptors and records count, soft and hard limit under `label`. */
export async function measureDescriptors(
  story: Story,
  host: Host,
  label: string,
  process?: string,
): Promise<Answer<"descriptors">> {
  const { ok, at } = await host.link.request("descriptors", {}, { process });
  const record = (name: string, value: number) =>
    story.measure(host.name, { name, label, value, unit: "descriptors" }, monoNs(at));
  record("descriptors", ok.open);
  record("descriptor limit", ok.softLimit);
  record("hard descriptor limit", ok.hardLimit);
  return ok;
}

/** Reads a sysctl and records it under `label` when it is one number. */
export async function measureSysctl(story: Story, host: Host, name: string, label: string): Promise<string> {
  const text = (await host.run("cat", [`/proc/sys/${name.replaceAll(".", "/")}`])).trim();
  if (/^-?\d+$/.test(text)) story.measure(host.name, { name, label, value: Number(text), unit: "" });
  return text;
}

/** Reads a kernel counter by nstat's name and records it under `label`. */
export async function measureCounter(story: Story, host: Host, name: string, label: string): Promise<number> {
  const value = parseCounters(await host.run("cat", counterFiles)).get(name);
  if (value === undefined) {
    throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", `The kernel of host "${host.name}" has no counter ${name}.`);
  }
  story.measure(host.name, { name, label, value, unit: "" });
  return value;
}
