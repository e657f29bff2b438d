// Checks the licences of the packages that users of Turnwise install.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pnpm.mjs";

/** Accepted licences. */
const accepted = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "Unlicense",
  "(MIT OR CC0-1.0)",
]);

/**
 * Lists the licence of every installed production dependency by `name@version`, as pnpm reports it.
 */
export function readLicences() {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const list = ["licenses", "list", "--prod", "--json"];
  const printed = execFileSync("npm", ["exec", "--yes", "--", packageManager, ...list], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  return new Map(
    Object.entries(JSON.parse(printed)).flatMap(([licence, packages]) =>
      packages.flatMap(({ name, versions }) =>
        versions.map((version) => [`${name}@${version}`, licence]),
      ),
    ),
  );
}

/** Describes each dependency whose licence is not accepted, in one line. */
export function findRefusedLicences(licences) {
  return Array.from(licences)
    .filter(([, licence]) => !accepted.has(licence))
    .map(
      ([id, licence]) =>
        `${id}: licence must be one of ${[...accepted].join(", ")}, got ${licence}`,
    );
}
