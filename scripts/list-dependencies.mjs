// Lists the production dependencies of the packages of this repository from pnpm-lock.yaml.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "./pnpm.mjs";

/** Pattern of published packages: libraries and the command line. */
const published = /^(?:packages\/|apps\/trainer$)/u;

/** Removes the peers from a key such as `vitest@4.1.12(vite@7.3.8)`. */
const withoutPeers = (key) => key.replace(/\(.*$/su, "");

/**
 * Lists the direct and indirect dependencies of the published packages.
 * @returns By `name@version`: name, version, checksum, and the ids of its own dependencies; and the
 * ids of the direct dependencies.
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
      // The version of an alias names another package.
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
