import { stripVTControlCharacters } from "node:util";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const wide =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\u3000-\u303f\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u;
const isPrintableAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** The characters as a reader counts them, each with the terminal columns it takes: 2 for Chinese, 1 otherwise. */
export function charactersOf(text: string): readonly { readonly text: string; readonly width: number }[] {
  const characters = isPrintableAscii(text) ? [...text] : [...graphemes.segment(text)].map(({ segment }) => segment);
  return characters.map((character) => ({ text: character, width: wide.test(character) ? 2 : 1 }));
}

/** Columns that the text takes on a terminal. */
export function widthOf(text: string): number {
  return charactersOf(text).reduce((sum, { width }) => sum + width, 0);
}

/** The text in at most `columns` columns; what had to go is marked by "…". */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let [kept, used] = ["", 0];
  for (const { text: character, width } of charactersOf(text)) {
    if (used + width > columns - 1) break;
    kept += character;
    used += width;
  }
  return columns < 1 ? "" : `${kept.trimEnd()}…`;
}

/** The text at the left of a field of `columns` columns, cut when it is longer. */
export function leftIn(text: string, columns: number): string {
  const cut = fitted(text, columns);
  return cut + " ".repeat(Math.max(0, columns - widthOf(cut)));
}

/** The text at the right of a field of `columns` columns, cut when it is longer. */
export function rightIn(text: string, columns: number): string {
  const cut = fitted(text, columns);
  return " ".repeat(Math.max(0, columns - widthOf(cut))) + cut;
}

/**
 * One line, safe to print: no escape sequence, control or direction-changing character of the text reaches the terminal.
 * Process names, error messages and ss lines come from outside.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replaceAll(/[^\S ]+/g, " ")
    .replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}
