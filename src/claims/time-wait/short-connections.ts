import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { type CrowdOptions, openAndClose } from "../../lab/crowd.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { ipSysctl, notes, rfc1122, rfc9293 } from "../sources.ts";
import { atOnce, countable, countTimeWaits, timeWaits } from "./counted.ts";

const many = 200;
const mostBuckets = 50;

export const shortConnections: Claim = {
  address: "time-wait/short-connections",
  statement: {
    en: "Many short connections leave as many in TIME-WAIT, at the side that closes them.",
    zh: "大量短连接会留下同样多的 TIME-WAIT，都在主动关闭的一方。",
  },
  sources: [...notes("N1", "N3", "N4"), rfc9293("3.6"), rfc1122("4.2.2.13"), ipSysctl("tcp_max_tw_buckets")],
  cases: [
    { name: `${many} that the client closes`, ...shortOnes("client") },
    { name: `${many} that the server closes`, ...shortOnes("server") },
    { name: `${many} that the client closes, net.ipv4.tcp_tw_reuse = 1`, ...withReuse() },
    { name: `${many} that the client resets`, ...shortOnes("client", { closing: "reset" }) },
    {
      name: `${many} that the client closes, net.ipv4.tcp_max_tw_buckets = ${mostBuckets}`,
      // The count that is limited is the host's.
      ...shortOnes("client"),
      needs: {
        sysctls: { ...countable.sysctls, "net.ipv4.tcp_max_tw_buckets": mostBuckets },
        exclusive: true,
      },
    },
  ],
};

function shortOnes(
  closer: Side,
  options: Pick<CrowdOptions, "closing"> = {},
): Pick<Case, "needs" | "experiment" | "question"> {
  const other = otherSide(closer);
  return {
    needs: countable,
    async experiment(lab) {
      const byServer = closer === "server";
      const listener = await lab.listen({ quiet: true, endsFirst: byServer });
      const closing = byServer ? ({ closing: "peer", ports: "distinct" } as const) : options;
      await openAndClose(lab, listener, "all", { count: many, atOnce, ...closing });
      await countTimeWaits(lab, listener, "closed");
    },
    question: (t) => [
      given(
        `${many} were opened and closed`,
        measured(t, { name: "crowd: connections", label: "all" }, (count) => count === many),
      ),
      claimed(
        `the ${closer} has ${many} in TIME-WAIT`,
        timeWaits(t, "closed", closer, (count) => count === many),
      ),
      claimed(
        `the ${other} has none`,
        timeWaits(t, "closed", other, (count) => count === 0),
      ),
    ],
  };
}

function withReuse(): Pick<Case, "needs" | "experiment" | "question"> {
  return { ...shortOnes("client"), needs: { sysctls: { ...countable.sysctls, "net.ipv4.tcp_tw_reuse": 1 } } };
}
