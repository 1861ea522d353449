import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addressText } from "../../../../src/model/socket.ts";
import { type Decoded, decode } from "./decode.ts";

// What tcpdump printed about its own captures (tests/fixtures/pcap), against what the decoder reads in them.
const fixtures = join(import.meta.dirname, "../../../fixtures/pcap");
const names = readdirSync(fixtures).flatMap((file) => (file.endsWith(".pcap") ? [file.slice(0, -5)] : []));

test.each(names)("%s: every segment is what tcpdump says it is", (name) => {
  const { segments, error } = decode(readFileSync(join(fixtures, `${name}.pcap`)));
  expect(error).toBeUndefined();
  // Of the older cooked header tcpdump prints no direction.
  const shown = name === "sll" ? segments.map((one) => ({ ...one, direction: "unknown" as const })) : segments;
  expect(shown.map(tcpdumpLine)).toEqual(packets(name).filter(isTcp).map(comparable));
});

test.each(names)("%s: datagrams and what is neither are counted as tcpdump lists them", (name) => {
  const { datagrams, skipped } = decode(readFileSync(join(fixtures, `${name}.pcap`)));
  const others = packets(name).filter((packet) => !isTcp(packet));
  const udp = others.filter((packet) => / UDP, length \d+$/.test(packet) && !packet.includes("ICMP"));
  expect(datagrams.map(({ payload }) => ` UDP, length ${payload.length}`)).toEqual(
    udp.map((packet) => packet.slice(packet.lastIndexOf(" UDP"))),
  );
  expect(skipped).toBe(others.length - udp.length);
});

test("the captures hold what they were recorded for", () => {
  const all = names.flatMap((name) => decode(readFileSync(join(fixtures, `${name}.pcap`))).segments);
  const having = (is: (one: (typeof all)[number]) => boolean) => all.some(is);
  expect(having(({ segment }) => segment.flags.includes("URG") && segment.urgentPointer === 3)).toBe(true);
  expect(having(({ segment }) => segment.options.sack?.length === 1)).toBe(true);
  expect(having(({ segment }) => segment.options.fastOpen?.cookieBytes === 0)).toBe(true);
  expect(having(({ segment }) => segment.options.fastOpen?.cookieBytes === 8 && segment.payloadBytes > 0)).toBe(true);
  expect(having(({ segment }) => segment.options.others?.[0]?.kind === 30)).toBe(true);
  expect(having(({ segment }) => segment.ipHeaderBytes === 24)).toBe(true);
  expect(having(({ segment }) => segment.ipHeaderBytes === 48)).toBe(true);
  expect(having(({ segment }) => segment.checksumIsRight === true)).toBe(true);
  expect(having(({ segment, direction }) => segment.payloadBytes > 1460 && direction === "out")).toBe(true);
  expect(having(({ wallUs }) => wallUs % 1 !== 0)).toBe(true);
});

test("a marker datagram comes with its ports, payload and direction", () => {
  const { datagrams } = decode(readFileSync(join(fixtures, "sll2.pcap")));
  const payload = [...new TextEncoder().encode("a marker")];
  expect(datagrams).toEqual([
    { payload, ports: { source: 40002, destination: 40003 }, direction: "in" },
    { payload, ports: { source: 40102, destination: 40103 }, direction: "in" },
  ]);
});

/** tcpdump's packets, a line each; lines that continue one are indented. */
function packets(name: string): string[] {
  const text = readFileSync(join(fixtures, `${name}.txt`), "utf8");
  return text.trimEnd().replaceAll(/\n\s+/g, " ").split("\n");
}

function isTcp(packet: string): boolean {
  return packet.includes(" Flags [") && !packet.includes("ICMP6");
}

