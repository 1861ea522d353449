import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { alone } from "./alone.mjs";
import { say, state } from "./places.mjs";
import { run } from "./run.mjs";

/** What the netns driver calls, and the Debian package that carries it. */
const tools = /** @type {const} */ ([
  ["ip", "iproute2"],
  ["ss", "iproute2"],
  ["nft", "nftables"],
  ["tcpdump", "tcpdump"],
  ["unshare", "util-linux"],
  ["nsenter", "util-linux"],
  ["taskset", "util-linux"],
]);

/** Makes the kernel's tools available, or says how; never an error, since the docker driver brings its own. */
export async function installTools() {
  if (process.platform !== "linux") {
    say("the netns driver needs Linux; on this system use --driver docker");
    return;
  }
  if (missing().length === 0) return;
  if (process.getuid?.() === 0 && distribution().has("debian") && find("apt-get") !== undefined) {
    await alone(() => missing().length > 0, installWithApt);
  } else {
    const packages = missingPackages();
    say(
      `${missing().join(", ")} not found, which the netns driver needs (--driver docker does not): ${command(packages)}`,
    );
  }
}

function missing() {
  return tools.map(([tool]) => tool).filter((tool) => find(tool) === undefined);
}

function missingPackages() {
  const names = missing();
  return [...new Set(tools.filter(([tool]) => names.includes(tool)).map(([, name]) => name))];
}

/** @param {(pid: number) => void} note */
async function installWithApt(note) {
  const packages = missingPackages();
  say(`installing ${packages.join(", ")} with apt-get, for the netns driver`);
  const patience =
    "-o DPkg::Lock::Timeout=120 -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20";
  const script = `apt-get ${patience} update && apt-get ${patience} install -y --no-install-recommends ${packages.join(" ")}`;
  const log = join(state, "apt-get.log");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { ok, how } = await run(["/bin/sh", "-c", script], { cwd: "/", log, env, onStart: note });
  if (!ok)
    say(`apt-get ${how} (see ${log}); going on without ${missing().join(", ")}: --driver docker does not need them`);
}

/** @param {readonly string[]} packages */
function command(packages) {
  const sudo = process.getuid?.() === 0 ? "" : "sudo ";
  const known = distribution();
  const names = packages.join(" ");
  if (known.has("debian")) {
    return `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${names}`;
  }
  // The package is called iproute where rpm comes from Red Hat.
  if (known.has("fedora") || known.has("rhel")) return `${sudo}dnf install -y ${names.replace("iproute2", "iproute")}`;
  if (known.has("alpine")) return `${sudo}apk add ${names}`;
  if (known.has("arch")) return `${sudo}pacman -S --needed ${names}`;
  if (known.has("suse") || known.has("opensuse")) return `${sudo}zypper install -y ${names}`;
  return `install ${packages.join(", ")} with this system's package manager`;
}

/** The names this system answers to, its own and those it is like. */
function distribution() {
  for (const file of ["/etc/os-release", "/usr/lib/os-release"]) {
    if (!existsSync(file)) continue;
    const names = [...readFileSync(file, "utf8").matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) =>
      (match[1] ?? "").split(" "),
    );
    return new Set(names);
  }
  return new Set(existsSync("/etc/debian_version") ? ["debian"] : []);
}

/** @param {string} tool */
function find(tool) {
  // A user's PATH on Debian lacks the sbin folders, where nft and tcpdump live.
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    "/usr/sbin",
    "/sbin",
    "/usr/local/sbin",
    "/usr/bin",
    "/bin",
  ];
  return folders.map((folder) => join(folder, tool)).find(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
