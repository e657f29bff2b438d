import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { listFiles } from "./list-files.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsx = join(root, "node_modules/tsx/dist/cli.mjs");

/** Page that contains programs, and the package in which they run. */
interface Page {
  readonly path: string;
  readonly package: string;
}

const packages = readdirSync(join(root, "packages"));
const pages: readonly Page[] = [
  ...packages.map((name) => ({ path: `packages/${name}/README.md`, package: name })),
  { path: "docs/aem.md", package: "aem" },
  { path: "docs/estimators.md", package: "estimators" },
  { path: "docs/graph.md", package: "graph" },
];

/** Reads the programs of a page, each with the output that the page shows after it. */
function readPrograms({ path }: Page): readonly (readonly [code: string, output: string])[] {
  const text = readFileSync(join(root, path), "utf8");
  const pairs = text.matchAll(/```ts\n([^]*?)```\n\n```text\n([^]*?)```/gu);
  return Array.from(pairs, ([, code, output]) => [code!, output!]);
}

const documented = pages
  .map((page) => ({ ...page, programs: readPrograms(page) }))
  .filter(({ programs }) => programs.length > 0);

it("finds the programs of READMEs and pages", () => {
  const counts = documented.map(({ path, programs }) => [path, programs.length]);
  expect(Object.fromEntries(counts)).toEqual({
    "packages/aem/README.md": 1,
    "packages/core/README.md": 1,
    "packages/envs/README.md": 1,
    "packages/estimators/README.md": 1,
    "packages/graph/README.md": 1,
    "packages/policy/README.md": 1,
    "packages/statistics/README.md": 1,
    "packages/training/README.md": 1,
    "docs/graph.md": 1,
  });
});

describe.each(documented)("$path", ({ package: name, programs }) => {
  it.each(programs)("prints what it shows, in at most 40 lines: %#", (code, output) => {
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
    const flags = ["--conditions=turnwise-source", "--input-type=module", "--eval"];
    const printed = execFileSync(process.execPath, [tsx, ...flags, code], {
      cwd: join(root, "packages", name),
      encoding: "utf8",
    });
    expect(printed).toBe(output);
  });
});

/** Markdown files of the repository, except templates, whose links refer to another folder. */
const documents = listFiles(/\.md$/u).filter((path) => !path.includes("/templates/"));

/** Computes the ids that GitHub gives to the headings of a document. */
function headingIds(text: string): Set<string> {
  const headings = text.replaceAll(/^```[^]*?^```/gmu, "").matchAll(/^#+ (.*)$/gmu);
  return new Set(
    Array.from(headings, ([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

it("links in documents lead to files and headings", () => {
  const broken: string[] = [];
  for (const path of documents) {
    const text = readFileSync(join(root, path), "utf8").replaceAll(/^```[^]*?^```/gmu, "");
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/gu)) {
      if (/^[a-z]+:/u.test(target!)) continue;
      const [file, heading] = target!.split("#");
      const linked = file === "" ? join(root, path) : join(root, path, "..", file!);
      const isFound =
        existsSync(linked) &&
        (heading === undefined || headingIds(readFileSync(linked, "utf8")).has(heading));
      if (!isFound) broken.push(`${path}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});
