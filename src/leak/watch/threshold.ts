import type { TcpState } from "../../model/state.ts";
import { durationForms, readDuration } from "../duration.ts";

/** States in which a socket can be a suspect while its connection is in the kernel's table, by their names in thresholds. */
export const stateNames: ReadonlyMap<string, TcpState> = new Map([
  ["close-wait", "CLOSE-WAIT"],
  ["fin-wait-1", "FIN-WAIT-1"],
  ["fin-wait-2", "FIN-WAIT-2"],
]);

const socketMeasures = ["count", "age", "growth"] as const;
const descriptorMeasures = ["left", "open"] as const;
const operators = [">=", "<=", ">", "<"] as const;

type Operator = (typeof operators)[number];

/** What `--fail` compares with what. */
export interface Threshold {
  /** As it was written. */
  readonly expression: string;
  readonly of:
    | { readonly what: "sockets"; readonly state?: TcpState; readonly measure: (typeof socketMeasures)[number] }
    | { readonly what: "descriptors"; readonly measure: (typeof descriptorMeasures)[number] };
  readonly operator: Operator;
  /** Milliseconds, sockets, sockets an hour, or descriptors. */
  readonly limit: number;
}

/** What is wrong with an expression; with `word`, which one of `words` was perhaps meant. */
export interface Misread {
  readonly problem: string;
  readonly word?: string;
  readonly words?: readonly string[];
}

const form = "A threshold is written like 'close-wait.age > 60s', 'fin-wait-2 > 100' or 'descriptors.left < 100'";
const subjects = [...stateNames.keys(), "suspects", "descriptors"];
const parts = /^([^\s.<>=]*)(?:\.([^\s<>=]*))?\s*([<>=!]*)\s*(.*)$/s;

/** Reads an expression of `--fail`. Every text is either a threshold or a problem in words. */
export function readThreshold(expression: string): Threshold | Misread {
  const [, subject = "", measure, sign = "", limitText = ""] = parts.exec(expression.trim().toLowerCase()) ?? [];
  if (subject === "") return { problem: `${form}; this one begins with none of ${list(subjects)}` };
  const of = readMeasured(subject, measure);
  if ("problem" in of) return of;
  const operator = operators.find((one) => one === sign);
  if (operator === undefined) return { problem: `${signProblem(sign, subject, measure)} one of >, >=, <, <=. ${form}` };
  const limit = readLimit(of, limitText.trim());
  return typeof limit === "object" ? limit : { expression: expression.trim(), of, operator, limit };
}

/** Whether a number is beyond what the threshold allows. */
export function isBeyond({ operator, limit }: Pick<Threshold, "operator" | "limit">, measured: number): boolean {
  switch (operator) {
    case ">":
      return measured > limit;
    case ">=":
      return measured >= limit;
    case "<":
      return measured < limit;
    case "<=":
      return measured <= limit;
    default:
      return operator satisfies never;
  }
}

function readMeasured(subject: string, measure: string | undefined): Threshold["of"] | Misread {
  if (subject === "descriptors") {
    const found = descriptorMeasures.find((one) => one === measure);
    return found === undefined
      ? unknownMeasure(subject, measure, descriptorMeasures)
      : { what: subject, measure: found };
  }
  const state = stateNames.get(subject);
  if (state === undefined && subject !== "suspects") return unknownSubject(subject);
  const found = socketMeasures.find((one) => one === (measure ?? "count"));
  if (found === undefined) return unknownMeasure(subject, measure, socketMeasures);
  return { what: "sockets", measure: found, ...(state === undefined ? {} : { state }) };
}

function unknownSubject(subject: string): Misread {
  const why = harmless.get(subject);
  const problem = `There is no threshold for "${subject}"${why === undefined ? "" : `: ${why}`}. There is one for ${list(subjects)}`;
  return why === undefined ? { problem, word: subject, words: subjects } : { problem };
}

/** States somebody might ask for, and why they are not watched. */
const harmless: ReadonlyMap<string, string> = new Map([
  ["time-wait", "no descriptor belongs to it, and it ends by itself"],
  ["last-ack", "the program has done its part, and the kernel's timer ends it"],
  ["closing", "the program has done its part, and the kernel's timer ends it"],
  ["established", "an open connection is not a leak"],
  ["estab", "an open connection is not a leak"],
  ["listen", "a server that listens is not a leak"],
]);

function unknownMeasure(subject: string, measure: string | undefined, known: readonly string[]): Misread {
  const all = known.map((one) => `${subject}.${one}`);
  if (measure === undefined || measure === "") return { problem: `"${subject}" needs one of ${list(all)}` };
  return { problem: `"${subject}" has no "${measure}"; it has ${list(all)}`, word: measure, words: known };
}

function signProblem(sign: string, subject: string, measure: string | undefined): string {
  const left = measure === undefined ? subject : `${subject}.${measure}`;
  return sign === "" ? `Behind "${left}" there must stand` : `"${sign}" compares nothing here; behind "${left}" stands`;
}

function readLimit(of: Threshold["of"], text: string): number | Misread {
  if (of.measure === "age") {
    return (
      readDuration(text) ?? {
        problem: `An age is compared with a duration, like ${durationForms}, not ${quoted(text)}`,
      }
    );
  }
  if (of.measure === "growth") {
    return readRate(text) ?? { problem: `A growth is compared with a rate, like 10/h or 2/min, not ${quoted(text)}` };
  }
  const noun = of.what === "sockets" ? "sockets" : "descriptors";
  return (
    readNumber(text) ?? {
      problem: `A number of ${noun} is compared with a whole number, like 100, not ${quoted(text)}`,
    }
  );
}

function readNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

const anHour = { s: 3600, m: 60, min: 60, h: 1, d: 1 / 24 } as const;

function readRate(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,6})?)\s*\/\s*(s|min|m|h|d)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * anHour[unit as keyof typeof anHour];
}

function quoted(text: string): string {
  return text === "" ? "with nothing" : JSON.stringify(text);
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
