import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { queueAt } from "../../judge/states.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { ListenOptions } from "../../lab/listener.ts";
import type { EventFact } from "../../model/fact.ts";
import type { Check } from "../../model/verdict.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { notes, rfc1122, rfc2525, rfc9293 } from "../sources.ts";

const oneMebibyte = 1024 * 1024;

export const unreadData: Claim = {
  address: "reset/unread-data",
  statement: {
    en: "Closing a socket with unread data in its receive buffer sends RST instead of FIN.",
    zh: "关闭接收缓冲区里还有未读数据的套接字，发出的是 RST 而不是 FIN。",
  },
  sources: [...notes("N3"), rfc9293("3.6.1"), rfc1122("4.2.2.13"), rfc2525("2.17")],
  cases: [
    {
      name: "destroy(), 5 bytes unread in the kernel (pauseOnConnect)",
      ...closing({ server: { pauseOnConnect: true }, bytes: 5, unread: 5 }),
    },
    {
      name: "destroy(), 1 MiB unread, part of it read ahead by Node",
      ...closing({ server: { reading: "none" }, bytes: oneMebibyte, unread: "some" }),
    },
    {
      name: "destroy(), 5 bytes that the program has not read but Node has",
      ...closing({ server: { reading: "none" }, bytes: 5, unread: 0 }),
    },
    {
      name: "end() in place of destroy(), 5 bytes unread in the kernel",
      ...closing({ server: { pauseOnConnect: true }, bytes: 5, unread: 5, act: (server) => server.end() }),
    },
    {
      name: "destroy(), only the peer's FIN unread, which is no data",
      ...closing({ server: { pauseOnConnect: true }, bytes: 0, unread: 1 }),
    },
    {
      name: "the process killed, 5 bytes unread in the kernel",
      ...closing({ server: { pauseOnConnect: true }, bytes: 5, unread: 5, act: "kill" }),
    },
  ],
};

interface Closing {
  readonly server: ListenOptions;
  /** What the client sends; nothing but its FIN when 0. */
  readonly bytes: number;
  /** What of it is to be in the kernel's receive queue, where an unread FIN counts one. */
  readonly unread: number | "some";
  readonly act?: ((server: Endpoint) => Promise<void>) | "kill";
}

function closing({ server: options, bytes, unread, act }: Closing): Pick<Case, "experiment" | "question"> {
  return {
    async experiment(lab) {
      const worker = act === "kill" ? { process: await lab.process({ host: "server" }) } : {};
      const { client, server } = await lab.connect({
        client: { allowHalfOpen: true },
        server: { allowHalfOpen: true, ...options, ...worker },
      });
      await (bytes === 0 ? client.end() : client.write(bytes));
      if (unread !== bytes && bytes > 0) await server.hasReadAhead(Math.min(bytes, 10_000), "unread");
      if (unread !== 0) await server.hasUnread(unread === "some" ? 10_000 : unread);
      await lab.reading("unread");
      if (act === "kill") await worker.process?.kill();
      else await (act?.(server) ?? server.destroy());
      await client.saw(["end", "error"]);
      await lab.reading("closed");
    },
    question: (t) => [
      given(
        unread === 0 ? "nothing is left in the kernel" : "it is unread in the kernel",
        queueAt(t, "unread", "server", "recvQ", (size) => (unread === "some" ? size > 0 : size === unread)),
      ),
      ...(unread === 0
        ? [
            given(
              "Node has it in its buffer",
              measured(t, { name: "bytes read ahead", label: "unread" }, (n) => n === bytes),
            ),
          ]
        : []),
      ...(bytes === 0 ? hasFin(t) : hasReset(t)),
    ],
  };
}

function hasReset(t: Timeline): readonly Check[] {
  return [
    claimed("the client is reset", sawEvent(t, "client", "error", { where: isReset, by: "closed" })),
    claimed("it sees no end", sawNoEvent(t, "client", "end", { until: "closed" })),
  ];
}

/** Without data the statement's condition is not met: then it is FIN, as at every close. */
function hasFin(t: Timeline): readonly Check[] {
  return [
    claimed("the client sees the end", sawEvent(t, "client", "end", { by: "closed" })),
    claimed("it is not reset", sawNoEvent(t, "client", "error", { until: "closed" })),
  ];
}

const isReset = ({ code }: EventFact["detail"]) => code === "ECONNRESET";
