import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const folder = new URL("..", import.meta.url);
const readme = readFileSync(new URL("README.md", folder), "utf8");
const snippets = [...readme.matchAll(/```ts\n([^]*?)```\n\n```text\n([^]*?)```/gu)];

describe("the README", () => {
  it("has two programs", () => {
    expect(snippets.length).toBe(2);
  });

  snippets.forEach(([, code, promised], i) => {
    it(`prints what it says, in at most 40 lines: program ${i + 1}`, () => {
      const tsx = fileURLToPath(new URL("../../node_modules/tsx/dist/cli.mjs", folder));
      const flags = ["--conditions=turnwise-source", "--input-type=module", "--eval"];
      const printed = execFileSync(process.execPath, [tsx, ...flags, code!], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(printed).toBe(promised);
      expect(code!.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
    });
  });
});
