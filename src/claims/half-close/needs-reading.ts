import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { sawEvent, sawNoEvent } from "../../judge/runtime.ts";
import { inState, queueAt } from "../../judge/states.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { ListenOptions } from "../../lab/listener.ts";
import { nodeNet, rfc9293 } from "../sources.ts";

const oneMebibyte = 1024 * 1024;

export const needsReading: Claim = {
  address: "half-close/needs-reading",
  statement: {
    en: "A Node socket sees the peer's end only once it has read everything before it: unread, there is no 'end' event.",
    zh: "Node 的套接字要把之前的数据读完才能看到对端的结束：不读，就没有 'end' 事件。",
  },
  sources: [rfc9293("3.10.3"), nodeNet("event-end"), nodeNet("netcreateserveroptions-connectionlistener")],
  cases: [
    {
      name: "5 bytes come before the FIN, no 'data' listener",
      ...leftUnread({ server: { reading: "none" }, bytes: 5, read: (server) => server.read() }),
    },
    {
      name: "1 MiB comes, no 'data' listener",
      ...leftUnread({ server: { reading: "none" }, bytes: oneMebibyte, read: (server) => server.read() }),
    },
    {
      name: "5 bytes come before the FIN, the server has called pause()",
      ...leftUnread({
        server: {},
        bytes: 5,
        before: (server) => server.pause(),
        read: (server) => server.resume(),
      }),
    },
    {
      name: "5 bytes come before the FIN, pauseOnConnect",
      ...leftUnread({ server: { pauseOnConnect: true }, bytes: 5, read: (server) => server.resume() }),
    },
    {
      name: "the FIN comes alone, no 'data' listener",
      ...leftUnread({ server: { reading: "none" }, bytes: 0, read: (server) => server.read() }),
    },
    {
      name: "the FIN comes alone, the server has called pause()",
      ...leftUnread({
        server: {},
        bytes: 0,
        before: (server) => server.pause(),
        read: (server) => server.resume(),
      }),
    },
    {
      name: "the FIN comes alone, pauseOnConnect",
      ...leftUnread({ server: { pauseOnConnect: true }, bytes: 0, read: (server) => server.resume() }),
    },
  ],
};

interface Unread {
  readonly server: ListenOptions;
  readonly bytes: number;
  readonly before?: (server: Endpoint) => Promise<void>;
  readonly read: (server: Endpoint) => Promise<void>;
}

/** A FIN behind a full receive window cannot leave: then it is not the kernel that keeps the end from being seen. */
function leftUnread({ server: options, bytes, before, read }: Unread): Pick<Case, "experiment" | "question"> {
  const isMuch = bytes === oneMebibyte;
  return {
    async experiment(lab) {
      const { client, server } = await lab.connect({ server: { allowHalfOpen: true, ...options } });
      await before?.(server);
      await client.end(bytes === 0 ? undefined : bytes);
      await (isMuch ? server.hasUnread(10_000) : server.reaches("CLOSE-WAIT"));
      await lab.elapse(300, "silence: an 'end' that were to come would come at once");
      await lab.reading("unread");
      await read(server);
      await server.saw("end");
      await lab.reading("read");
    },
    question: (t) => [
      isMuch
        ? given(
            "some of it is unread in the kernel",
            queueAt(t, "unread", "server", "recvQ", (size) => size > 0),
          )
        : given("the client's FIN has arrived", inState(t, "unread", "server", "CLOSE-WAIT")),
      claimed("no 'end' while nothing is read", sawNoEvent(t, "server", "end", { until: "unread" })),
      claimed("'end' once it is read", sawEvent(t, "server", "end", { by: "read" })),
    ],
  };
}
