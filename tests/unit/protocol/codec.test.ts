import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FinwaitError, isFinwaitError } from "../../../src/model/errors.ts";
import { type CallName, calls } from "../../../src/protocol/calls.ts";
import {
  createLineDecoder,
  type DecodedLine,
  encodeLine,
  parseFromAgent,
  parseRequest,
} from "../../../src/protocol/codec.ts";
import type { FromAgent } from "../../../src/protocol/messages.ts";

/** Cuts at any byte, inside UTF-8 sequences too. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let start = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  return [...chunks, bytes.subarray(start)];
}

function decode(chunks: readonly (Uint8Array | string)[], maxBytes?: number): DecodedLine[] {
  const decoder = createLineDecoder(maxBytes);
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

const sizes = fc.array(fc.nat({ max: 9 }), { maxLength: 60 });
const wellFormed = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "").toWellFormed());

describe("the line decoder", () => {
  test("gives back every line, wherever the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), sizes, (values, where) => {
        const bytes = new TextEncoder().encode(values.map(encodeLine).join(""));
        expect(decode(cut(bytes, where))).toEqual(values.map((value) => JSON.stringify(value)));
      }),
    );
  });

  test("gives back lines of text cut inside surrogate pairs", () => {
    fc.assert(
      fc.property(fc.array(wellFormed, { minLength: 1 }), sizes, (lines, where) => {
        const text = lines.map((line) => `${line}\n`).join("");
        const chunks: string[] = [];
        let start = 0;
        for (const size of where) {
          chunks.push(text.slice(start, start + size));
          start += size;
        }
        expect(decode([...chunks, text.slice(start)])).toEqual(lines);
      }),
    );
  });

  test("takes any bytes and text in any order without throwing", () => {
    const chunk = fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.string({ unit: "binary" }), fc.constant("\ud83d"));
    fc.assert(fc.property(fc.array(chunk), (chunks) => void decode(chunks, 20)));
  });

  test("a line over the limit is one typed error, and the next line is read", () => {
    const [tooLong, next] = decode(cut(new TextEncoder().encode(`${"x".repeat(50)}\nnext\n`), [7, 9, 9]), 20);
    expect(isFinwaitError(tooLong, "FINWAIT_PROTOCOL")).toBe(true);
    expect(next).toBe("next");
  });

  test("a line at the limit is read", () => {
    expect(decode([`${"x".repeat(20)}\n`], 20)).toEqual(["x".repeat(20)]);
  });

  test("memory it was given may be reused", () => {
    const decoder = createLineDecoder();
    const memory = Buffer.from("first");
    decoder.push(memory);
    memory.fill("x");
    expect(decoder.push("\n")).toEqual(["first"]);
  });

  test("what is left at the end is a line", () => {
    expect(decode(["whole\nto", "rn"])).toEqual(["whole", "torn"]);
  });
});

describe("parseRequest", () => {
  const samples = { name: "x", text: "x", texts: ["x"], integer: 1, boolean: true } as const;
  const kindOf = (kind: string) => samples[kind.replace("?", "") as keyof typeof samples];
  const names = Object.keys(calls) as CallName[];

  test.each(names)("accepts %s with all its parameters", (call) => {
    const given = Object.fromEntries(Object.entries(calls[call]).map(([name, kind]) => [name, kindOf(kind)]));
    const request = { id: 7, process: "child", call, with: given };
    expect(parseRequest(JSON.stringify(request))).toEqual({ kind: "request", request });
  });

  test.each(names)("names each parameter of %s that is missing, ill-typed or unknown", (call) => {
    const parameters = Object.entries(calls[call]);
    const given = Object.fromEntries(parameters.map(([name, kind]) => [name, kindOf(kind)]));
    const refusal = (parameters: object) => parseRequest(JSON.stringify({ id: 7, call, with: parameters }));
    for (const [name, kind] of parameters) {
      const bad = {
        kind: "refused",
        id: 7,
        error: { code: "BAD_PARAMETER", message: expect.stringContaining(`"${name}"`) },
      };
      expect(refusal({ ...given, [name]: { wrong: true } })).toEqual(bad);
      const { [name]: _, ...without } = given;
      expect(refusal(without)).toEqual(kind.endsWith("?") ? expect.objectContaining({ kind: "request" }) : bad);
    }
    expect(refusal({ ...given, tpyo: 1 })).toMatchObject({
      kind: "refused",
      error: { message: expect.stringContaining("tpyo") },
    });
  });

  test("an unknown call is refused under its id", () => {
    for (const call of ["fly", "toString", "__proto__", 3, undefined]) {
      expect(parseRequest(JSON.stringify({ id: 3, call, with: {} }))).toMatchObject({
        kind: "refused",
        id: 3,
        error: { code: "UNKNOWN_CALL" },
      });
    }
  });

  test("without an id there is nobody to answer", () => {
    for (const line of [
      "",
      "{}",
      "[]",
      "null",
      "7",
      '{"id":1.5,"call":"ping"}',
      '{"id":"1","call":"ping"}',
      "not json",
    ]) {
      expect(parseRequest(line)).toMatchObject({ kind: "malformed" });
    }
    expect(parseRequest(new FinwaitError("FINWAIT_PROTOCOL", "too long"))).toEqual({
      kind: "malformed",
      message: "too long",
    });
  });

  test("__proto__ changes nothing", () => {
    const parsed = parseRequest('{"id":1,"call":"ping","with":{},"__proto__":{"process":"evil","polluted":1}}');
    expect(parsed).toEqual({ kind: "request", request: { id: 1, call: "ping", with: {} } });
    const refused = parseRequest('{"id":1,"call":"destroy","with":{"__proto__":{"socket":"x"}}}');
    expect(refused).toMatchObject({ kind: "refused", error: { code: "BAD_PARAMETER" } });
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test("never throws, whatever the line", () => {
    const nested = "[".repeat(100_000);
    expect(parseRequest(`{"id":1,"call":${nested}${"]".repeat(100_000)}}`).kind).not.toBe("request");
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (line) => void parseRequest(line)));
    const near = fc.record(
      { id: fc.jsonValue(), process: fc.jsonValue(), call: fc.constantFrom(...names), with: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(near, (request) => void parseRequest(JSON.stringify(request))));
  });
});

describe("parseFromAgent", () => {
  const address = { address: "127.0.0.1", port: 80 };
  const messages: FromAgent[] = [
    { re: 1, startedAt: 1, at: 2, ok: {} },
    { re: -1, startedAt: -5.5, at: 2, error: { code: "ECONNREFUSED", message: "no" } },
    { notice: "hello", at: 1, protocol: 1, pid: 5, runtime: { name: "node", version: "24.0.0" } },
    { notice: "connection", at: 1, process: "p", server: "", socket: "s/1", local: address, peer: address },
    { notice: "server", at: 1, server: "s", event: "error", code: "EMFILE" },
    { notice: "blocked", at: 1, ms: 5 },
    { notice: "malformed", at: 1, message: "?" },
    { notice: "childExit", at: 1, process: "p", exitCode: null, signal: "SIGKILL" },
    { notice: "socket", at: 1, socket: "s", event: { name: "connect", local: address, peer: address } },
    { notice: "socket", at: 1, socket: "s", event: { name: "data", bytes: 1, total: 1 } },
    { notice: "socket", at: 1, socket: "s", event: { name: "written", total: 1, error: "EPIPE" } },
    { notice: "socket", at: 1, socket: "s", event: { name: "close", hadError: false, total: 1, sha256: "00" } },
  ];

  test.each(messages.map((message) => [JSON.stringify(message), message] as const))("reads %s", (line, message) => {
    expect(parseFromAgent(line)).toEqual(message);
  });

  test.each(messages.map((message) => [JSON.stringify(message), message] as const))(
    "misses any field of %s",
    (_, message) => {
      const optional = ["process", "code"];
      for (const name of Object.keys(message).filter((name) => !optional.includes(name) || "exitCode" in message)) {
        const { [name as keyof FromAgent]: _, ...without } = message;
        expect(() => parseFromAgent(JSON.stringify(without))).toThrow(FinwaitError);
      }
    },
  );

  test("the error says what is wrong and shows the line", () => {
    const line = '{"notice":"blocked","at":1,"ms":"soon"}';
    expect(() => parseFromAgent(line)).toThrow(expect.objectContaining({ code: "FINWAIT_PROTOCOL" }));
    expect(() => parseFromAgent(line)).toThrow(`"ms"`);
    expect(() => parseFromAgent(line)).toThrow(line);
  });

  test("throws nothing but FINWAIT_PROTOCOL, whatever the line", () => {
    const event = fc.record({ name: fc.constantFrom("data", "__proto__", "toString"), total: fc.jsonValue() });
    const near = fc.record(
      {
        notice: fc.constantFrom("socket", "hello", "__proto__", "valueOf"),
        at: fc.jsonValue(),
        re: fc.jsonValue(),
        event,
      },
      { requiredKeys: [] },
    );
    const line = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      near.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(line, (line) => {
        try {
          parseFromAgent(line);
        } catch (error) {
          expect(isFinwaitError(error, "FINWAIT_PROTOCOL")).toBe(true);
        }
      }),
    );
  });

  test("__proto__ changes no prototype", () => {
    const message = parseFromAgent(
      '{"re":1,"startedAt":1,"at":1,"ok":{"__proto__":{"polluted":1}},"__proto__":{"notice":"x"}}',
    );
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(() => parseFromAgent('{"__proto__":{"re":1,"startedAt":1,"at":1,"ok":{}}}')).toThrow(FinwaitError);
  });
});
