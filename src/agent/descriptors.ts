import { fstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import type { Answer } from "../protocol/messages.ts";
import type { HandlersOf } from "./agent.ts";

export function descriptorsCall(): HandlersOf<"descriptors"> {
  let limits = readLimits();
  return {
    descriptors: () => {
      limits = readLimits() ?? limits;
      const { softLimit, hardLimit } = limits ?? { softLimit: 0, hardLimit: 0 };
      return { open: countOpen(softLimit), softLimit, hardLimit, residentBytes: residentBytes() };
    },
  };
}

/** Exact, and without a descriptor of its own: it is asked for when there are none left. */
function countOpen(softLimit: number): number {
  // Since Linux 6.2 the directory's size is the number of its entries.
  const { size } = statSync("/proc/self/fd");
  if (size > 0) return size;
  try {
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return countByAsking(softLimit);
  }
}

function countByAsking(softLimit: number): number {
  let open = 0;
  for (let descriptor = 0; descriptor < softLimit; descriptor++) {
    try {
      fstatSync(descriptor);
      open += 1;
    } catch {
      // EBADF: not open.
    }
  }
  return open;
}

/** Undefined when no descriptor is left to read them with; they seldom change. */
function readLimits(): Pick<Answer<"descriptors">, "softLimit" | "hardLimit"> | undefined {
  try {
    const [, soft = "0", hard = "0"] =
      /^Max open files +(\d+|unlimited) +(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return { softLimit: limit(soft), hardLimit: limit(hard) };
  } catch {
    return undefined;
  }
}

function limit(text: string): number {
  return text === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(text);
}

function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    // Reading it takes a descriptor; the most there ever was does not.
    return process.resourceUsage().maxRSS * 1024;
  }
}
