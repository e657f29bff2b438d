import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

it("imports zod as a namespace, so that bundlers drop three quarters of it", () => {
  const folder = import.meta.dirname;
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && !path.endsWith(".test.ts"),
  );
  const imports = files.flatMap((path) => {
    const text = readFileSync(join(folder, path), "utf8");
    return Array.from(text.matchAll(/^import .*"zod";$/gmu), ([line]) => `${path}: ${line}`);
  });
  expect(imports).not.toEqual([]);
  expect(imports.filter((line) => !line.endsWith('import * as z from "zod";'))).toEqual([]);
});
