import type { Case, Claim } from "../../experiment/claim.ts";
import { claimed, given } from "../../judge/question.ts";
import { received } from "../../judge/received.ts";
import { sawEvent } from "../../judge/runtime.ts";
import { inState, rowAt } from "../../judge/states.ts";
import type { EventFact } from "../../model/fact.ts";
import { otherSide, type Side } from "../shared/sides.ts";
import { manual, nodeNet, notes, rfc9293 } from "../sources.ts";
import { connectFor } from "./roles.ts";

export const endIsShutdown: Claim = {
  address: "half-close/end-is-shutdown",
  statement: {
    en: "shutdown(), in Node end(), closes only the sending direction and keeps receiving; close(), in Node destroy(), closes both.",
    zh: "shutdown()（Node 中的 end()）只关闭发送方向，仍能接收；close()（Node 中的 destroy()）把收发两个方向都关闭。",
  },
  sources: [
    ...notes("N4"),
    rfc9293("3.6"),
    rfc9293("3.6.1"),
    manual("shutdown(2)"),
    manual("close(2)"),
    nodeNet("socketenddata-encoding-callback"),
    nodeNet("socketdestroyerror"),
  ],
  cases: [
    { name: "the client calls end()", ...shutsSending("client") },
    { name: "the server calls end()", ...shutsSending("server") },
    { name: "the client calls destroy()", ...closesBoth("client", "destroy") },
    { name: "the server calls destroy()", ...closesBoth("server", "destroy") },
    { name: "the client calls destroySoon()", ...closesBoth("client", "destroySoon") },
  ],
};

function shutsSending(closer: Side): Pick<Case, "experiment" | "question"> {
  const other = otherSide(closer);
  return {
    async experiment(lab) {
      const { closing, other } = await connectFor(lab, closer);
      await closing.end();
      await other.saw("end");
      await lab.reading("closed");
      await other.end(5);
      await closing.saw("close");
      await lab.reading("over");
    },
    question: (t) => [
      claimed(`the ${other} sees the end of what the ${closer} sends`, sawEvent(t, other, "end", { by: "closed" })),
      claimed(
        `the ${closer}'s socket is shut for writing and not for reading`,
        rowAt(t, "closed", closer, ({ shutdown }) => shutdown?.write === true && !shutdown.read),
      ),
      claimed(
        `the ${closer} receives what comes after`,
        received(t, closer, "over", (bytes) => bytes === 5),
      ),
    ],
  };
}

const taken = (detail: EventFact["detail"]) => detail.error === undefined;

function closesBoth(closer: Side, call: "destroy" | "destroySoon"): Pick<Case, "experiment" | "question"> {
  const other = otherSide(closer);
  return {
    async experiment(lab) {
      const { closing, other } = await connectFor(lab, closer);
      await closing[call]();
      await other.saw("end");
      await lab.reading("closed");
      await other.write(5);
      await other.saw("written");
      await other.end();
      await other.saw("close");
      await lab.reading("over");
    },
    question: (t) => [
      given(`the ${other} sent 5 bytes after it`, sawEvent(t, other, "written", { where: taken })),
      given(`the ${other} could still send`, inState(t, "closed", other, "CLOSE-WAIT")),
      claimed(`the ${other} sees the end of what the ${closer} sends`, sawEvent(t, other, "end", { by: "closed" })),
      claimed(
        `the ${closer} receives nothing that comes after`,
        received(t, closer, "over", (bytes) => bytes === 0),
      ),
    ],
  };
}
