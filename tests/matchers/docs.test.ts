import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { type ContainerRuntimeClient, getContainerRuntimeClient } from "testcontainers";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { hostImage } from "../../src/lab/driver/docker/image.ts";
import { driverNamed } from "../../src/lab/driver/drivers.ts";
import { examplesIn, Project } from "./examples.ts";

const examples = await examplesIn("docs/matchers.md");
/** Of the containers that this file starts. */
const label = `finwait.docs-test=${process.pid}`;
const example = (name: string) => examples.get(name) ?? expect.fail(`docs/matchers.md has no ${name}`);

/** A server that says "hello" in HTTP. Where Node's own would end the connection with its client, the other keeps it. */
const app = (closes: boolean) =>
  closes
    ? `import { createServer } from "node:http";
       export const app = createServer((request, response) => response.end("hello"));`
    : `import { createServer } from "node:net";
       const head = "HTTP/1.1 200 OK\\r\\ncontent-length: 5\\r\\nconnection: close\\r\\n\\r\\n";
       export const app = createServer({ allowHalfOpen: true }, (socket) => {
         socket.resume().write(head + "hello");
       });`;
const main = (address: string) => `
  import { app } from "./app.js";
  app.listen(3000, "${address}", () => console.log("listening"));`;

let project: Project;
beforeAll(async () => {
  // The page's port may be somebody's here; in a container it is free.
  const port = `${await freePort()}`;
  const onPort = ([name, text]: [string, string]) => [name, text.replaceAll("3000", port)];
  const files = { ...Object.fromEntries(examples), "server.js": main("127.0.0.1") };
  project = await Project.with(Object.fromEntries(Object.entries(files).map(onPort)));
});
afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

test("the page has the examples that are run here", () => {
  expect([...examples.keys()].toSorted()).toEqual([
    "app.test.ts",
    "container.test.ts",
    "half-close.test.ts",
    "leaks.node-test.mjs",
    "server.test.ts",
    "vitest.config.ts",
  ]);
});

// One after the other: they share a port.
test("the examples of servers pass with a server that is well, and fail with one that leaks", {
  timeout: 90_000,
}, async () => {
  await project.write({ "app.js": app(true) });
  passes(await project.vitest("server.test.ts"));
  passes(await project.vitest("app.test.ts"));
  passes(await project.run(["--test", "leaks.node-test.mjs"]));
  await project.write({ "app.js": app(false) });
  const failed = await project.vitest("server.test.ts");
  expect(failed.ok).toBe(false);
  expect(failed.output).toMatch(await promisedMessage());
  expect(await project.vitest("app.test.ts")).toMatchObject({ ok: false, output: expect.stringMatching(/CLOSE-WAIT/) });
  expect(await project.run(["--test", "leaks.node-test.mjs"])).toMatchObject({
    ok: false,
    output: expect.stringMatching(/the peer has closed, the program has not/),
  });
});

test("the example of a lab passes, and its setup makes the matchers known", { timeout: 90_000 }, async () => {
  passes(await project.vitest("half-close.test.ts"));
  await project.write({
    "half-close.test.ts": example("half-close.test.ts").replace('import "finwait/vitest";\n', ""),
  });
  passes(await project.vitest("half-close.test.ts"));
});

const lacking = (await (await driverNamed("docker")).examine()).filter((one) => one.required && !one.present);
const skips = lacking.length > 0 && process.env.FINWAIT_REQUIRE_DOCKER !== "1";

test.skipIf(skips)(
  "the example of a container passes with a server that is well, and fails with one that leaks",
  { timeout: 120_000 },
  async () => {
    const client = await getContainerRuntimeClient();
    const image = await hostImage(client);
    onTestFinished(() => removeContainers(client));
    const content = (name: string, text: string) => `{ target: "/${name}", content: ${JSON.stringify(text)} }`;
    const started = (closes: boolean) =>
      example("container.test.ts").replace(
        'new GenericContainer("my-app")',
        `new GenericContainer("${image}").withCommand(["node", "/server.mjs"]).withLabels({ "finwait.docs-test": "${process.pid}" }).withCopyContentToContainer([${[
          content("app.mjs", app(closes)),
          content("server.mjs", main("0.0.0.0").replace("app.js", "app.mjs")),
        ].join(", ")}])`,
      );
    // The reaper's image may not be there, and the example stops what it has started. An engine of this machine publishes
    // on loopback, where Testcontainers does not look when the machine is a container itself.
    const isRemote = !(process.env.DOCKER_HOST ?? "unix:").startsWith("unix:");
    const env = {
      TESTCONTAINERS_RYUK_DISABLED: "true",
      ...(isRemote ? {} : { TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1" }),
    };
    await project.write({ "container.test.ts": started(true) });
    passes(await project.vitest("container.test.ts", env));
    await project.write({ "container.test.ts": started(false) });
    const { ok, output } = await project.vitest("container.test.ts", env);
    expect(output).toMatch(/container \S+ .*leaks 1 socket/);
    expect(ok).toBe(false);
  },
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : expect.fail("no port");
}

/** What an example that was broken off has left. */
async function removeContainers(client: ContainerRuntimeClient): Promise<void> {
  const engine = client.container.dockerode;
  const left = await engine.listContainers({ all: true, filters: { label: [label] } });
  for (const { Id } of left) await engine.getContainer(Id).remove({ force: true });
}

function passes({ ok, output }: { readonly ok: boolean; readonly output: string }): void {
  if (!ok) expect.fail(output);
}

/** The failure that the page shows: its numbers are another time's, and "…" stands for what was left out. */
async function promisedMessage(): Promise<RegExp> {
  const page = await readFile(new URL("../../docs/matchers.md", import.meta.url), "utf8");
  const [, shown = ""] = /```text\n([\s\S]*?)\n```/.exec(page) ?? [];
  const literal = shown.split(/(…|[\d.]+ m?s\b|\d+ readings|\(\w+\)|by \w+|\d+)/).map((part, index) => {
    if (index % 2 === 0) return part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    return part === "…" ? "[^]*?" : /^\d+$/.test(part) ? "\\d+" : "[^\\n]*?";
  });
  return new RegExp(literal.join(""));
}
