/**
 * The kernel's protocol counters of one network namespace, read from /proc/net/snmp and /proc/net/netstat: pairs of
 * lines, names then numbers, each beginning with the same prefix. Keys are as nstat prints them: "TcpExtListenOverflows".
 */
export function parseCounters(text: string): ReadonlyMap<string, number> {
  const counters = new Map<string, number>();
  const lines = text.split("\n");
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const [prefix, ...names] = (lines[index] ?? "").split(" ");
    const [again, ...values] = (lines[index + 1] ?? "").split(" ");
    if (prefix === undefined || prefix !== again || !prefix.endsWith(":")) continue;
    names.forEach((name, column) => {
      const value = Number(values[column]);
      if (Number.isFinite(value)) counters.set(prefix.slice(0, -1) + name, value);
    });
  }
  return counters;
}

export const counterFiles = ["/proc/net/snmp", "/proc/net/netstat"] as const;
