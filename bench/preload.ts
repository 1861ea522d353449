import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, type Row } from "./table.ts";

const preload = fileURLToPath(new URL("../dist/preload.cjs", import.meta.url));
const atMost = "3 %";
// A process is faster or slower than its twin for as long as it lives, by where its memory lies: sets of them are
// started anew. What else the machine does strikes the short turns of a round alike, and a twin without the preload
// shows how much of a difference is chance.
const sets = 4;
const rounds = 30;
const turnMs = 50;
const clients = 16;

const server = `
const http = require("node:http");
const upstream = process.env.UPSTREAM;
const answer = (_, response) => response.end("hello");
const forward = (_, response) => http.get({ port: upstream, agent: false }, (answer) => answer.pipe(response));
const server = http.createServer(upstream ? forward : answer);
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("message", () => process.send(process.cpuUsage()));
process.on("disconnect", () => process.exit());
`;
const request = (connection: string) => `GET / HTTP/1.1\r\nHost: here\r\nConnection: ${connection}\r\n\r\n`;

/**
 * What the preload takes from the requests per second of an HTTP server, on kept connections and on one for each
 * request; and, where most is done for a request, of a proxy that opens a connection for each.
 */
export async function measurePreload(): Promise<Row[]> {
  const upstream = await startServer({});
  const rows = [
    await measure("taken by the preload from an HTTP server's requests, connections kept", keptConnections, atMost),
    await measure("the same, a connection for every request", freshConnections, atMost),
    await measure("the same, a proxy that opens one for every request", keptConnections, "", `${upstream.port}`),
  ];
  upstream.child.kill();
  return rows;
}

/** Asks until the deadline; resolves to the number of answers. */
type Drive = (port: number, untilMs: number) => Promise<number>;

async function measure(figure: string, drive: Drive, limit: string, upstream = ""): Promise<Row> {
  const results: Turns[] = [];
  for (let set = 0; set < sets; set++) results.push(...(await compare(drive, { UPSTREAM: upstream })));
  const lost = (one: "twin" | "loaded") =>
    percent(1 - median(results.map((round) => round[one].rate / round.plain.rate)));
  const work = percent(median(results.map(({ plain, loaded }) => loaded.cpuUs / plain.cpuUs)) - 1);
  const rate = median(results.map(({ plain }) => plain.rate)).toFixed(0);
  return {
    figure,
    measured: `${lost("loaded")} of ${rate}/s, chance ${lost("twin")}; processor time ${work}`,
    atMost: limit,
  };
}

interface Turn {
  /** Answers in a second. */
  readonly rate: number;
  /** Microseconds of processor time for an answer. */
  readonly cpuUs: number;
}

type Turns = Record<"plain" | "twin" | "loaded", Turn>;

/** Three servers, of which one has the preload, take turns in ever other order. */
async function compare(drive: Drive, env: NodeJS.ProcessEnv): Promise<Turns[]> {
  const folder = mkdtempSync(join(tmpdir(), "finwait-bench-"));
  const plain = await startServer(env);
  const twin = await startServer(env);
  const loaded = await startServer({ ...env, NODE_OPTIONS: `--require=${preload}`, FINWAIT_CALL_SITES: folder });
  for (const one of [plain, twin, loaded, plain, twin, loaded]) await turn(one, drive, 400);
  const turns: Turns[] = [];
  for (let round = 0; round < rounds; round++) {
    const taken = new Map<Server, Turn>();
    const order = [plain, twin, loaded];
    for (let one = 0; one < 3; one++) {
      const next = order[(one + round) % 3] ?? plain;
      taken.set(next, await turn(next, drive, turnMs));
    }
    const of = (one: Server): Turn => taken.get(one) ?? { rate: Number.NaN, cpuUs: Number.NaN };
    turns.push({ plain: of(plain), twin: of(twin), loaded: of(loaded) });
  }
  for (const { child } of [plain, twin, loaded]) child.kill();
  rmSync(folder, { recursive: true });
  return turns;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startServer(env: NodeJS.ProcessEnv): Promise<Server> {
  const child = spawn(process.execPath, ["-e", server], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [port] = await once(child, "message");
  return { child, port };
}

async function turn(server: Server, drive: Drive, lastsMs: number): Promise<Turn> {
  const before = await processorTimeUs(server);
  const begunMs = performance.now();
  const answers = await drive(server.port, begunMs + lastsMs);
  const tookMs = performance.now() - begunMs;
  return { rate: (1000 * answers) / tookMs, cpuUs: ((await processorTimeUs(server)) - before) / answers };
}

async function processorTimeUs({ child }: Server): Promise<number> {
  child.send("processor time");
  const [{ user, system }] = await once(child, "message");
  return user + system;
}

async function keptConnections(port: number, untilMs: number): Promise<number> {
  const text = request("keep-alive");
  let answers = 0;
  const ask = async () => {
    const socket = await open(port);
    await new Promise<void>((resolve) => {
      // An answer is far shorter than a segment: it comes whole.
      socket.on("data", () => {
        answers++;
        if (performance.now() < untilMs) socket.write(text);
        else resolve();
      });
      socket.write(text);
    });
    socket.destroy();
  };
  await Promise.all(Array.from({ length: clients }, ask));
  return answers;
}

async function freshConnections(port: number, untilMs: number): Promise<number> {
  const text = request("close");
  let answers = 0;
  const ask = async () => {
    while (performance.now() < untilMs) {
      const socket = await open(port);
      socket.resume().end(text);
      await once(socket, "close");
      answers++;
    }
  };
  await Promise.all(Array.from({ length: clients }, ask));
  return answers;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}
