import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const inside = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Builds the page into a folder: `index.html`, `viewer.js` and `viewer.css`, from the sources of
 * this package and of the packages that it uses.
 */
export async function buildPage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(inside("index.html"), join(folder, "index.html"));
  const { metafile } = await build({
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
    metafile: true,
    absWorkingDir: inside("."),
  });
  await writeFile(
    join(folder, "THIRD-PARTY.txt"),
    await listLicences(Object.keys(metafile.inputs)),
  );
}

/** Licence texts of the bundled packages. */
async function listLicences(files: readonly string[]): Promise<string> {
  const packages = files.flatMap(
    (file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/u.exec(file)?.[0] ?? [],
  );
  /** Package names by licence text: most packages of one author have the same text. */
  const names = new Map<string, string[]>();
  for (const path of [...new Set(packages)].sort()) {
    const at = inside(path);
    const manifest = JSON.parse(await readFile(join(at, "package.json"), "utf8")) as {
      readonly name: string;
      readonly version: string;
      readonly license: string;
    };
    const file = (await readdir(at)).find((name) => /^licen[cs]e/iu.test(name));
    const text = file === undefined ? "" : await readFile(join(at, file), "utf8");
    const licence = `${manifest.license}\n\n${text.trim()}\n`;
    names.set(licence, [...(names.get(licence) ?? []), `${manifest.name} ${manifest.version}`]);
  }
  const sections = [...names].map(([licence, own]) => `${own.join("\n")}\n\n${licence}`);
  const rule = `\n${"-".repeat(80)}\n\n`;
  return ["Packages that are bundled into the page, with their licences.\n", ...sections].join(
    rule,
  );
}
