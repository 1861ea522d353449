import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Run } from "../../../src/model/run.ts";
import { junit } from "../../../src/report/junit/junit.ts";
import { xmlText } from "../../../src/report/junit/xml.ts";
import { puts, runOf, sampleRun } from "./runs.ts";
import { parseXml, type XmlElement } from "./xml.ts";

const run = sampleRun();

function testcases(xml: string): readonly XmlElement[] {
  return parseXml(xml).children.flatMap((suite) => suite.children.filter(({ name }) => name === "testcase"));
}

const childrenOf = (xml: string, address: string) =>
  testcases(xml)
    .find(({ attributes }) => attributes.name === address)
    ?.children.map(({ name }) => name);

describe("a JUnit report", () => {
  test("is as reviewed", async () => {
    await expect(junit(run)).toMatchFileSnapshot("../../fixtures/runs/sample.junit.xml");
  });

  test("has a testsuite for each topic and a testcase for each claim", () => {
    const root = parseXml(junit(run));
    expect(root.name).toBe("testsuites");
    expect(root.children.map(({ attributes }) => attributes.name)).toEqual(["half-close", "close", "loss", "reset"]);
    expect(testcases(junit(run)).map(({ attributes }) => attributes.name)).toEqual(
      run.header.addresses.toSorted((a, b) => {
        const topics = ["half-close", "close", "loss", "reset"];
        return topics.indexOf(a.split("/")[0] ?? "") - topics.indexOf(b.split("/")[0] ?? "");
      }),
    );
  });

  test("passes a refuted claim: it is a finding", () => {
    expect(childrenOf(junit(run), "close/passive-ends-first")).toEqual(["system-out"]);
  });

  test("makes what the harness broke an error, and what could not be tried skipped", () => {
    expect(childrenOf(junit(run), "reset/no-time-wait")).toEqual(["error", "system-out"]);
    expect(childrenOf(junit(run), "loss/first-fin")).toEqual(["skipped", "system-out"]);
    expect(parseXml(junit(run)).attributes).toMatchObject({ tests: "6", failures: "0", errors: "1", skipped: "1" });
  });

  test("says which evidence each claim and each case rests on", () => {
    expect(junit(run)).toContain(
      "verdict: confirmed (evidence: ss)\nholds: the client half-closes with end() (evidence: ss)",
    );
  });

  test("fails what differs from its expectation, evidence missing included", () => {
    const xml = junit(
      run,
      new Map([
        ["half-close/two-states", "refuted"],
        ["loss/first-fin", "confirmed"],
      ]),
    );
    expect(childrenOf(xml, "half-close/two-states")).toEqual(["failure", "system-out"]);
    expect(childrenOf(xml, "loss/first-fin")).toEqual(["failure", "system-out"]);
    expect(parseXml(xml).attributes).toMatchObject({ failures: "2", skipped: "0" });
    expect(xml).toContain('message="expected refuted, got confirmed"');
  });

  test("fails a claim that was asked for and not run", () => {
    const cut: Run = { ...runOf(puts.confirmed), verdicts: [] };
    const xml = junit(cut, new Map([["half-close/two-states", "confirmed"]]));
    expect(childrenOf(xml, "half-close/two-states")).toEqual(["failure"]);
  });

  test("is well-formed and loses no counted claim, whatever the texts hold", () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom(..."<>&\"']\u0000\u001b\r\n\t\ufffe\ud800\udc00"), fc.string({ unit: "binary" })),
    });
    fc.assert(
      fc.property(text, text, text, (address, reason, evidence) => {
        const sample = runOf(puts.confirmed, puts.inconclusive);
        const hostile: Run = {
          ...sample,
          header: { ...sample.header, startedAt: reason, machine: { [reason]: evidence } },
          verdicts: sample.verdicts.map((verdict, index) => ({
            ...verdict,
            address: index === 0 ? `${address}/x` : verdict.address,
            cases: verdict.cases.map((one) => ({
              ...one,
              reason,
              checks: one.checks.map((check) => ({ ...check, what: reason, evidence: [evidence] })),
            })),
          })),
        };
        expect(testcases(junit(hostile))).toHaveLength(2);
      }),
    );
  });

  test("of an empty run is well-formed", () => {
    expect(parseXml(junit(runOf()))).toMatchObject({ name: "testsuites", children: [], attributes: { tests: "0" } });
  });
});

describe("text in XML", () => {
  test("writes out what XML cannot carry and keeps everything else", () => {
    expect(xmlText("a\u0000b\u001b[31m\u0085\ufffe\ud800")).toBe("a\\x00b\\x1b[31m\\x85\\ufffe\\ud800");
    expect(xmlText("半 🚀 <&>\"'\r\n\t")).toBe("半 🚀 &lt;&amp;&gt;&quot;&apos;&#13;&#10;&#9;");
  });

  test("is read back by a parser as it was, when XML can carry it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const carried = text.replaceAll(/[\ufffe\uffff]|(?![\t\n\r])\p{Cc}/gu, "");
        const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<a b="${xmlText(carried)}">${xmlText(carried)}</a>`;
        expect(parseXml(xml)).toMatchObject({ attributes: { b: carried }, text: carried });
      }),
    );
  });
});
