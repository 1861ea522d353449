import type { Session } from "../../lab/session.ts";
import type { Pair } from "../../lab/session-options.ts";
import { otherSide, type Side } from "../shared/sides.ts";

/** A connection whose `closer` is about to close first; the other side keeps its own open until it says otherwise. */
export async function connectFor(lab: Session, closer: Side, options: { readonly family?: 4 | 6 } = {}) {
  const { family = 4 } = options;
  const pair: Pair = await lab.connect({
    client: { family, allowHalfOpen: closer === "server" },
    server: { bind: family === 6 ? "v6" : "v4", allowHalfOpen: closer === "client" },
  });
  return { ...pair, closing: pair[closer], other: pair[otherSide(closer)] };
}
