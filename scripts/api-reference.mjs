// `npm run api`: writes the API reference of every package from its TSDoc comments to api/index.html.
// With `--check` it writes nothing and fails on broken links.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Application } from "typedoc";
import { root } from "./pnpm.mjs";

const shared = {
  readme: "none",
  excludeInternal: true,
  excludePrivate: true,
  treatWarningsAsErrors: false,
  logLevel: "Warn",
};

/** Lists package folders, each with its name and the sources of its exports. */
function readPackages() {
  return readdirSync(join(root, "packages")).map((folder) => {
    const path = join(root, "packages", folder);
    const { name, exports } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    const entryPoints = Object.values(exports)
      .map((conditions) => conditions["turnwise-source"])
      .filter((source) => source !== undefined)
      .map((source) => join(path, source));
    return { path, name, entryPoints };
  });
}

async function bootstrap(options) {
  return Application.bootstrap({ ...shared, ...options });
}

const isCheck = process.argv.includes("--check");
const work = mkdtempSync(join(tmpdir(), "turnwise-api-"));
let numWarnings = 0;
try {
  const parts = [];
  for (const { path, name, entryPoints } of readPackages()) {
    const app = await bootstrap({
      name,
      entryPoints,
      tsconfig: join(path, "tsconfig.json"),
      validation: { invalidLink: true, notExported: false, notDocumented: false },
    });
    const project = await app.convert();
    if (project === undefined) process.exit(1);
    app.validate(project);
    numWarnings += app.logger.warningCount + app.logger.errorCount;
    const file = join(work, `${parts.length}.json`);
    await app.generateJson(project, file);
    parts.push(file);
  }
  if (!isCheck) {
    const app = await bootstrap({
      name: "Turnwise",
      entryPoints: parts,
      entryPointStrategy: "merge",
      validation: false,
    });
    const project = await app.convert();
    if (project === undefined) process.exit(1);
    await app.generateDocs(project, join(root, "api"));
    console.log("API reference: api/index.html");
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (numWarnings > 0) {
  console.error(`${numWarnings} warnings in TSDoc comments`);
  process.exit(1);
}
