// Production dependencies of the packages of this repository, as pnpm-lock.yaml has them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "./pnpm.mjs";

/** Parts of a published package: libraries and the command line. */
const published = /^(?:packages\/|apps\/trainer$)/u;

/** `name@version` of a key such as `vitest@4.1.12(vite@7.3.8)`. */
const withoutPeers = (key) => key.replace(/\(.*$/su, "");

/**
 * Lists the dependencies that published packages bring, directly or through others.
 * @returns By `name@version`: name, version, checksum, and the ids of its own dependencies; and the ids
 *   on which the published packages depend directly.
 */
export function listDependencies() {
  const lock = parse(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"));
  const found = new Map();
  const visit = (key) => {
    const id = withoutPeers(key);
    if (found.has(id)) return id;
    const at = id.lastIndexOf("@");
    const { integrity } = lock.packages[id].resolution;
    const entry = { name: id.slice(0, at), version: id.slice(at + 1), integrity, dependencies: [] };
    found.set(id, entry);
    const { dependencies = {}, optionalDependencies = {} } = lock.snapshots[key];
    for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      // An alias names another package with its version.
      const target = lock.snapshots[version] === undefined ? `${name}@${version}` : version;
      entry.dependencies.push(visit(target));
    }
    return id;
  };
  const direct = new Set();
  for (const [folder, { dependencies = {}, optionalDependencies = {} }] of Object.entries(
    lock.importers,
  )) {
    if (!published.test(folder)) continue;
    for (const [name, { version }] of Object.entries({
      ...dependencies,
      ...optionalDependencies,
    })) {
      if (!version.startsWith("link:")) direct.add(visit(`${name}@${version}`));
    }
  }
  return { found, direct };
}
