import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const inside = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Builds the page into a folder: `index.html`, `viewer.js` and `viewer.css`, from the sources of this
 * package and of those that it uses.
 */
export async function buildPage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(inside("index.html"), join(folder, "index.html"));
  await build({
    entryPoints: { viewer: inside("src/main.tsx") },
    outdir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions: ["turnwise-source"],
    jsx: "automatic",
    jsxImportSource: "preact",
    // Licences are in THIRD-PARTY.txt.
    legalComments: "none",
    logLevel: "warning",
  });
}
