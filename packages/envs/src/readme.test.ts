import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const folder = new URL("..", import.meta.url);

it.each([
  "../../docs/environments/alfworld.md",
  "../../docs/environments/webshop.md",
  "../../docs/environments/small-games.md",
  "../../docs/environments/swebench.md",
  "../../docs/environments/harbor.md",
])("prints what %s says", (path) => {
  const text = readFileSync(new URL(path, folder), "utf8");
  const [, code] = /```ts\n([^]*?)```/u.exec(text)!;
  const [, promised] = /```text\n([^]*?)```/u.exec(text)!;
  const tsx = fileURLToPath(new URL("../../node_modules/tsx/dist/cli.mjs", folder));
  const flags = ["--conditions=turnwise-source", "--input-type=module", "--eval"];
  const printed = execFileSync(process.execPath, [tsx, ...flags, code!], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(printed).toBe(promised);
});
