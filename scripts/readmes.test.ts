import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const packages = new URL("../packages/", import.meta.url);
const tsx = fileURLToPath(new URL("../node_modules/tsx/dist/cli.mjs", import.meta.url));

/** Programs of a README with the output that it shows after them. */
function programsOf(folder: URL): readonly (readonly [code: string, output: string])[] {
  const readme = readFileSync(new URL("README.md", folder), "utf8");
  const pairs = readme.matchAll(/```ts\n([^]*?)```\n\n```text\n([^]*?)```/gu);
  return Array.from(pairs, ([, code, output]) => [code!, output!]);
}

const documented = readdirSync(packages).map((name) => {
  const folder = new URL(`${name}/`, packages);
  return { name, folder, programs: programsOf(folder) };
});

it("finds the programs of aem, estimators, graph and statistics", () => {
  const counts = documented.map(({ name, programs }) => [name, programs.length]);
  expect(Object.fromEntries(counts)).toMatchObject({
    aem: 1,
    estimators: 1,
    graph: 2,
    statistics: 1,
  });
});

describe.each(documented.filter(({ programs }) => programs.length > 0))(
  "the README of $name",
  ({ folder, programs }) => {
    it.each(programs)("prints what it shows, in at most 40 lines: %#", (code, output) => {
      expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
      const flags = ["--conditions=turnwise-source", "--input-type=module", "--eval"];
      const printed = execFileSync(process.execPath, [tsx, ...flags, code], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(printed).toBe(output);
    });
  },
);
