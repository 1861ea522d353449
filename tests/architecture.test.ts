import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import type { ErrorCode } from "../src/model/errors.ts";

const source = join(import.meta.dirname, "../src");

/** Who may import whom: the table of docs/architecture.md. A folder may always import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  timeline: ["model"],
  protocol: ["model"],
  judge: ["model", "timeline"],
  report: ["model", "timeline"],
  agent: ["model", "protocol"],
  observe: ["model"],
  fault: ["model"],
  lab: ["model", "protocol", "observe", "fault"],
  experiment: ["model", "timeline", "judge", "lab"],
  claims: ["model", "timeline", "judge", "lab", "fault", "experiment"],
  leak: ["model", "lab", "observe", "call-sites"],
  "call-sites": ["model"],
  matchers: ["model", "timeline", "judge", "report", "lab", "leak"],
  cli: ["model", "timeline", "judge", "report", "lab", "observe", "fault", "experiment", "claims", "leak"],
  "index.ts": ["model", "timeline", "protocol", "judge", "report", "fault", "lab", "experiment", "claims", "leak"],
};

/** Packages that a folder's code may use; folders not named use none. Node's own modules are free, except in the pure folders below. */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  report: ["zod"],
  lab: ["execa", "testcontainers", "p-retry"],
  experiment: ["p-limit"],
  leak: ["execa", "prom-client"],
  matchers: ["vitest"],
  cli: ["commander", "execa", "leven", "log-update"],
};

interface Import {
  readonly from: string;
  readonly specifier: string;
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const statement = /^(?:import|export)\b[^;"]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;
const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(join(source, from), "utf8").matchAll(statement)].map(([, a, b, c]) => ({
    from,
    specifier: a ?? b ?? c ?? "",
  })),
);
const isOurs = ({ specifier }: Import) => specifier.startsWith(".");
const target = ({ from, specifier }: Import) => relative(source, join(source, dirname(from), specifier));
const folder = (file: string) => file.split("/")[0] ?? "";
const packageOf = ({ specifier }: Import) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

test("every folder of src stands in the table", () => {
  expect(Object.keys(mayImport).toSorted()).toEqual([...new Set(files.map(folder))].toSorted());
});

test("every folder imports only what the table allows", () => {
  const wrong = imports
    .filter(isOurs)
    .filter(
      (one) => folder(one.from) !== folder(target(one)) && !mayImport[folder(one.from)]?.includes(folder(target(one))),
    )
    .map((one) => `${one.from} imports ${target(one)}`);
  expect(wrong).toEqual([]);
});

test("every folder uses only its own packages, and only lab/driver/docker uses testcontainers", () => {
  const foreign = imports.filter((one) => !isOurs(one) && !one.specifier.startsWith("node:"));
  const wrong = foreign.filter((one) => !mayUse[folder(one.from)]?.includes(packageOf(one)));
  const stray = foreign.filter(
    (one) => packageOf(one) === "testcontainers" && !one.from.startsWith("lab/driver/docker/"),
  );
  expect([...wrong, ...stray]).toEqual([]);
});

test("the model, the timeline, the judge and the protocol touch nothing of the machine", () => {
  const pure = ["model", "timeline", "judge", "protocol"];
  expect(imports.filter((one) => pure.includes(folder(one.from)) && one.specifier.startsWith("node:"))).toEqual([]);
});

test("no file imports itself in a circle", () => {
  const edges = Map.groupBy(imports.filter(isOurs), ({ from }) => from);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file) || path.includes(file)) return;
    for (const edge of edges.get(file) ?? []) visit(target(edge), [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test("every error code is explained in docs/errors.md, and nothing else is", () => {
  const declared = readFileSync(join(source, "model/errors.ts"), "utf8").matchAll(/"(FINWAIT_[A-Z_]+)"/g);
  const codes = [...declared].map(([, code]) => code as ErrorCode);
  const documented = readFileSync(join(source, "../docs/errors.md"), "utf8").matchAll(/^## (\w+)$/gm);
  expect([...documented].map(([, code]) => code).toSorted()).toEqual(codes.toSorted());
});
