/**
 * Text as XML 1.0 can carry it. Markup is escaped, line breaks survive in attributes, and characters that XML forbids
 * even as references (most controls, lone surrogates, U+FFFE) are written out as `\x1b` or `\ufffe`.
 */
export function xmlText(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\x7f-\x9f]/gu, writtenOut)
    .replaceAll(/[&<>"'\t\n\r]/g, (character) => references[character] ?? character);
}

/** An element with its attributes, in order; children are lines of XML already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly string[] = [],
): string {
  const said = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(String(value))}"`);
  const open = `<${name}${said.join("")}`;
  return children.length === 0 ? `${open}/>` : `${open}>\n${children.join("\n")}\n</${name}>`;
}

/** An element that holds text; line breaks in it stay line breaks. */
export function textElement(name: string, attributes: Readonly<Record<string, string | number>>, text: string): string {
  const said = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(String(value))}"`);
  const content = xmlText(text).replaceAll("&#10;", "\n").replaceAll("&#9;", "\t");
  return `<${name}${said.join("")}>${content}</${name}>`;
}

const references: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
