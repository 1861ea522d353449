import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { queueAt } from "../../judge/states.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Session } from "../../lab/session.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { delivered } from "../shared/delivered.ts";
import { nodeNet, notes, rfc1122, rfc9293 } from "../sources.ts";

/** More than the kernel takes off a writer's hands while nobody reads: 4 MiB to send, and the receiver's window. */
const large = 16 * 1024 * 1024;
const small = 1000;

/** The stream of a reader is over: it saw the end or an error, and closed. */
const patience = { within: 30_000 };

function arrives(t: Timeline, bytes: number): Check {
  return claimed(`the server is handed all ${bytes} bytes`, delivered(t, "client", "server", bytes));
}

/** The server reads as it comes. */
function withReader(name: string, bytes: number, close: (client: Endpoint, lab: Session) => Promise<void>): Case {
  return {
    name,
    async experiment(lab) {
      const { client, server } = await lab.connect();
      await close(client, lab);
      await server.saw("close", patience);
    },
    question: (t) => [arrives(t, bytes)],
  };
}

/** The server reads only when the client has closed. */
function withLateReader(name: string, close: (client: Endpoint) => Promise<void>): Case {
  return {
    name: `${name}, before the peer reads`,
    async experiment(lab) {
      const { client, server } = await lab.connect({ server: { pauseOnConnect: true, reading: "none" } });
      await client.write(large);
      await server.hasUnread(1);
      await close(client);
      await readsAll(server);
    },
    question: (t) => [arrives(t, large)],
  };
}

async function readsAll(reader: Endpoint): Promise<void> {
  await reader.read();
  await reader.resume();
  await reader.saw("close", patience);
}

const faultless: readonly Case[] = [
  withReader("end() right after a write of 16 MiB", large, async (client) => {
    await client.write(large);
    await client.end();
  }),
  withReader("end() with the 16 MiB as its argument", large, (client) => client.end(large)),
  withReader("destroySoon() right after a write of 16 MiB", large, async (client) => {
    await client.write(large);
    await client.destroySoon();
  }),
  withReader("destroy() right after a write of 1000 bytes", small, async (client) => {
    await client.write(small);
    await client.destroy();
  }),
];

const faulty: readonly Case[] = [
  withReader("end() right after a write of 16 MiB, the first FIN is lost", large, async (client, lab) => {
    await lab.lose("FIN", { from: client, times: 1 });
    await client.write(large);
    await client.end();
  }),
  withReader("end() right after a write of 16 MiB, and some of it is lost", large, async (client, lab) => {
    await lab.lose("data", { from: client, sparing: 2, times: 3 });
    await client.write(large);
    await client.end();
  }),
  withReader(
    "destroy() right after a write of 1000 bytes, and the first two segments are lost",
    small,
    async (client, lab) => {
      await lab.lose("everything", { from: client, times: 2 });
      await client.write(small);
      await client.destroy();
    },
  ),
];

const bothAtOnce: Case = {
  name: "both sides write 16 MiB and call end()",
  async experiment(lab) {
    const { client, server } = await lab.connect();
    await Promise.all([client.end(large), server.end(large)]);
    await Promise.all([client.saw("close", patience), server.saw("close", patience)]);
  },
  question: (t) => [
    arrives(t, large),
    claimed(`the client is handed all ${large} bytes`, delivered(t, "server", "client", large)),
  ],
};

const killed: Case = {
  name: "the process is killed right after a write of 16 MiB, before the peer reads",
  async experiment(lab) {
    const process = await lab.process({ host: "client" });
    const { client, server } = await lab.connect({
      client: { process },
      server: { pauseOnConnect: true, reading: "none" },
    });
    await client.write(large);
    await server.hasUnread(1);
    await process.kill();
    await readsAll(server);
  },
  question: (t) => [arrives(t, large)],
};

const unreadAtCloser: Case = {
  name: "destroy() right after a write of 1000 bytes which is still on its way, with the peer's data unread",
  async experiment(lab) {
    const { client, server } = await lab.connect({ client: { pauseOnConnect: true, reading: "none" } });
    await server.write(small);
    await client.hasUnread(small);
    await lab.reading("unread");
    const data = await lab.lose("data", { from: client });
    await client.write(small);
    await client.destroy();
    await server.saw("close");
    await data.lift();
  },
  question: (t) => [
    given(
      "data lies unread at the client",
      queueAt(t, "unread", "client", "recvQ", (bytes) => bytes > 0),
    ),
    arrives(t, small),
  ],
};

const peerWritesOn: Case = {
  name: "destroySoon() right after a write of 1000 bytes which is still on its way, and the peer writes too",
  async experiment(lab) {
    const { client, server } = await lab.connect();
    const data = await lab.lose("data", { from: client });
    const fin = await lab.lose("FIN", { from: client });
    await client.write(small);
    await client.destroySoon();
    await client.saw("close");
    await server.write(small);
    await server.saw("close");
    await Promise.all([data.lift(), fin.lift()]);
  },
  question: (t) => [
    given("the client's runtime had written everything and closed", sawEvent(t, "client", "close")),
    arrives(t, small),
  ],
};

export const noLoss: Claim = {
  address: "close/no-loss",
  statement: {
    en: "Closing a connection loses nothing: whatever was written before is still delivered.",
    zh: "关闭连接不会丢失数据：关闭之前写入的内容仍会全部送达。",
  },
  sources: [
    ...notes("N1", "N4"),
    rfc9293("3.6"),
    rfc9293("3.6.1"),
    rfc1122("4.2.2.13"),
    nodeNet("socketenddata-encoding-callback"),
    nodeNet("socketdestroyerror"),
    nodeNet("socketdestroysoon"),
  ],
  cases: [
    ...faultless,
    withLateReader("end() right after a write of 16 MiB", (client) => client.end()),
    ...faulty,
    bothAtOnce,
    withLateReader("destroy() right after a write of 16 MiB", (client) => client.destroy()),
    withLateReader("end() and then destroy() right after a write of 16 MiB", async (client) => {
      await client.end();
      await client.destroy();
    }),
    withLateReader("resetAndDestroy() right after a write of 16 MiB", (client) => client.resetAndDestroy()),
    killed,
    unreadAtCloser,
    peerWritesOn,
  ],
};
