import type { AgentProcess } from "../../lab/agent-process.ts";
import type { Endpoint } from "../../lab/endpoint.ts";
import type { Session } from "../../lab/session.ts";
import type { Source } from "../../model/claim.ts";

/** The second process that holds the server's socket, and its endpoint's name in the story. */
export const child = "server@child";

export interface Shared {
  readonly client: Endpoint;
  /** The process that accepted the connection. */
  readonly parent: Endpoint;
  readonly child: Endpoint;
  readonly process: AgentProcess;
}

/** A connection whose server socket two processes hold. Both ends keep their sending side open at the other's FIN. */
export async function shareServer(lab: Session, options: { readonly reading?: "none" } = {}): Promise<Shared> {
  const process = await lab.process({ name: "child", host: "server" });
  const { client, server } = await lab.connect({
    client: { allowHalfOpen: true },
    // What the parent reads ahead would not reach the child.
    server: { allowHalfOpen: true, pauseOnConnect: true, ...options },
  });
  return { client, parent: server, child: await server.give(process, { keepOpen: true }), process };
}

/** Node.js 24: how a socket comes to be held by two processes. */
export const nodeSend: Source = {
  title: "Node.js v24 child_process",
  section: "#subprocesssendmessage-sendhandle-options-callback",
  url: "https://nodejs.org/docs/latest-v24.x/api/child_process.html#subprocesssendmessage-sendhandle-options-callback",
};
