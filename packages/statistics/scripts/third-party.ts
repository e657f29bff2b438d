/**
 * Writes THIRD-PARTY.txt: the licences of the packages that are bundled into `dist`.
 * `npx tsx packages/statistics/scripts/third-party.ts`
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = new URL("../", import.meta.url);
const { metafile } = await build({
  entryPoints: [fileURLToPath(new URL("src/index.ts", folder))],
  conditions: ["turnwise-source"],
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  platform: "browser",
  absWorkingDir: fileURLToPath(folder),
});

/** Packages, grouped by licence text. */
const byLicence = new Map<string, string[]>();
const roots = new Set(
  Object.keys(metafile.inputs).flatMap(
    (path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//u.exec(path)?.[0] ?? [],
  ),
);
for (const root of [...roots].sort()) {
  const read = (name: string): string => readFileSync(new URL(root + name, folder), "utf8");
  const { name, version, license } = JSON.parse(read("package.json")) as {
    readonly [field in "name" | "version" | "license"]: string;
  };
  const file = ["LICENSE", "license.md", "LICENSE.md"].find((one) => {
    try {
      return read(one) !== "";
    } catch {
      return false;
    }
  });
  const text = file === undefined ? license : read(file).trim();
  byLicence.set(text, [...(byLicence.get(text) ?? []), `${name} ${version}`]);
}
const sections = [...byLicence].map(
  ([text, names]) => `${names.map((name) => `${name}\n`).join("")}\n${text}\n`,
);
const rule = `\n${"-".repeat(80)}\n\n`;
const opening = "Packages that are bundled into dist, with their licences.\n";
writeFileSync(new URL("THIRD-PARTY.txt", folder), [opening, ...sections].join(rule));
