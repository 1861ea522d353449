import type { Case, Claim } from "../../experiment/claim.ts";
import { measured } from "../../judge/measures.ts";
import { claimed, given } from "../../judge/question.ts";
import { inState } from "../../judge/states.ts";
import { openAndClose } from "../../lab/crowd.ts";
import type { Host } from "../../lab/host.ts";
import type { Family } from "../../lab/listener.ts";
import type { Session } from "../../lab/session.ts";
import { FinwaitError } from "../../model/errors.ts";
import { manual, notes, rfc9293 } from "../sources.ts";
import { atOnce, countable, countTimeWaits, timeWaits } from "./counted.ts";

const thousand = 1_000;

/** 4 KB, a quarter more or less. */
const isAboutFour = (bytes: number) => bytes >= 3 * 1024 && bytes <= 5 * 1024;

export const fourKilobytes: Claim = {
  address: "time-wait/four-kilobytes",
  statement: {
    en: "Every connection in TIME-WAIT costs the kernel about 4 KB of memory.",
    zh: "每个处于 TIME-WAIT 的连接大约占用内核 4 KB 内存。",
  },
  sources: [...notes("N3"), rfc9293("3.3.1"), manual("slabinfo(5)"), manual("slabtop(1)")],
  cases: [
    { name: "what the kernel keeps of one over IPv4 (tw_sock_TCP)", ...kept(4, "tw_sock_TCP") },
    { name: "what the kernel keeps of one over IPv6 (tw_sock_TCPv6)", ...kept(6, "tw_sock_TCPv6") },
    {
      name: "the same over IPv4, with what it keeps of the client's port (tcp_bind_bucket, tcp_bind2_bucket)",
      experiment: async (lab) => {
        const host = await waitOne(lab, 4);
        const parts = [await slab(host, "tw_sock_TCP")].map(({ objectBytes }) => objectBytes);
        for (const name of ["tcp_bind_bucket", "tcp_bind2_bucket"]) parts.push(await slotBytes(host, name));
        record(lab, host, { name: "bytes in all", value: parts.reduce((sum, bytes) => sum + bytes) });
      },
      question: (t) => [
        given("the client is in TIME-WAIT", inState(t, "waiting", "client", "TIME-WAIT")),
        claimed("together that is about 4 KB", measured(t, { name: "bytes in all", label: "waiting" }, isAboutFour)),
      ],
    },
    {
      name: "the kernel's memory for all of them, when there are a thousand",
      needs: countable,
      async experiment(lab) {
        const listener = await lab.listen({ quiet: true });
        await openAndClose(lab, listener, "all", { count: thousand, atOnce });
        await countTimeWaits(lab, listener, "waiting");
        const host = lab.host("client");
        const { inUse, bytes } = await slab(host, "tw_sock_TCP");
        record(lab, host, { name: "tw_sock_TCP in use", value: inUse, unit: "" });
        record(lab, host, { name: "bytes of pages for each", value: Math.round(bytes / inUse) });
      },
      question: (t) => [
        given(
          "a thousand of the client's are in TIME-WAIT",
          timeWaits(t, "waiting", "client", (count) => count === thousand),
        ),
        given(
          "the kernel counts them",
          measured(t, { name: "tw_sock_TCP in use", label: "waiting" }, (inUse) => inUse >= thousand),
        ),
        claimed(
          "that is about 4 KB for each",
          measured(t, { name: "bytes of pages for each", label: "waiting" }, isAboutFour),
        ),
      ],
    },
  ],
};

function kept(family: Family, name: string): Pick<Case, "experiment" | "question"> {
  return {
    async experiment(lab) {
      const host = await waitOne(lab, family);
      const { objectBytes } = await slab(host, name);
      record(lab, host, { name: `${name} object`, value: objectBytes });
    },
    question: (t) => [
      given("the client is in TIME-WAIT", inState(t, "waiting", "client", "TIME-WAIT")),
      claimed("that is about 4 KB", measured(t, { name: `${name} object`, label: "waiting" }, isAboutFour)),
    ],
  };
}

/** One connection in TIME-WAIT at the client. */
async function waitOne(lab: Session, family: Family): Promise<Host> {
  const { client } = await lab.connect({ client: { family }, server: { bind: family === 6 ? "v6" : "v4" } });
  await client.end();
  await client.reaches("TIME-WAIT");
  await lab.reading("waiting");
  return client.host;
}

function record(lab: Session, host: Host, measure: { readonly name: string; readonly value: number; unit?: string }) {
  lab.story.measure(host.name, { label: "waiting", unit: "bytes", ...measure });
}

/** A cache of the kernel's allocator, from /proc/slabinfo: of the whole machine. */
interface Slab {
  readonly inUse: number;
  readonly objectBytes: number;
  /** Of all the pages it takes. */
  readonly bytes: number;
}

async function slab(host: Host, name: string): Promise<Slab> {
  const table = await readable(host, "/proc/slabinfo");
  const line = table.split("\n").find((row) => row.startsWith(`${name} `));
  if (line === undefined) {
    throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", `needs a kernel whose /proc/slabinfo lists ${name}`);
  }
  // name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables … : slabdata <active_slabs> <num_slabs> …
  const [, inUse = 0, , objectBytes = 0, , pagesPerSlab = 0] = line.split(/\s+/).map(Number);
  const slabs = Number(/: slabdata +\d+ +(\d+)/.exec(line)?.[1]);
  const pageBytes = Number(await host.run("getconf", ["PAGESIZE"]));
  return { inUse, objectBytes, bytes: slabs * pagesPerSlab * pageBytes };
}

/** What an object takes of its slab, for caches that the kernel has merged with others of that size. */
async function slotBytes(host: Host, name: string): Promise<number> {
  return Number(await readable(host, `/sys/kernel/slab/${name}/slab_size`));
}

async function readable(host: Host, file: string): Promise<string> {
  try {
    return await host.run("cat", [file]);
  } catch (cause) {
    const message = `needs to read ${file}, which only root may, on a kernel that has it`;
    throw new FinwaitError("FINWAIT_CAPABILITY_MISSING", message, { cause });
  }
}
