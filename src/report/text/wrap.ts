import { charactersOf, widthOf } from "./width.ts";

interface Word {
  text: string;
  width: number;
  /** Blanks between it and the word before. */
  readonly gap: number;
}

/**
 * The text in lines of at most `columns` columns. English breaks at blanks, Chinese between any two characters, but not
 * before its punctuation; a word longer than a line is cut.
 */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let [line, used] = ["", 0];
  for (const word of wordsOf(text, Math.max(2, columns))) {
    const gap = line === "" ? 0 : word.gap;
    if (line !== "" && used + gap + word.width > columns) {
      lines.push(line);
      [line, used] = [word.text, word.width];
    } else {
      line += " ".repeat(gap) + word.text;
      used += gap + word.width;
    }
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}

/** The text in lines that all begin at the given column, the first after a label that stands there already. */
export function hanging(label: string, text: string, columns: number): readonly string[] {
  const indent = widthOf(label);
  return wrapped(text, columns - indent).map((line, index) => (index === 0 ? label : " ".repeat(indent)) + line);
}

function wordsOf(text: string, longest: number): readonly Word[] {
  const words: Word[] = [];
  let [gap, isOpen] = [0, false];
  for (const { text: character, width } of charactersOf(text)) {
    if (/^\s$/u.test(character)) {
      gap++;
      continue;
    }
    const last = words.at(-1);
    const closes = width === 2 && /^[\p{Pe}\p{Pf}\p{Po}]/u.test(character);
    const continues = last !== undefined && gap === 0 && ((isOpen && width === 1) || closes);
    if (!continues) words.push({ text: character, width, gap });
    else if (last.width + width <= longest) append(last, character, width);
    else words.push(cut(last, character));
    [gap, isOpen] = [0, width === 1];
  }
  return words;
}

function append(word: Word, character: string, width: number): void {
  word.text += character;
  word.width += width;
}

/** What goes on the next line of a word too long for one: all after its last joint, or the new character alone. */
function cut(word: Word, character: string): Word {
  const joint = /^(.*[_/:.-])(.+)$/s.exec(word.text);
  const rest = `${joint?.[2] ?? ""}${character}`;
  word.text = joint?.[1] ?? word.text;
  word.width = widthOf(word.text);
  return { text: rest, width: widthOf(rest), gap: 0 };
}
