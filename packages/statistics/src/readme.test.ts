import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("prints what the README says", () => {
  const folder = new URL("..", import.meta.url);
  const readme = readFileSync(new URL("README.md", folder), "utf8");
  const [, code] = /```ts\n([^]*?)```/u.exec(readme)!;
  const [, promised] = /```text\n([^]*?)```/u.exec(readme)!;
  const tsx = fileURLToPath(new URL("../../node_modules/tsx/dist/cli.mjs", folder));
  const flags = ["--conditions=turnwise-source", "--input-type=module", "--eval"];
  const printed = execFileSync(process.execPath, [tsx, ...flags, code!], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(printed).toBe(promised);
});
