import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitted, leftIn, printable, rightIn, widthOf } from "../../../src/report/text/width.ts";
import { hanging, wrapped } from "../../../src/report/text/wrap.ts";

const text = fc.string({ unit: "grapheme", maxLength: 80 });

describe("the width of text", () => {
  test.each([
    ["", 0],
    ["FIN-WAIT-2", 10],
    ["半关闭", 6],
    ["“半”，FIN。", 11],
    ["全角ＡＢ", 8],
    ["e\u0301", 1],
    ["✓ ✗ … │", 7],
    ["한국어", 6],
    ["🚀", 2],
  ])("of %j is %i columns", (said, columns) => {
    expect(widthOf(said)).toBe(columns);
  });

  test("is kept by every field", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 60 }), (said, columns) => {
        expect(widthOf(fitted(said, columns))).toBeLessThanOrEqual(columns);
        expect(widthOf(leftIn(said, columns))).toBe(columns);
        expect(widthOf(rightIn(said, columns))).toBe(columns);
      }),
    );
  });

  test("cuts between characters and says so", () => {
    expect(fitted("先关闭的一端", 7)).toBe("先关闭…");
    expect(fitted("先关闭的一端", 12)).toBe("先关闭的一端");
    expect(fitted("half closed", 6)).toBe("half…");
  });
});

describe("wrapped text", () => {
  test("never passes its columns and loses nothing but blanks", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (said, columns) => {
        const lines = wrapped(said, columns);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
        expect(lines.join("").replaceAll(/\s/g, "")).toBe(said.replaceAll(/\s/g, ""));
      }),
    );
  });

  test("breaks English at blanks and Chinese anywhere but before its punctuation", () => {
    expect(wrapped("the server keeps sending", 10)).toEqual(["the server", "keeps", "sending"]);
    expect(wrapped("先关闭的一端，等待。", 12)).toEqual(["先关闭的一", "端，等待。"]);
  });

  test("cuts a word too long for a line at a joint", () => {
    expect(wrapped("ERR_STREAM_WRITE_AFTER_END", 20)).toEqual(["ERR_STREAM_WRITE_", "AFTER_END"]);
    expect(wrapped("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
  });

  test("keeps the blanks that part columns", () => {
    expect(wrapped("FIN-WAIT-2  0 0", 40)).toEqual(["FIN-WAIT-2  0 0"]);
  });

  test("hangs under its label", () => {
    expect(hanging("because  ", "it was not seen", 18)).toEqual(["because  it was", "         not seen"]);
  });
});

describe("text from outside", () => {
  test("is one line without control or direction-changing characters", () => {
    expect(printable("a\u001b[31mb\u001b[0m\r\nc\td\u0007\u202ee")).toBe("ab c d\ufffd\ufffde");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (said) => {
        expect(printable(said)).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e]/u);
      }),
    );
  });
});
