import { readFile } from "node:fs/promises";
import { execa } from "execa";
import type { Capability } from "../driver.ts";
import { dockerfilePath, imageTag, runtimePackageFor } from "./image.ts";
import { describeMissingEngine, findEngine } from "./locate.ts";

/** What of the engine's /info is looked at. */
interface EngineInfo {
  readonly ServerVersion?: string;
  readonly OSType?: string;
  readonly Architecture?: string;
  readonly SecurityOptions?: readonly string[];
}

type Ask = (path: string) => Promise<unknown>;

/** What the machine has for the docker driver. Asks the engine with a deadline and loads no Testcontainers. */
export async function examineDocker(): Promise<readonly Capability[]> {
  const search = await findEngine("/info");
  if (!search.found) {
    return [{ name: "Docker engine", present: false, required: true, ...describeMissingEngine(search.tried) }];
  }
  const info = search.answer as EngineInfo;
  const engine = examineEngine(search.address.uri, info);
  return engine.present ? [engine, ...(await examineImage(search.ask, info)), cleanUp()] : [engine];
}

function examineEngine(uri: string, info: EngineInfo): Capability {
  const { ServerVersion = "?", OSType = "?", Architecture = "?", SecurityOptions = [] } = info;
  const isRootless = SecurityOptions.some((option) => option.includes("name=rootless"));
  const where = uri.startsWith("unix:") || uri.startsWith("npipe:") ? "local" : "remote";
  const detail = `${ServerVersion} at ${uri}, ${OSType}/${Architecture}, ${isRootless ? "rootless" : "rootful"}, ${where}`;
  const common = { name: "Docker engine", required: true, detail };
  if (OSType !== "linux") return { ...common, present: false, mend: "switch Docker to Linux containers" };
  try {
    runtimePackageFor(Architecture);
    return { ...common, present: true };
  } catch {
    return { ...common, present: false, mend: "use an engine on x86_64 or arm64, through DOCKER_HOST" };
  }
}

async function examineImage(ask: Ask, { Architecture = "" }: EngineInfo): Promise<Capability[]> {
  const name = "Docker host image";
  const dockerfile = await readFile(dockerfilePath(), "utf8");
  const version = process.versions.node;
  const tag = imageTag(dockerfile, { name: runtimePackageFor(Architecture), version });
  const has = (image: string) => {
    return ask(`/images/${image}/json`).then(
      () => true,
      () => false,
    );
  };
  if (await has(tag)) return [{ name, present: true, required: false, detail: `${tag}, with Node ${version}` }];
  const [base = ""] = [...dockerfile.matchAll(/^FROM\s+(\S+)/gim)].map(([, image]) => image ?? "");
  const [hasBase, npm] = await Promise.all([has(base), examineNpm()]);
  const image: Capability = hasBase
    ? { name, present: true, required: false, detail: `not built yet; the first lab builds it from ${base}` }
    : {
        name,
        present: false,
        required: false,
        detail: `neither it nor its base, ${base}, is here; the first lab pulls the base`,
        mend: `docker pull ${base}`,
      };
  return [image, npm];
}

/** The runtime in the host image comes from npm. */
async function examineNpm(): Promise<Capability> {
  const { failed, stdout, shortMessage } = await execa("npm", ["--version"], { reject: false, timeout: 5_000 });
  const common = { name: "npm", required: false };
  if (!failed) return { ...common, present: true, detail: `${stdout}; it fetches the host image's runtime` };
  return { ...common, present: false, detail: shortMessage ?? "does not run", mend: "install npm" };
}

function cleanUp(): Capability {
  const isDisabled = process.env.TESTCONTAINERS_RYUK_DISABLED === "true";
  return {
    name: "Docker clean-up",
    present: true,
    required: false,
    detail: `finwait's own watchdog; Ryuk is ${isDisabled ? "disabled and" : ""} not needed`.replace("  ", " "),
  };
}
