import { access, constants, readFile } from "node:fs/promises";
import { execa } from "execa";
import type { Capability } from "../driver.ts";
import { isRoot, namespaceFlags, programFolders, programPath } from "./namespaces.ts";

/** The programs a namespace lab is made with, and the Debian package of each. */
const programs = [
  { name: "unshare", package: "util-linux", required: true, for: "making namespaces" },
  { name: "taskset", package: "util-linux", required: true, for: "keeping segments in order" },
  { name: "nsenter", package: "util-linux", required: true, for: "joining hosts by a bridge" },
  { name: "ip", package: "iproute2", required: true, for: "addresses and links" },
  { name: "ss", package: "iproute2", required: true, for: "reading kernel states" },
  { name: "nft", package: "nftables", required: true, for: "losing chosen segments" },
  { name: "tcpdump", package: "tcpdump", required: false, for: "capturing segments" },
  { name: "perl", package: "perl-base", required: false, for: "peers that do what Node cannot" },
  { name: "prlimit", package: "util-linux", required: false, for: "processes with few descriptors" },
] as const;

/** What this machine can do as namespaces, found out by trying. */
export async function examineNetns(): Promise<readonly Capability[]> {
  if (process.platform !== "linux") {
    const detail = `namespaces are Linux's; this is ${process.platform}`;
    return [{ name: "Linux", present: false, required: true, detail, mend: "finwait run --driver docker" }];
  }
  const found = await Promise.all(programs.map(examineProgram));
  const missing = found.some((capability) => capability.required && !capability.present);
  return [...found, ...(missing ? [] : [await examineNamespaces()])];
}

async function examineProgram(program: (typeof programs)[number]): Promise<Capability> {
  const places = await Promise.all(
    programFolders.map(async (folder) => {
      const file = `${folder}/${program.name}`;
      return (await access(file, constants.X_OK).then(
        () => true,
        () => false,
      ))
        ? [file]
        : [];
    }),
  );
  const file = places.flat()[0];
  const sudo = isRoot() ? "" : "sudo ";
  return {
    name: program.name,
    present: file !== undefined,
    required: program.required,
    detail: file ?? `not found; it is needed for ${program.for}`,
    ...(file === undefined ? { mend: `${sudo}apt-get install ${program.package}` } : {}),
  };
}

/** Makes a namespace with a bridge, a veth and an nft table in it, and lets it go again. */
async function examineNamespaces(): Promise<Capability> {
  const trial = [
    "ip link add lab type bridge",
    "ip link add veth0 type veth peer name veth1",
    "nft add table inet finwait",
    "ss -Htan >/dev/null",
  ].join(" && ");
  const { exitCode, stderr, originalMessage } = await execa("unshare", [...namespaceFlags(), "sh", "-c", trial], {
    env: { PATH: programPath },
    reject: false,
    stdin: "ignore",
    timeout: 5_000,
  });
  const name = isRoot() ? "network namespaces (as root)" : "network namespaces (rootless)";
  if (exitCode === 0)
    return { name, present: true, required: true, detail: "made one with a bridge, a veth and an nft table" };
  const mend = await mendNamespaces();
  return {
    name,
    present: false,
    required: true,
    detail: stderr.trim() || originalMessage || `unshare exited with code ${exitCode}`,
    ...(mend ? { mend } : {}),
  };
}

/** The three switches that distributions turn user namespaces off with. */
async function mendNamespaces(): Promise<string | undefined> {
  if (isRoot()) return "run where CAP_SYS_ADMIN is allowed, or use --driver docker";
  const read = (file: string) =>
    readFile(`/proc/sys/${file}`, "utf8").then(
      (text) => text.trim(),
      () => undefined,
    );
  if ((await read("kernel/apparmor_restrict_unprivileged_userns")) === "1") {
    return "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if ((await read("kernel/unprivileged_userns_clone")) === "0") return "sudo sysctl kernel.unprivileged_userns_clone=1";
  if ((await read("user/max_user_namespaces")) === "0") return "sudo sysctl user.max_user_namespaces=15000";
  return "run as root, or use --driver docker";
}
