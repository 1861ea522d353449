import { spawn } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { FinwaitError } from "../../../model/errors.ts";
import { agentFile } from "../../agent/file.ts";
import type { DrivenHost, DrivenLab, Driver, LabSpec } from "../driver.ts";
import { chooseProcessor, parseProcessorList } from "../processors.ts";
import { sysctlSettings } from "../sysctls.ts";
import { examineNetns } from "./examine.ts";
import { isRoot, namespaceFlags, programPath } from "./namespaces.ts";
import { labScript } from "./script.ts";

/** Hosts are handed to the shell as descriptors 3 to 9: the POSIX shell redirects no others. */
const maxHosts = 7;
const firstHostDescriptor = 3;
const stderrLines = 20;

/** Labs from Linux namespaces: no daemon, no image; root is not needed where user namespaces are allowed. */
export const netns: Driver = { name: "netns", examine: examineNetns, open: openNetns };

async function openNetns(spec: LabSpec): Promise<DrivenLab> {
  if (spec.hosts.length > maxHosts) {
    throw new FinwaitError(
      "FINWAIT_USAGE",
      `The netns driver makes at most ${maxHosts} hosts, not ${spec.hosts.length}.`,
    );
  }
  await requireSysctls(spec);
  await requireDescriptors(spec);
  const child = spawn(
    "taskset",
    ["-c", String(await ownProcessor(spec.processor)), "unshare", ...unshareArguments(spec)],
    {
      stdio: ["pipe", "ignore", "pipe", ...spec.hosts.map(() => "pipe" as const)],
      // Its own process group: Ctrl-C reaches the harness alone, which then closes the lab in order.
      detached: true,
      env: { ...process.env, PATH: programPath, FINWAIT_SCRIPT: labScript },
    },
  );
  const gone = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("close", (code, signal) => resolve(signal ? `was ended by ${signal}` : `exited with code ${code}`));
  });
  const stderr = watchStderr(child.stderr);
  const hosts = spec.hosts.map((name, index) => {
    const link = child.stdio[firstHostDescriptor + index] as Duplex;
    return drivenHost({ name, number: index + 1 }, link, { stderr, gone });
  });
  return {
    hosts,
    whereabouts: (agents) => spec.hosts.map((name) => `${entrance(child.pid ?? 0, agents.get(name) ?? 0)}   # ${name}`),
    async [Symbol.asyncDispose]() {
      child.stdin?.destroy();
      for (const host of hosts) host.input.destroy();
      await gone;
    },
  };
}

/** Host `number`, counted from 1, whose agent's stdio is the other end of `link`. */
function drivenHost(
  { name, number }: { readonly name: string; readonly number: number },
  link: Duplex,
  lab: { readonly stderr: LabStderr; readonly gone: Promise<string> },
): DrivenHost {
  // A host that dies takes its descriptor with it; what was being written then is of no interest.
  link.on("error", () => {});
  return {
    name,
    addresses: { v4: `10.77.0.${number}`, v6: `fd77::${number}` },
    isRoot: isRoot(),
    input: link,
    output: link,
    exited: Promise.race([lab.stderr.hostExit(number), lab.gone.then((how) => `went with its lab, which ${how}`)]),
    stderrTail: lab.stderr.tail,
  };
}

/** The command that enters the network namespace of a host's agent, whose process id counts inside the lab. */
function entrance(lab: number, agent: number): string {
  const user = isRoot() ? "" : " --user --preserve-credentials";
  return `nsenter --target ${lab}${user} --net=/proc/${lab}/root/proc/${agent}/ns/net sh`;
}

/** One of the processors that this process may use. */
async function ownProcessor(choice?: number): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8");
  return chooseProcessor(parseProcessorList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? "0"), choice);
}

/** Kernels differ in the sysctls that a network namespace has of its own. */
async function requireSysctls({ sysctls }: LabSpec): Promise<void> {
  for (const { name, path } of sysctlSettings(sysctls)) {
    await access(`/proc/sys/${path}`).catch((cause: unknown) => {
      throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", `needs the sysctl ${name}, which this kernel lacks`, {
        cause,
      });
    });
  }
}

/** No process can be given more descriptors than the hard limit of the one that starts it. */
async function requireDescriptors({ nofile }: LabSpec): Promise<void> {
  if (nofile === undefined) return;
  const limits = await readFile("/proc/self/limits", "utf8");
  const hard = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (nofile > hard)
    throw new FinwaitError(
      "FINWAIT_CAPABILITY_MISSING",
      `needs ${nofile} descriptors, and the hard limit here is ${hard}`,
    );
}

function unshareArguments(spec: LabSpec): string[] {
  return [
    ...namespaceFlags(),
    ...["sh", "-c", 'eval "$FINWAIT_SCRIPT"', "finwait-lab", process.execPath, agentFile()],
    ...[String(spec.epoch), String(spec.nofile ?? "-"), String(spec.hosts.length)],
    ...sysctlSettings(spec.sysctls).map(({ path, value }) => `${path}=${value}`),
  ];
}

/** What the processes of a lab write to the stderr they share. */
interface LabStderr {
  readonly tail: () => string;
  /** Resolves with how that host's agent ended. */
  readonly hostExit: (number: number) => Promise<string>;
}

/** Follows the shared stderr: keeps its tail for messages and hears which host's agent ended. */
function watchStderr(stream: NodeJS.ReadableStream | null): LabStderr {
  const lines: string[] = [];
  const exits = new Map<number, (how: string) => void>();
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      const ended = /^finwait: host (\d+) (exited with code \d+)$/.exec(line);
      if (ended) exits.get(Number(ended[1]))?.(ended[2] ?? "");
      else lines.push(line);
    }
    lines.splice(0, lines.length - stderrLines);
  });
  return {
    tail: () => [...lines, rest].filter(Boolean).join("\n"),
    hostExit: (number) => new Promise((resolve) => exits.set(number, resolve)),
  };
}
