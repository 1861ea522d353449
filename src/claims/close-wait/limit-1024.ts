import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed } from "../../judge/question.ts";
import type { Session } from "../../lab/session.ts";
import { manual, notes } from "../sources.ts";

/** The host agent's own Node; the script's argument is its process id. */
const sameRuntime = '"$(readlink "/proc/$1/exe")"';
const printLimits = `-e 'process.stdout.write(require("fs").readFileSync("/proc/self/limits", "utf8"))'`;

export const limit1024: Claim = {
  address: "close-wait/limit-1024",
  statement: {
    en: "A process may open 1024 descriptors: with so many in CLOSE-WAIT the limit is reached.",
    zh: "一个进程最多打开 1024 个描述符：有这么多连接处于 CLOSE-WAIT 时就到了上限。",
  },
  sources: [...notes("N0"), manual("getrlimit(2)", "RLIMIT_NOFILE")],
  cases: [
    {
      name: "the limit that holds for a Node process here",
      async experiment(lab) {
        await lab.descriptors("now");
      },
      question: (t) => [claimed("it is 1024", measured(t, { name: "descriptor limit", label: "now" }, is1024))],
    },
    {
      name: "the limit up to which that process may raise it",
      async experiment(lab) {
        await lab.descriptors("now");
      },
      question: (t) => [claimed("it is 1024", measured(t, { name: "hard descriptor limit", label: "now" }, is1024))],
    },
    { name: "a shell that Node has started", ...asTold("ulimit -Sn") },
    { name: "the host's first process", ...asTold("cat /proc/1/limits") },
    {
      name: "Node itself, started with a soft limit of 1024 below its hard limit",
      ...asTold(`ulimit -Sn 1024 && exec ${sameRuntime} ${printLimits}`),
    },
  ],
};

const is1024 = (limit: number) => limit === 1024;

/** A soft limit that a shell command prints: alone, or as a line of `/proc/<pid>/limits`. */
function asTold(script: string): Pick<Case, "experiment" | "question"> {
  return {
    experiment: async (lab) => await tell(lab, script),
    question: (t) => [claimed("it is 1024", measured(t, { name: "descriptor limit", label: "told" }, is1024))],
  };
}

async function tell(lab: Session, script: string): Promise<void> {
  const { name, pid, run } = lab.host("server");
  const told = (await run("sh", ["-c", script, "sh", `${pid}`])).trim();
  const soft = /^Max open files +(\d+)/m.exec(told)?.[1] ?? told;
  lab.story.note(name, `sh -c '${script}'`);
  if (/^\d+$/.test(soft)) {
    lab.story.measure(name, { name: "descriptor limit", label: "told", value: Number(soft), unit: "descriptors" });
  }
}
