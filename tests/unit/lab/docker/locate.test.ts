import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeMissingEngine, engineAddresses, findEngine } from "../../../../src/lab/driver/docker/locate.ts";

let folder: string;
const servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "finwait-locate-"));
});

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true });
});

/** An engine's socket that says `answer` to everybody; undefined accepts and says nothing. */
async function engineSaying(answer: string | undefined): Promise<{ uri: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => (answer === undefined ? undefined : socket.end(answer)));
  });
  servers.push(server);
  const path = join(folder, `${servers.length}.sock`);
  server.listen(path);
  await once(server, "listening");
  return { uri: `unix://${path}` };
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"found":1}';

describe("looking for an engine", () => {
  test("finds the first that answers, and says why the ones before did not", async () => {
    const silent = { uri: `unix://${join(folder, "nobody.sock")}` };
    const broken = await engineSaying("HTTP/1.1 500 Sorry\r\nContent-Length: 4\r\n\r\nhelp");
    const working = await engineSaying(ok);
    const found = await findEngine("/info", [silent, broken, working]);
    expect(found).toMatchObject({ found: true, address: working, answer: { found: 1 } });
    expect(await findEngine("/info", [silent, broken])).toMatchObject({
      found: false,
      tried: [{ why: expect.stringContaining("ENOENT") }, { why: "HTTP 500: help" }],
    });
  });

  test("gives an engine up that accepts and says nothing, and one that says nonsense", async () => {
    const hung = await engineSaying(undefined);
    expect(await findEngine("/info", [hung], AbortSignal.timeout(50))).toMatchObject({
      found: false,
      tried: [{ why: "no answer in time" }],
    });
    const mad = await engineSaying("220 mail.example ESMTP\r\n");
    expect(await findEngine("/info", [mad])).toMatchObject({ found: false });
    expect(await findEngine("/info", [{ uri: "nonsense" }, { uri: "ssh://host" }])).toMatchObject({ found: false });
  });

  test("asks the engine that was named and no other; else the system's socket, then the user's own", () => {
    const env = {
      DOCKER_HOST: "tcp://engine:2376",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: "/certificates",
      XDG_RUNTIME_DIR: "/run/user/1",
    };
    expect(engineAddresses(env, () => true)).toEqual([
      { uri: "tcp://engine:2376", tls: { certificates: "/certificates" } },
    ]);
    expect(engineAddresses({ XDG_RUNTIME_DIR: "/run/user/1" }, () => true)).toEqual([
      { uri: "unix:///var/run/docker.sock" },
      { uri: "unix:///run/user/1/docker.sock" },
    ]);
    expect(engineAddresses({}, () => false)).toEqual([]);
  });

  test("ends with the command that mends it", () => {
    const at = (why: string) => describeMissingEngine([{ uri: "unix:///var/run/docker.sock", why }]).mend;
    expect(at("connect ECONNREFUSED")).toBe("sudo systemctl start docker");
    expect(at("connect EACCES")).toContain("usermod");
    expect(describeMissingEngine([]).mend).toContain("install");
  });
});
