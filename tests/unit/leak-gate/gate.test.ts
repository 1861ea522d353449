import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { environmentOf } from "../../../src/leak/gate/environment.ts";
import { forecast } from "../../../src/leak/gate/forecast.ts";
import { connectLanguage, httpLanguage } from "../../../src/leak/gate/language.ts";
import { manners } from "../../../src/leak/gate/manners.ts";
import { causeWords } from "../../../src/report/leak/causes.ts";
import { leakedSocket } from "./report.ts";

const docs = readFileSync(new URL("../../../docs/leaks.md", import.meta.url), "utf8");

describe("docs/leaks.md", () => {
  test("has every manner with its number of connections", () => {
    for (const { name, connections } of manners)
      expect(docs).toMatch(new RegExp(`^\\| ${name} \\|.*\\| ${connections} \\|$`, "m"));
  });

  test("has every cause", () => {
    for (const cause of Object.keys(causeWords)) expect(docs).toContain(`| \`${cause}\` |`);
  });
});

test("peers that stay come after all that do not, in the table as well", () => {
  const firstStaying = manners.findIndex(({ stays }) => stays);
  expect(manners.slice(firstStaying).every(({ stays }) => stays)).toBe(true);
});

describe("EMFILE is foretold", () => {
  const trial = (name: string, connections: number) => ({ name, connections, spoken: "http" as const });
  const node = { pid: 7, process: "node", open: 24, limit: 124 };

  test("from the share of connections that a manner leaves behind", () => {
    const leaked = [leakedSocket({ manner: "reset" }), leakedSocket({ manner: "reset" })];
    const [found] = forecast(leaked, [trial("orderly close", 3), trial("reset", 4)], [node]);
    expect(found).toEqual({ ...node, manner: "reset", connections: 200 });
  });

  test("from the manner that costs the most, which may cost several sockets a connection", () => {
    const leaked = [leakedSocket({ manner: "a" }), ...["b", "b", "b", "b"].map((manner) => leakedSocket({ manner }))];
    expect(forecast(leaked, [trial("a", 1), trial("b", 2)], [node])).toMatchObject([{ manner: "b", connections: 50 }]);
  });

  test("not of a process that holds nothing leaked, nor of one without a limit", () => {
    const leaked = [leakedSocket({ manner: "a" })];
    expect(forecast(leaked, [trial("a", 1)], [{ ...node, pid: 8 }])).toEqual([]);
    expect(forecast(leaked, [trial("a", 1)], [{ ...node, limit: Number.POSITIVE_INFINITY }])).toEqual([]);
  });
});

describe("the program's environment", () => {
  const given = { PATH: "/home/me/bin", HOME: "/home/me", PORT: "3000", NODE_ENV: "production", NONE: undefined };

  test("is the caller's, where the file system is", () => {
    expect(environmentOf("netns", given, { PORT: "1" })).toEqual([
      "PATH=/home/me/bin",
      "HOME=/home/me",
      "PORT=1",
      "NODE_ENV=production",
    ]);
  });

  test("has nothing of this machine's places in a container", () => {
    const env = environmentOf("docker", { ...given, npm_config_prefix: "/x", NODE_OPTIONS: "--inspect" }, {});
    expect(env.filter((one) => one.includes("/home/me") || one.includes("npm_") || one.includes("inspect"))).toEqual(
      [],
    );
    expect(env).toContain("PORT=3000");
    expect(env.some((one) => one.startsWith("PATH=/usr/local/sbin:"))).toBe(true);
  });
});

describe("what a peer says", () => {
  const target = { address: "fd77::2", port: 80 };

  test("over HTTP names the host, in brackets where it is IPv6, and ends with an empty line", () => {
    const { request, lastRequest } = httpLanguage(target, "/x", { answerBytes: 1, answerWithinMs: 1 });
    expect(request).toMatch(/^GET \/x HTTP\/1\.1\r\nHost: \[fd77::2\]:80\r\n/);
    expect(request.endsWith("\r\n\r\n")).toBe(true);
    expect(lastRequest).toContain("\r\nConnection: close\r\n");
  });

  test("to a tunnel is where that tunnel leads, whatever it was asked before", () => {
    const first = connectLanguage({ address: "10.77.0.1", port: 1 }, { answerBytes: 9, answerWithinMs: 8 });
    expect(connectLanguage({ address: "10.77.0.1", port: 2 }, first)).toMatchObject({
      request: "CONNECT 10.77.0.1:2 HTTP/1.1\r\nHost: 10.77.0.1:2\r\n\r\n",
      answerBytes: 9,
    });
  });
});
