import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Tests that a page names, in the form `FILE`: "TITLE", "TITLE". */
interface NamedTest {
  readonly file: string;
  readonly title: string;
}

/** Reads the tests that a page names. @throws `Error` if a file is named without a title. */
function readNamedTests(page: string): NamedTest[] {
  const text = readFileSync(join(root, page), "utf8");
  const named = [...text.matchAll(/`([^`\s]+\.test\.ts)`(?::((?:,? "[^"]+")+))?/gu)];
  return named.flatMap(([, file, titles]) => {
    if (titles === undefined) throw new Error(`${page}: ${file} must be followed by titles`);
    return Array.from(titles.matchAll(/"([^"]+)"/gu), ([, title]) => ({
      file: file!,
      title: title!,
    }));
  });
}

/**
 * True if a file has a test or a group of tests with this title, compared with the text of its
 * source.
 */
function hasTest({ file, title }: NamedTest): boolean {
  const path = join(root, file);
  if (!existsSync(path)) return false;
  const source = readFileSync(path, "utf8");
  return ['"', "`"].some((quote) => {
    const literal = `${quote}${title}${quote}`;
    for (let at = source.indexOf(literal); at !== -1; at = source.indexOf(literal, at + 1)) {
      if (source.slice(0, at).trimEnd().endsWith("(")) return true;
    }
    return false;
  });
}

it.each([
  ["docs/failures.md", 80],
  ["docs/security.md", 50],
])("tests that %s names exist", (page, least) => {
  const named = readNamedTests(page);
  expect(named.length).toBeGreaterThanOrEqual(least);
  expect(named.filter((one) => !hasTest(one))).toEqual([]);
});
