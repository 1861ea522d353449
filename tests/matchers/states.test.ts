import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Endpoint } from "../../src/lab/endpoint.ts";
import { type Lab, openLab } from "../../src/lab/lab.ts";
import "../../src/matchers/vitest.ts";
import { failureOf } from "./failure.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

/** A matcher has made its first reading: a host reads its table in the order of asking. */
const hasBegun = (endpoint: Endpoint) => endpoint.state();

const halfOpen = () => lab.connect({ server: { allowHalfOpen: true } });

describe("toReach", () => {
  test("is met when the kernel shows the state, or one of several", async () => {
    const { client, server } = await halfOpen();
    await client.end();
    await expect(client).toReach("FIN-WAIT-2");
    await expect(server).toReach(["CLOSE-WAIT", "LAST-ACK"], { within: 2_000 });
  });

  test("fails with the state there is instead, its line of ss, and the story of both ends", async () => {
    const { client } = await halfOpen();
    await client.end();
    const message = await failureOf(expect(client).toReach("TIME-WAIT", { within: 150 }));
    expect(message).toMatch(
      /^client\S* did not reach TIME-WAIT within 150 ms; it is still in\n {2}FIN-WAIT-2: it has ended/,
    );
    expect(message).toMatch(/^ {2}ss: FIN-WAIT-2 0 0 10\.77\.0\.1:\d+ 10\.77\.0\.2:\d+/m);
    expect(message).toContain("end()");
    expect(message).toMatch(/'end'/);
    expect(message.split("\n").length).toBeLessThan(45);
  });

  test("tells of its own connection only, though the lab has others", async () => {
    const { client } = await lab.connect({ client: { name: "alice" } });
    const { client: other } = await lab.connect({ client: { name: "bob" } });
    await other.destroy();
    const message = await failureOf(expect(client).toReach("CLOSE-WAIT", { within: 50 }));
    expect(message).toContain("alice");
    expect(message).not.toContain("bob");
  });

  test("with .not is met when the state is not seen for as long as said, and fails when it is", async () => {
    const { client } = await halfOpen();
    await expect(client).not.toReach("FIN-WAIT-2", { within: 100 });
    await client.end();
    const message = await failureOf(expect(client).not.toReach("FIN-WAIT-2", { within: 1_000 }));
    expect(message).toMatch(/was not to reach FIN-WAIT-2 within 1000 ms, but did/);
  });
});

describe("toStayIn", () => {
  test("is met when every reading shows the state, and fails as soon as one does not", async () => {
    const { client, server } = await halfOpen();
    await client.end();
    await expect(client).toReach("FIN-WAIT-2");
    await expect(client).toStayIn("FIN-WAIT-2", { for: 200 });
    expect(await failureOf(expect(client).not.toStayIn("FIN-WAIT-2", { for: 100 }))).toMatch(/was not to stay in/);
    const staying = failureOf(expect(client).toStayIn("FIN-WAIT-2", { for: 5_000 }));
    await hasBegun(client);
    await server.end();
    expect(await staying).toMatch(/was to stay in FIN-WAIT-2 for 5000 ms, but went on to\n {2}TIME-WAIT/);
    await expect(client).not.toStayIn("FIN-WAIT-2", { for: 100 });
  });

  test("says so when the state was not there to begin with", async () => {
    const { client } = await halfOpen();
    const message = await failureOf(expect(client).toStayIn("CLOSE-WAIT", { for: 100 }));
    expect(message).toMatch(/was not in it to begin with \(await toReach first\); it is in\n {2}ESTABLISHED/);
  });
});

describe("toBeHalfClosed", () => {
  test("is met at both ends when one side has ended, and by .not before and after", async () => {
    const { client, server } = await halfOpen();
    await expect(client).not.toBeHalfClosed();
    await client.end();
    await expect(client).toBeHalfClosed();
    await expect(server).toBeHalfClosed();
    expect(await failureOf(expect(server).not.toBeHalfClosed({ within: 100 }))).toMatch(
      /was not to be half-closed, but for 100 ms it was:\n {2}CLOSE-WAIT: the peer has ended/,
    );
    await server.end();
    await expect(client).not.toBeHalfClosed();
    await expect(server).not.toBeHalfClosed();
  });

  test("fails on an open connection, and while the peer cannot know", async () => {
    const { client, server } = await halfOpen();
    expect(await failureOf(expect(server).toBeHalfClosed({ within: 100 }))).toMatch(/but is in\n {2}ESTABLISHED/);
    await using _lost = await lab.lose("FIN", { from: client });
    await client.end();
    expect(await failureOf(expect(client).toBeHalfClosed({ within: 100 }))).toMatch(/but is in\n {2}FIN-WAIT-1/);
  });
});

