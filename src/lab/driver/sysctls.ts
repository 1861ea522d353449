import { FinwaitError } from "../../model/errors.ts";

/** A sysctl as its file under /proc/sys and as its dotted name, with a value proved harmless. */
export interface SysctlSetting {
  readonly name: string;
  readonly path: string;
  readonly value: string;
}

/** Only what belongs to a network namespace can be set in a host; the rest would change the machine. */
export function sysctlSettings(sysctls: Readonly<Record<string, string | number>>): SysctlSetting[] {
  return Object.entries(sysctls).map(([name, value]) => {
    if (!/^net\.[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(name)) {
      throw new FinwaitError(
        "FINWAIT_USAGE",
        `"${name}" is not a sysctl of a network namespace: names begin with "net."`,
      );
    }
    const text = String(value);
    if (!/^[0-9]+([ \t][0-9]+)*$/.test(text)) {
      throw new FinwaitError("FINWAIT_USAGE", `The sysctl ${name} cannot be set to "${text}": numbers only.`);
    }
    return { name, path: name.replaceAll(".", "/"), value: text };
  });
}
