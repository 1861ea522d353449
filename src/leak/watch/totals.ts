import { readFile } from "node:fs/promises";
import type { SocketTotals } from "../../model/watch.ts";

/**
 * What the kernel counts anyway of its TCP sockets, without listing one. `process` is any process in the network
 * namespace that is meant. Undefined where it may not be read.
 */
export async function readTotals(process: number | "self" = "self"): Promise<SocketTotals | undefined> {
  const files = ["sockstat", "sockstat6", "snmp"].map((name) => `/proc/${process}/net/${name}`);
  try {
    const [sockstat = "", sockstat6 = "", snmp = ""] = await Promise.all(
      // A kernel without IPv6 has no sockstat6.
      files.map((file) => readFile(file, "utf8").catch((error) => absent(file, error))),
    );
    return parseTotals({ sockstat, sockstat6, snmp });
  } catch {
    return undefined;
  }
}

function absent(file: string, error: unknown): string {
  if (file.endsWith("6")) return "";
  throw error;
}

/** Reads the texts of /proc/net/sockstat, sockstat6 and snmp; undefined when they do not have what is needed. */
export function parseTotals(
  texts: Readonly<Record<"sockstat" | "sockstat6" | "snmp", string>>,
): SocketTotals | undefined {
  const four = /^TCP: inuse (\d+) .*\btw (\d+)/m.exec(texts.sockstat);
  const six = /^TCP6: inuse (\d+)/m.exec(texts.sockstat6);
  const connected = tcpCounter(texts.snmp, "CurrEstab");
  if (four === null || connected === undefined) return undefined;
  return { inUse: Number(four[1]) + Number(six?.[1] ?? 0), connected, timeWait: Number(four[2]) };
}

/** A line of names, and beneath it a line of values: `Tcp: RtoAlgorithm RtoMin …`. */
function tcpCounter(snmp: string, name: string): number | undefined {
  const [names, values] = snmp.split("\n").filter((line) => line.startsWith("Tcp: "));
  const column = names?.split(" ").indexOf(name) ?? -1;
  const value = column < 0 ? undefined : values?.split(" ")[column];
  return value === undefined ? undefined : Number(value);
}