describe("toSendNothing", () => {
  test("is met by an end that only acknowledges, and fails with what was sent", async () => {
    const { client, server } = await halfOpen();
    const silent = expect(server).toSendNothing({ for: 300 });
    await hasBegun(server);
    await client.write(1_000);
    await silent;
    const message = failureOf(expect(server).toSendNothing({ for: 5_000 }));
    await hasBegun(server);
    await server.write(321);
    expect(await message).toMatch(/was to send nothing for 5000 ms, but sent 321 bytes:\n {2}ESTABLISHED/);
  });

  test("a FIN is something sent, and so is what the kernel sends again", async () => {
    const { client, server } = await halfOpen();
    const ended = failureOf(expect(client).toSendNothing({ for: 5_000 }));
    await hasBegun(client);
    await client.end();
    expect(await ended).toMatch(/but sent its FIN:/);
    await using _lost = await lab.lose("data", { from: server });
    await server.write(10);
    expect(await failureOf(expect(server).toSendNothing({ for: 5_000 }))).toMatch(
      /but sent (.* and )?\d segments again/,
    );
  });

  test("with .not is met as soon as something is sent, and fails when nothing is", async () => {
    const { client } = await halfOpen();
    const sending = expect(client).not.toSendNothing({ for: 5_000 });
    await hasBegun(client);
    await client.write(1);
    await sending;
    expect(await failureOf(expect(client).not.toSendNothing({ for: 100 }))).toMatch(/but sent nothing:/);
  });

  test("of a socket that vanished, neither it nor its .not is met: a reset leaves no trace", async () => {
    const { client } = await halfOpen();
    const [silent, loud] = [
      expect(client).toSendNothing({ for: 5_000 }),
      expect(client).not.toSendNothing({ for: 5_000 }),
    ].map(failureOf);
    await hasBegun(client);
    await client.resetAndDestroy();
    expect(await silent).toMatch(/is gone; what it sent last cannot be seen/);
    expect(await loud).toMatch(/is gone; what it sent last cannot be seen/);
    expect(await failureOf(expect(client).toSendNothing({ for: 100 }))).toMatch(/has no socket to watch/);
  });
});

describe("what cannot be asked is an error, with and without .not", () => {
  test.each([
    [
      "another object",
      () => expect({}).toReach("CLOSE-WAIT"),
      /Endpoint or a Peer of a finwait lab, not of an object of class Object/,
    ],
    ["nothing", () => expect(undefined).not.toBeHalfClosed(), /not of undefined/],
  ])("%s", async (_what, ask, why) => {
    await expect(ask()).rejects.toMatchObject({ code: "FINWAIT_USAGE", message: expect.stringMatching(why) });
  });

  test.each([
    // @ts-expect-error no such name
    ["no state", (e) => expect(e).toReach("CLOSEWAIT"), /takes a TCP state, not string "CLOSEWAIT"; there are LISTEN/],
    ["an empty list", (e) => expect(e).not.toReach([]), /takes a TCP state/],
    ["no time for .not.toReach", (e) => expect(e).not.toReach("CLOSED"), /Say how long/],
    // @ts-expect-error `for` is missing
    ["no time to stay", (e) => expect(e).toStayIn("CLOSED"), /Say for how long/],
    ["a negative time", (e) => expect(e).not.toSendNothing({ for: -1 }), /for is a number of milliseconds/],
    [
      "another option",
      // @ts-expect-error its name is `within`
      (e) => expect(e).toReach("CLOSED", { timeout: 1 }),
      /no option "timeout" here; there is "within"/,
    ],
  ] satisfies [string, (endpoint: unknown) => Promise<void>, RegExp][])("%s", async (_what, ask, why) => {
    const { client } = await halfOpen();
    await expect(ask(client)).rejects.toMatchObject({ code: "FINWAIT_USAGE", message: expect.stringMatching(why) });
  });

  test("a lab that is gone", async () => {
    const other = await openLab();
    const { client } = await other.connect();
    await other[Symbol.asyncDispose]();
    await expect(expect(client).not.toReach("CLOSE-WAIT", { within: 100 })).rejects.toMatchObject({
      code: "FINWAIT_LAB_CLOSED",
    });
  });
});
