import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pnpm.mjs";

/** Folders of dependencies, build products and runs. */
const skipped = new Set("node_modules dist coverage runs api cells locks logs starts".split(" "));

/** Files of the repository whose names match, relative to its root and sorted; works without git too. */
export function listFiles(name, folder = "") {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const isHidden =
          entry.name.startsWith(".") && ![".changeset", ".github"].includes(entry.name);
        return skipped.has(entry.name) || isHidden ? [] : listFiles(name, path);
      }
      return entry.isFile() && name.test(entry.name) ? [path] : [];
    })
    .toSorted();
}
