import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Folder of SWE-bench data next to the repository. If it is missing, prints a message and returns
 * `undefined`.
 */
export function sharedSwebench(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, "shared", "swebench");
    if (existsSync(join(candidate, "verified.jsonl.gz"))) return candidate;
    if (dirname(folder) === folder) {
      console.log("skipped: the SWE-bench data is missing at ../shared/swebench");
      return undefined;
    }
  }
}
