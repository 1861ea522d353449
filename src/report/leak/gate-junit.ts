import type { GateReport, TriedManner } from "../../model/leak-gate.ts";
import { element, textElement } from "../junit/xml.ts";
import { gateText } from "./gate-text.ts";

/** The report as JUnit XML for CI: a testcase for each manner, which fails when it left sockets behind. */
export function gateJunit(report: GateReport): string {
  const { manners, durationMs } = report;
  const totals = { tests: manners.length, failures: manners.filter(leaks).length, errors: 0, skipped: 0 };
  const seconds = (durationMs / 1000).toFixed(3);
  const suite = element("testsuite", { name: `leak: ${report.subject}`, ...totals, time: seconds }, [
    ...manners.map((manner) => testcase(manner, report)),
    textElement("system-out", {}, gateText(report)),
  ]);
  const all = element("testsuites", { name: "finwait leak", ...totals, time: seconds }, [suite]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${all}\n`;
}

const leaks = ({ leaked }: TriedManner): boolean => leaked > 0;

function testcase(manner: TriedManner, { leaked, subject }: GateReport): string {
  const left = leaked.filter((one) => one.manner === manner.name);
  const causes = [...new Set(left.map(({ cause }) => cause))].join(", ");
  const message = `${left.length} sockets of ${manner.connections} connections were not let go: ${causes}`;
  const rows = left.map(({ row }) => row.line).join("\n");
  const failure = leaks(manner) ? [textElement("failure", { message, type: causes }, rows)] : [];
  return element("testcase", { classname: subject, name: manner.name }, failure);
}
