import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { serveMetrics } from "../../../src/leak/watch/metrics.ts";
import { Watcher } from "../../../src/leak/watch/watcher.ts";
import type { SocketsReading } from "../../../src/model/leak.ts";
import { closeWait, node, reading } from "./rows.ts";

const loopback = { host: "127.0.0.1", port: 0 };

function watched(...seen: readonly SocketsReading[]) {
  const watcher = new Watcher({ subject: "this machine" });
  const descriptors = [{ pid: 4711, process: "node", open: 30, limit: 1024 }];
  const [end] = seen.map((one) => watcher.take(one, { at: "", tookMs: 12, descriptors })).slice(-1);
  if (end === undefined) throw new Error("no reading");
  return end;
}

async function fetched(url: string, accept = "*/*") {
  const response = await fetch(url, { headers: { accept } });
  return { type: response.headers.get("content-type"), status: response.status, text: await response.text() };
}

describe("metrics", () => {
  test("show the last reading by state and process", async () => {
    await using server = await serveMetrics(loopback);
    const rows = [closeWait(1), closeWait(2), closeWait(3, { state: "FIN-WAIT-2" })];
    server.show(watched(reading(0, rows), reading(7000, rows)));
    const { text, type } = await fetched(server.url);
    expect(type).toContain("text/plain");
    expect(text).toContain('finwait_sockets{state="CLOSE-WAIT",process="node"} 2');
    expect(text).toContain('finwait_socket_oldest_age_seconds{state="FIN-WAIT-2",process="node"} 7');
    expect(text).toContain('finwait_descriptors_open{process="node",pid="4711"} 30');
    expect(text).toContain('finwait_descriptors_limit{process="node",pid="4711"} 1024');
    expect(text).toContain("finwait_reading_seconds 0.012");
    server.show(watched(reading(0, [])));
    expect((await fetched(server.url)).text).not.toContain("CLOSE-WAIT");
  });

  test("are not there before the first reading, and that is said", async () => {
    await using server = await serveMetrics(loopback);
    expect(await fetched(server.url)).toMatchObject({ status: 503, text: expect.stringContaining("no reading yet") });
    server.show(watched(reading(0, [])));
    expect((await fetched(server.url)).status).toBe(200);
  });

  test("come as OpenMetrics to whom asks for it", async () => {
    await using server = await serveMetrics(loopback);
    server.show(watched(reading(0, [])));
    const { text, type } = await fetched(
      server.url,
      "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.2",
    );
    expect(type).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(text).toMatch(/# EOF\n$/);
  });

  test("tell at most fifty process names apart, however many there are", async () => {
    await using server = await serveMetrics(loopback);
    const rows = Array.from({ length: 200 }, (_, id) => closeWait(id));
    const holders = new Map(rows.map(({ inode = 0 }) => [inode, [{ ...node, pid: inode, process: `p${inode}` }]]));
    server.show(watched({ atMs: 0, rows, holders }));
    const { text } = await fetched(server.url);
    expect(text.match(/^finwait_sockets\{/gm)).toHaveLength(51);
    expect(text).toContain('finwait_sockets{state="CLOSE-WAIT",process="(others)"} 150');
  });

  test("are not brought down by a request that is no address", async () => {
    await using server = await serveMetrics(loopback);
    server.show(watched(reading(0, [])));
    const { port } = new URL(server.url);
    const socket = connect(Number(port), loopback.host);
    socket.end("GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 404 /);
    expect((await fetched(`${server.url}?name=1`)).status).toBe(200);
  });

  test("a name with quotes and line ends stays one label", async () => {
    await using server = await serveMetrics(loopback);
    server.show(watched(reading(0, [closeWait(1)], { ...node, process: 'a"}\n1 b' })));
    expect((await fetched(server.url)).text).toContain('finwait_sockets{state="CLOSE-WAIT",process="a\\"}\\n1 b"} 1');
  });

  test("are found only at /metrics, and only read", async () => {
    await using server = await serveMetrics(loopback);
    expect((await fetched(new URL("/", server.url).href)).status).toBe(404);
    expect((await fetch(server.url, { method: "POST" })).status).toBe(405);
  });

  test("a port in use is the caller's mistake", async () => {
    await using server = await serveMetrics(loopback);
    const port = Number(new URL(server.url).port);
    await expect(serveMetrics({ ...loopback, port })).rejects.toMatchObject({ code: "FINWAIT_USAGE" });
  });
});
