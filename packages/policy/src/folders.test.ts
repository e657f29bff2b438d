import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";

/** Folders of the package, and which folders each may import. All other imports are errors. */
const imports: Readonly<Record<string, readonly string[]>> = {
  files: [],
  "model/shape": ["files"],
  "model/families": ["files", "model/shape"],
  model: ["files", "model/families", "model/shape"],
  checkpoints: ["files", "model", "model/shape"],
  text: ["files"],
  wasm: [],
  "sampling/runner": ["model"],
  "sampling/host": ["model", "model/shape", "sampling/runner", "wasm"],
  "sampling/device": ["model", "model/shape", "sampling/runner"],
  sampling: ["model", "model/shape", "sampling/device", "sampling/host", "sampling/runner"],
  learning: ["checkpoints", "model", "model/shape", "wasm"],
  engine: [
    "checkpoints",
    "files",
    "learning",
    "model",
    "model/shape",
    "sampling",
    "sampling/runner",
    "text",
  ],
  remote: ["files", "learning"],
  doctor: [],
  // Entry points, which contain only exports.
  local: ["engine", "learning", "sampling"],
  ".": ["checkpoints", "files", "learning", "model", "model/families", "model/shape", "text"],
};

const source = import.meta.dirname;

/** Lists the package's source files, without tests and test helpers. */
function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === "testing" ? [] : sourceFiles(path);
    return entry.name.endsWith(".test.ts") || !/\.m?[jt]s$/.test(entry.name) ? [] : [path];
  });
}

/** Lists the files that a source file imports by relative paths. */
const importedFiles = (path: string): string[] =>
  [...readFileSync(path, "utf8").matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(
    ([, specifier]) => join(dirname(path), specifier!),
  );

const folderOf = (path: string): string => relative(source, dirname(path)) || ".";

/** Topological order of the folders; `undefined` if there is a cycle. */
function orderOf(graph: Readonly<Record<string, readonly string[]>>): string[] | undefined {
  const order: string[] = [];
  let rest = Object.keys(graph);
  while (rest.length > 0) {
    const next = rest.filter((folder) => graph[folder]!.every((each) => order.includes(each)));
    if (next.length === 0) return undefined;
    order.push(...next);
    rest = rest.filter((folder) => !next.includes(folder));
  }
  return order;
}

it("lets each folder import only the folders below it", () => {
  const files = sourceFiles(source);
  const beyond = files.flatMap((path) => {
    const folder = folderOf(path);
    return importedFiles(path)
      .filter((each) => folderOf(each) !== folder)
      .filter((each) => !imports[folder]?.includes(folderOf(each)))
      .map((each) => `${relative(source, path)} imports ${relative(source, each)}`);
  });
  expect(beyond).toEqual([]);
  expect(new Set(files.map(folderOf))).toEqual(new Set(Object.keys(imports)));
});

it("has no circular imports between folders", () => {
  expect(orderOf(imports)).toBeDefined();
  expect(orderOf({ files: ["model"], model: ["files"] })).toBeUndefined();
});
