// `npm run metadata`: copies the owner's addresses from project.json to every package.json and to
// SECURITY.md, and derives the published exports of each package from its exports. With `--check` it
// writes nothing and fails if a file differs.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { pnpm, root } from "./pnpm.mjs";

const isCheck = process.argv.includes("--check");
const project = JSON.parse(readFileSync(join(root, "project.json"), "utf8"));
const noContact = "not set yet; the owner enters it as `securityContact` in `project.json`";

/** Exports as published: without the condition of the sources, which are not in the package. */
const dropSources = (exports) =>
  Object.fromEntries(
    Object.entries(exports).map(([path, conditions]) => [
      path,
      Object.fromEntries(
        Object.entries(conditions).filter(([condition]) => condition !== "turnwise-source"),
      ),
    ]),
  );

/** Fills in the addresses of project.json and the published exports. */
function completeManifest(manifest, directory) {
  const { repository: _, homepage: _homepage, bugs: _bugs, ...rest } = manifest;
  if (rest.publishConfig?.exports !== undefined) {
    rest.publishConfig = { ...rest.publishConfig, exports: dropSources(rest.exports) };
  }
  const { repository, homepage, bugs } = project;
  return {
    ...rest,
    ...(homepage !== null && { homepage }),
    ...(bugs !== null && { bugs }),
    ...(repository !== null && { repository: { type: "git", url: repository, directory } }),
  };
}

/** Expected contents of the files that differ, by path. */
const different = new Map();
for (const parent of ["packages", "apps"]) {
  for (const name of readdirSync(join(root, parent))) {
    const file = join(parent, name, "package.json");
    const manifest = JSON.parse(readFileSync(join(root, file), "utf8"));
    const wanted = completeManifest(manifest, `${parent}/${name}`);
    if (!isDeepStrictEqual(manifest, wanted)) different.set(file, JSON.stringify(wanted));
  }
}
const security = readFileSync(join(root, "SECURITY.md"), "utf8");
const contact = `Contact: ${project.securityContact ?? noContact}.`;
const wanted = security.replace(/^Contact: .*\.$/mu, () => contact);
if (security !== wanted) different.set("SECURITY.md", wanted);

if (isCheck) {
  for (const file of different.keys()) {
    console.error(
      `${file}: must have the addresses of project.json and its published exports; to write them: npm run metadata`,
    );
  }
  if (different.size > 0) process.exit(1);
} else if (different.size > 0) {
  for (const [file, text] of different) writeFileSync(join(root, file), text);
  pnpm("exec", "oxfmt", ...different.keys());
  console.log(`wrote ${[...different.keys()].join(", ")}`);
}
