import { delimiter } from "node:path";

/** Where a lab's programs are looked for: a user's PATH often lacks the administrator's folders. */
export const programFolders: readonly string[] = [
  ...(process.env.PATH ?? "").split(delimiter),
  ...["/usr/sbin", "/usr/bin", "/sbin", "/bin"],
];

export const programPath: string = programFolders.join(delimiter);

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** What unshare is asked for, by a lab and by the doctor's trial alike. */
export function namespaceFlags(): readonly string[] {
  // With the caller's own uid mapped and capabilities kept, tcpdump works too; mapped to root it does not.
  const user = isRoot() ? [] : ["--user", "--map-current-user", "--keep-caps"];
  return [...user, "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];
}
