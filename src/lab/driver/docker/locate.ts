import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { FinwaitError } from "../../../model/errors.ts";

/** For the whole search and what is asked after it. */
const answerWithinMs = 5_000;

/** Where an engine may be listening. */
export interface EngineAddress {
  /** As DOCKER_HOST would say it. */
  readonly uri: string;
  readonly tls?: { readonly certificates: string };
}

/** What became of looking for an engine. */
export type Search =
  | {
      readonly found: true;
      readonly address: EngineAddress;
      /** What it said to the question it was found by. */
      readonly answer: unknown;
      readonly ask: (path: string) => Promise<unknown>;
    }
  | { readonly found: false; readonly tried: readonly { readonly uri: string; readonly why: string }[] };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds the engine Testcontainers would take, by asking each candidate with a deadline. Testcontainers itself waits for
 * ever on an engine that accepts and says nothing, and does not tell why it found none.
 */
export async function findEngine(
  question: string,
  addresses: readonly EngineAddress[] = engineAddresses(),
  signal: AbortSignal = AbortSignal.timeout(answerWithinMs),
): Promise<Search> {
  const tried: { uri: string; why: string }[] = [];
  for (const address of addresses) {
    const ask = (path: string) => askEngine(address, path, signal);
    try {
      return { found: true, address, answer: await ask(question), ask };
    } catch (error) {
      tried.push({ uri: address.uri, why: error instanceof Error ? error.message || error.name : String(error) });
    }
  }
  return { found: false, tried };
}

/** @throws FINWAIT_CAPABILITY_MISSING saying where an engine was looked for and how to start one. */
export async function requireEngine(): Promise<void> {
  const search = await findEngine("/_ping");
  if (search.found) return;
  const { detail, mend } = describeMissingEngine(search.tried);
  throw new FinwaitError(
    "FINWAIT_CAPABILITY_MISSING",
    `The docker driver needs a Docker engine: ${detail}. Try: ${mend}`,
  );
}

export function describeMissingEngine(tried: readonly { readonly uri: string; readonly why: string }[]): {
  readonly detail: string;
  readonly mend: string;
} {
  if (tried.length === 0) {
    const install =
      process.platform === "linux" ? "sudo apt-get install docker.io" : "install Docker Desktop and start it";
    return { detail: "no engine's socket is here", mend: install };
  }
  const detail = tried.map(({ uri, why }) => `${uri} did not answer (${why})`).join(", ");
  if (tried.some(({ why }) => why.includes("EACCES"))) {
    return { detail, mend: "sudo usermod -aG docker $USER (and log in again)" };
  }
  const remote = tried.find(({ uri }) => !uri.startsWith("unix:"));
  if (remote) return { detail, mend: `start the engine at ${remote.uri}, or unset DOCKER_HOST` };
  return { detail, mend: process.platform === "linux" ? "sudo systemctl start docker" : "start Docker Desktop" };
}

/** What its properties file and DOCKER_HOST name; where they name nothing, the system's socket, then a user's own. */
export function engineAddresses(env: Environment = process.env, exists = existsSync): EngineAddress[] {
  const properties = readProperties(join(homedir(), ".testcontainers.properties"));
  const dockerHost = env.DOCKER_HOST ?? properties.get("docker.host");
  const verify = env.DOCKER_TLS_VERIFY ?? properties.get("docker.tls.verify");
  const certificates = env.DOCKER_CERT_PATH ?? properties.get("docker.cert.path");
  const tls = verify === "1" && certificates !== undefined ? { tls: { certificates } } : {};
  const named = [properties.get("tc.host"), dockerHost].flatMap((uri) => (uri ? [{ uri, ...tls }] : []));
  // An engine that was named is the one that is meant: no other is used in its place.
  if (named.length > 0) return named;
  if (process.platform === "win32") return [{ uri: "npipe:////./pipe/docker_engine" }];
  const system = ["/var/run/docker.sock"].filter(exists);
  const own = [
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, "docker.sock")] : []),
    join(homedir(), ".docker", "run", "docker.sock"),
    join(homedir(), ".docker", "desktop", "docker.sock"),
    `/run/user/${process.getuid?.() ?? 0}/docker.sock`,
  ].filter(exists);
  return [...system, ...own.slice(0, 1)].map((path) => ({ uri: `unix://${path}` }));
}

function readProperties(file: string): ReadonlyMap<string, string> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, "utf8").split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^\s*([a-z.]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
      return key && value ? [[key, value] as const] : [];
    }),
  );
}

async function askEngine(address: EngineAddress, path: string, signal: AbortSignal): Promise<unknown> {
  try {
    const request = (address.tls ? httpsRequest : httpRequest)({
      ...connectionTo(address),
      path,
      agent: false,
      signal,
    });
    // The first error rejects below; what follows it would end the process.
    request.on("error", () => {}).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const body = await text(response);
    if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}: ${body.trim().slice(0, 200)}`);
    return response.headers["content-type"]?.includes("json") ? JSON.parse(body) : body;
  } catch (error) {
    throw signal.aborted ? new Error("no answer in time") : error;
  }
}

function connectionTo({ uri, tls }: EngineAddress): RequestOptions {
  const [, socketPath] = /^(?:unix|npipe):\/\/(\/.*)$/.exec(uri) ?? [];
  if (socketPath) return { socketPath };
  if (uri.startsWith("ssh:")) throw new Error("Testcontainers speaks no SSH: forward the engine's socket with ssh -L");
  const { hostname, port } = new URL(uri);
  const read = (name: string) => readFileSync(join(tls?.certificates ?? ".", name));
  return {
    host: hostname,
    port: port || (tls ? 2376 : 2375),
    ...(tls ? { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") } : {}),
  };
}
