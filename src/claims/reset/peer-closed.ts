import type { Claim } from "../../experiment/claim.ts";
import { anyOf, type Observation } from "../../judge/observation.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState } from "../../judge/states.ts";
import { orLate } from "../../lab/deadline.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { manual, nodeNet, notes, rfc1122, rfc9293 } from "../sources.ts";

export const peerClosed: Claim = {
  address: "reset/peer-closed",
  statement: {
    en: "Sending to a peer that has closed brings RST, and the sender's program gets an error.",
    zh: "向已经关闭的对端发送数据会引来 RST，发送方的程序会收到错误。",
  },
  sources: [
    ...notes("N3"),
    rfc9293("3.6.1"),
    rfc9293("3.5.2"),
    rfc1122("4.2.2.13"),
    manual("write(2)", "EPIPE"),
    nodeNet("event-error_1"),
  ],
  cases: [
    {
      name: "the first write after the peer's destroy()",
      async experiment(lab) {
        const { client, server } = await lab.connect({ client: { allowHalfOpen: true } });
        await server.destroy();
        await client.saw("end");
        await lab.reading("peer closed");
        await client.write(5);
        await orLate(client.reaches("CLOSED"));
        await lab.elapse(300, "the runtime has the time to tell its program");
        await lab.reading("answered");
      },
      question: (t) => [
        given("the client could still send", inState(t, "peer closed", "client", "CLOSE-WAIT")),
        ...isReset(t),
      ],
    },
    {
      name: "the second write after the peer's destroy()",
      async experiment(lab) {
        const { client, server } = await lab.connect({ client: { allowHalfOpen: true } });
        await server.destroy();
        await client.saw("end");
        await lab.reading("peer closed");
        await client.write(5);
        await orLate(client.reaches("CLOSED"));
        await client.write(5);
        await client.end();
        await client.saw("close");
        await lab.reading("answered");
      },
      question: (t) => [
        given("the client could still send", inState(t, "peer closed", "client", "CLOSE-WAIT")),
        ...isReset(t, "EPIPE"),
      ],
    },
    {
      name: "a write before the peer's FIN has arrived",
      async experiment(lab) {
        const { client, server } = await lab.connect({ client: { allowHalfOpen: true } });
        await using lost = await lab.lose("FIN", { from: server });
        await server.destroy();
        await server.reaches("FIN-WAIT-1");
        await lab.reading("peer closed");
        await client.write(5);
        await orLate(client.saw("error"));
        await lab.reading("answered");
        await lost.lift();
      },
      question: (t) => [
        given("the client knows nothing of it", inState(t, "peer closed", "client", "ESTABLISHED")),
        given("the peer has closed", inState(t, "peer closed", "server", "FIN-WAIT-1")),
        ...isReset(t, "ECONNRESET"),
      ],
    },
    {
      name: "a write to a peer that has only ended, with end()",
      async experiment(lab) {
        const { client, server } = await lab.connect({ client: { allowHalfOpen: true } });
        await server.end();
        await client.saw("end");
        await lab.reading("peer closed");
        await client.write(5);
        await orLate(server.received(5));
        await lab.reading("answered");
      },
      question: (t) => [
        given("the client could still send", inState(t, "peer closed", "client", "CLOSE-WAIT")),
        ...isReset(t),
      ],
    },
    {
      name: "a write with Node's default, allowHalfOpen: false, once the peer's end was seen: Node sends nothing",
      async experiment(lab) {
        const { client, server } = await lab.connect();
        await using never = await lab.lose("FIN", { from: client });
        await server.destroy();
        await client.saw("end");
        await client.write(5);
        await client.saw("written");
        await lab.reading("answered");
        await never.lift();
      },
      question: (t) => [given("the program has tried to write", sawEvent(t, "client", "written")), ...isReset(t)],
    },
  ],
};

/** What the statement says, once the write has been answered. */
function isReset(t: Timeline, code?: string): readonly Check[] {
  return [
    claimed("the connection is reset", inState(t, "answered", "client", "CLOSED")),
    claimed(`the client's program gets ${code ?? "an error"}`, isTold(t, code)),
  ];
}

/** By the 'error' event or by the callback of a write. */
function isTold(t: Timeline, wanted?: string): Observation {
  const is = (code: unknown) => code !== undefined && (wanted === undefined || code === wanted);
  return anyOf(
    sawEvent(t, "client", "error", { where: ({ code }) => is(code), by: "answered" }),
    sawEvent(t, "client", "written", { where: ({ error }) => is(error), by: "answered" }),
  );
}
