/** A node of parsed XML. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** Reads XML 1.0 without DTD, and throws at the first thing that is not well-formed: a judge for what we write. */
export function parseXml(xml: string): XmlElement {
  if (/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(xml)) throw new Error("forbidden character");
  const state = { rest: xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, "") };
  if (state.rest === xml) throw new Error("no XML declaration");
  const root = elementOf(state);
  if (state.rest.trim() !== "") throw new Error(`after the root: ${state.rest.slice(0, 40)}`);
  return root;
}

function elementOf(state: { rest: string }): XmlElement {
  const open = take(state, /^<([A-Za-z][\w-]*)((?: [A-Za-z][\w-]*="[^"<]*")*)(\/?)>/);
  const [, name = "", said = "", isEmpty = ""] = open;
  const attributes: Record<string, string> = {};
  for (const [, key = "", value = ""] of said.matchAll(/ ([\w-]+)="([^"]*)"/g)) {
    if (key in attributes) throw new Error(`attribute ${key} twice`);
    attributes[key] = textOf(value);
  }
  const children: XmlElement[] = [];
  let text = "";
  while (isEmpty === "" && !state.rest.startsWith("</")) {
    if (state.rest.startsWith("<")) children.push(elementOf(state));
    else text += textOf(take(state, /^[^<]+/)[0]);
  }
  if (isEmpty === "") take(state, new RegExp(`^</${name}>`));
  return { name, attributes, children, text };
}

function textOf(escaped: string): string {
  const names: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  if (/&(?!(?:amp|lt|gt|quot|apos|#(?:9|10|13));)/.test(escaped) || escaped.includes("]]>")) {
    throw new Error(`bad reference in ${escaped}`);
  }
  return escaped.replaceAll(
    /&(?:(\w+)|#(\d+));/g,
    (_, name, code) => names[name] ?? String.fromCodePoint(Number(code)),
  );
}

function take(state: { rest: string }, pattern: RegExp): RegExpExecArray {
  const match = pattern.exec(state.rest);
  if (match === null) throw new Error(`expected ${pattern} at: ${state.rest.slice(0, 60)}`);
  state.rest = state.rest.slice(match[0].length);
  return match;
}