/** Without what a Segment does not hold: fields of IP, what a checksum should have been, NOPs, the values of cookies and of MPTCP. */
function comparable(packet: string): string {
  const [, time, direction = "", bytes, rest = ""] =
    /^([\d.]+) (?:\S+ +(In|Out) +)?IP6? .*?length:? (\d+)(?:, options \([A-Z,]+\))?\) (.*)$/.exec(packet) ?? [];
  const text = rest
    .replace(/^(\S+) > (\S+): DSTOPT \(padn\) (\d+) > (\d+):/, "$1.$3 > $2.$4:")
    .replace(/ -> 0x[0-9a-f]{4}\)/, ")")
    .replaceAll(/nop,|,nop/g, "")
    .replace("tfo  cookiereq", "tfo 0")
    .replace(/tfo {2}cookie ([0-9a-f]+)/, (_, cookie: string) => `tfo ${cookie.length / 2}`)
    .replace(/(mptcp \d+)[^\]]*\]/, "$1]");
  const [seconds, fraction] = (time ?? "").split(".");
  return `${Number(seconds) * 1e6 + Number(fraction) / 1e3} ${direction} ${bytes} ${text}`;
}

const letters = { FIN: "F", SYN: "S", RST: "R", PSH: "P", ACK: ".", URG: "U", ECE: "E", CWR: "W" };
const directions = { in: "In", out: "Out", unknown: "" };

/** A decoded segment as tcpdump would have printed it. */
function tcpdumpLine({ segment, wallUs, direction }: Decoded["segments"][number]): string {
  const { source, destination, flags, sequence, payloadBytes } = segment;
  // What IPv6 calls payload begins behind the first 40 bytes of header.
  const ipBytes = segment.ipHeaderBytes + segment.headerBytes + payloadBytes - (source.address.includes(":") ? 40 : 0);
  const right = segment.checksumIsRight ? "correct" : "incorrect";
  const hasSequence = payloadBytes > 0 || flags.some((flag) => flag === "SYN" || flag === "FIN" || flag === "RST");
  const options = optionTexts(segment.options).join(",");
  const fields = [
    `Flags [${flags.map((flag) => letters[flag]).join("")}]`,
    ...(segment.checksumIsRight === undefined
      ? []
      : [`cksum 0x${segment.checksum.toString(16).padStart(4, "0")} (${right})`]),
    ...(hasSequence ? [`seq ${sequence}${payloadBytes > 0 ? `:${(sequence + payloadBytes) >>> 0}` : ""}`] : []),
    ...(flags.includes("ACK") ? [`ack ${segment.acknowledgment}`] : []),
    `win ${segment.window}`,
    ...(flags.includes("URG") ? [`urg ${segment.urgentPointer}`] : []),
    ...(options === "" ? [] : [`options [${options}]`]),
    `length ${payloadBytes}`,
  ];
  const ends = `${addressText(source)} > ${addressText(destination)}:`.replaceAll(/\[|\]/g, "");
  return `${wallUs} ${directions[direction]} ${ipBytes} ${ends.replaceAll(/:(\d+)(?= >|:$)/g, ".$1")} ${fields.join(", ")}`;
}

function optionTexts(options: Decoded["segments"][number]["segment"]["options"]): string[] {
  const { mss, sackPermitted, timestamps, windowScale, fastOpen, others, sack } = options;
  return [
    ...(mss === undefined ? [] : [`mss ${mss}`]),
    ...(sackPermitted ? ["sackOK"] : []),
    ...(timestamps === undefined ? [] : [`TS val ${timestamps.value} ecr ${timestamps.echo}`]),
    ...(windowScale === undefined ? [] : [`wscale ${windowScale}`]),
    ...(fastOpen === undefined ? [] : [`tfo ${fastOpen.cookieBytes}`]),
    ...(others ?? []).map(({ kind, bytes }) => `${kind === 30 ? "mptcp" : kind} ${bytes}`),
    ...(sack === undefined
      ? []
      : [`sack ${sack.length} ${sack.map(({ left, right }) => `{${left}:${right}}`).join("")}`]),
  ];
}
