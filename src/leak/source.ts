import type { DescriptorUse, SocketsReading } from "../model/leak.ts";

/** Where a subject's sockets are read: this machine, another network namespace, a container, a host of a lab. */
export interface SocketSource extends AsyncDisposable {
  /** What is looked at, in words: "process 4711 (node)". */
  readonly subject: string;
  /** What cannot be looked at here, and what that hides; empty when everything can. */
  readonly blind: readonly string[];
  /** @throws FINWAIT_SUBJECT_GONE when there is nothing to look at any more. */
  read(): Promise<SocketsReading>;
  descriptors(): Promise<readonly DescriptorUse[]>;
}
