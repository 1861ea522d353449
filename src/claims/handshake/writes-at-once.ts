import type { Case } from "../../experiment/claim.ts";

/** What a client has to say as soon as it may. */
export const text = "hello";

/** Node's client writes before it is connected: its first SYN is lost to give it the time. */
export function writesAtOnce(bind: "v4" | "v6"): Pick<Case, "needs" | "timerMs" | "experiment"> {
  return {
    needs: { capture: true },
    timerMs: 1_000,
    async experiment(lab) {
      const listener = await lab.listen({ bind });
      await using lost = await lab.lose("SYN", { to: listener, times: 1 });
      const client = await lab.attempt(listener);
      await client.write(text.length);
      await lost.catches();
      await listener.endOf(client).received(text.length);
      await lab.reading("open");
    },
  };
}
