// `npm run release`: builds and packs every package, checks the archives, and lists them. `npm run
// release -- --publish` publishes them with provenance; this requires the addresses in
// project.json.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, pnpm, root, run } from "./pnpm.mjs";

const attw = "@arethetypeswrong/cli@0.18.5";

/** Maximum size of each package's archive, kB. */
const sizeLimits = {
  "@turnwise/core": 80,
  "@turnwise/aem": 80,
  "@turnwise/estimators": 200,
  "@turnwise/statistics": 150,
  "@turnwise/cuda": 300,
  "@turnwise/graph": 500,
  "@turnwise/envs": 1500,
  "@turnwise/policy": 700,
  "@turnwise/training": 500,
  "@turnwise/trainer": 500,
};

function fail(messages) {
  for (const message of messages) console.error(`release: ${message}`);
  if (messages.length > 0) process.exit(1);
}

const isPublished = process.argv.includes("--publish");
run("node", ["scripts/metadata.mjs", "--check"]);
if (isPublished) {
  const project = JSON.parse(readFileSync(join(root, "project.json"), "utf8"));
  fail(
    Object.entries(project)
      .filter(([, value]) => value === null)
      .map(([field]) => `project.json: ${field} must be set, got null`),
  );
}
install();
run("node", ["scripts/sbom.mjs"]);
pnpm("run", "build");
run("node", ["scripts/api-reference.mjs", "--check"]);

const archives = mkdtempSync(join(tmpdir(), "turnwise-release-"));
try {
  pnpm(
    "-r",
    "--filter",
    "./packages/*",
    "--filter",
    "./apps/trainer",
    "pack",
    "--pack-destination",
    archives,
  );
  const files = readdirSync(archives).map((name) => join(archives, name));
  const rows = [];
  for (const file of files) {
    const manifest = JSON.parse(
      execFileSync("tar", ["-xzOf", file, "package/package.json"], { encoding: "utf8" }),
    );
    const kilobytes = statSync(file).size / 1000;
    const limit = sizeLimits[manifest.name];
    if (limit === undefined) fail([`sizeLimits must have an entry for ${manifest.name}, got none`]);
    if (kilobytes > limit) {
      fail([
        `${manifest.name}: archive must have at most ${limit} kB, got ${kilobytes.toFixed(0)}`,
      ]);
    }
    pnpm("exec", "publint", "--strict", file);
    if (manifest.exports !== undefined) {
      run("npm", [
        "exec",
        "--yes",
        "--",
        attw,
        file,
        "--profile",
        "esm-only",
        "--format",
        "table-flipped",
      ]);
    }
    rows.push({
      package: manifest.name,
      version: manifest.version,
      kB: kilobytes.toFixed(0),
      limit,
    });
  }
  console.table(rows);
  if (isPublished) {
    for (const file of files) {
      run("npm", ["publish", file, "--access", "public", "--provenance"]);
    }
  } else {
    console.log("nothing was published; to publish: npm run release -- --publish");
  }
} finally {
  rmSync(archives, { recursive: true, force: true });
}
