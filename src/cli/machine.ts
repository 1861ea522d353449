import { arch, availableParallelism, release } from "node:os";
import { execa } from "execa";

/** What the verdicts of a run were reached on: evidence without its machine is hearsay. */
export async function describeMachine(): Promise<Readonly<Record<string, string>>> {
  const ss = await execa("ss", ["-V"], {
    reject: false,
    timeout: 2_000,
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  return {
    system: process.platform,
    kernel: release(),
    arch: arch(),
    cores: String(availableParallelism()),
    runtime: `node ${process.versions.node}`,
    iproute2: /iproute2-(\S+?),?(\s|$)/.exec(ss.stdout ?? "")?.[1] ?? "unknown",
    user: process.getuid?.() === 0 ? "root" : "not root",
  };
}
