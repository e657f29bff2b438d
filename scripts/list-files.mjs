import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pnpm.mjs";

/** Names of folders to skip: dependencies, build output and runs. */
const skipped = new Set("node_modules dist coverage runs api cells locks logs starts".split(" "));

/**
 * Lists the files of the repository whose names match, relative to its root and sorted; does not
 * need git.
 */
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
