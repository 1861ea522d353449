import { Listener } from "../../lab/listener.ts";
import type { Session } from "../../lab/session.ts";
import type { ConnectOptions, Pair } from "../../lab/session-options.ts";

/** `count` connections to one listener, new or given, each with both ends known. */
export async function connectMany(lab: Session, count: number, options: ConnectOptions = {}): Promise<readonly Pair[]> {
  const { client = {}, server } = options;
  const listener = server instanceof Listener ? server : await lab.listen(server);
  return await Promise.all(Array.from({ length: count }, () => lab.connect({ client, server: listener })));
}

/** The same act on all of them, at once. */
export async function each(pairs: readonly Pair[], act: (pair: Pair) => Promise<unknown>): Promise<void> {
  await Promise.all(pairs.map(act));
}
