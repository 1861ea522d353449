let labs = 0;

/**
 * The processor that all of a lab's processes are to share: the chosen one, counted round; without a choice labs take turns. On one processor segments arrive in the
 * order in which they were sent. On two, an ACK sent by one can be overtaken by the FIN sent by the other, and then the
 * peer's TIME-WAIT answers the late ACK, is answered by a RST, and is gone: RFC 1337's assassination, seen here once in
 * some 2,000 connections.
 */
export function chooseProcessor(processors: readonly number[], choice: number = labs++): number {
  return processors[choice % processors.length] ?? 0;
}

/** The numbers in a list as the kernel writes it: "0-3,8". */
export function parseProcessorList(text: string): readonly number[] {
  return text.split(",").flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split("-").map(Number);
    return Number.isInteger(first) && Number.isInteger(last) && last >= first
      ? Array.from({ length: last - first + 1 }, (_, index) => first + index)
      : [];
  });
}
