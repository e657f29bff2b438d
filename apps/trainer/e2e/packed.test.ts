import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A manifest, as far as it is read here. */
interface Manifest {
  readonly name: string;
  readonly packageManager?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}

const packagesFolder = join(root, "packages");
const sources = [
  ...(await readdir(packagesFolder)).map((name) => join(packagesFolder, name)),
  join(root, "apps/trainer"),
].filter((folder) => existsSync(join(folder, "package.json")));
const manifests = await Promise.all(sources.map(readManifest));
/** What can be imported: `@turnwise/core`, `@turnwise/aem/laws`, ... */
const entries = manifests.flatMap(({ name, exports = {} }) =>
  Object.keys(exports).map((key) => `${name}${key.slice(1)}`),
);

let folder: string;

/** Runs a program in the folder; its exit code and all that it printed. */
async function run(
  file: string,
  parameters: readonly string[],
  cwd = folder,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  // npm and pnpm hand their settings on in variables, which are not a stranger's.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_config_(?!registry)|NODE_OPTIONS|VITEST)/iu.test(name),
    ),
  );
  try {
    const options = { cwd, env: { ...env, TURBO_TELEMETRY_DISABLED: "1" }, maxBuffer: 2 ** 28 };
    return { code: 0, ...(await execute(file, parameters, options)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

async function runOrThrow(file: string, parameters: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run(file, parameters, cwd);
  if (code !== 0) throw new Error(`${file} ${parameters.join(" ")}: ${stdout}\n${stderr}`);
}

/** Builds, packs and installs everything that is published, as a stranger would get it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-packed-"));
  const { packageManager } = await readManifest(root);
  const pnpm = ["exec", "--yes", "--", packageManager!];
  await runOrThrow(
    "npm",
    [...pnpm, "exec", "turbo", "run", "build", "--output-logs=errors-only"],
    root,
  );
  const tarballs = join(folder, "tarballs");
  for (const source of sources) {
    await runOrThrow("npm", [...pnpm, "pack", "--pack-destination", tarballs], source);
  }
  const files = (await readdir(tarballs)).map((name) => `file:${join(tarballs, name)}`);
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const quiet = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await runOrThrow("npm", ["install", ...quiet, ...files], folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Compiles files of the folder. @returns What the compiler complains of. */
async function compile(
  files: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<string> {
  const compilerOptions = {
    module: "NodeNext",
    noEmit: true,
    strict: true,
    skipLibCheck: false,
    types: [],
    ...options,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  return (await run(process.execPath, [tsc, "-p", folder])).stdout;
}

describe("the packed packages", () => {
  it("say what to install where fast-check is missing", async () => {
    expect(existsSync(join(folder, "node_modules/fast-check"))).toBe(false);
    const laws = ["@turnwise/aem/laws", "@turnwise/envs/laws", "@turnwise/estimators/laws"];
    for (const name of laws) {
      for (const script of [`await import("${name}")`, `require("${name}")`]) {
        const type = script.startsWith("await") ? "module" : "commonjs";
        const { stderr } = await run(process.execPath, [`--input-type=${type}`, "-e", script]);
        expect(stderr).toContain(
          `${name}: fast-check must be installed: npm install --save-dev fast-check`,
        );
      }
    }
    const fastCheck = join(root, "packages/aem/node_modules/fast-check");
    await symlink(fastCheck, join(folder, "node_modules/fast-check"));
  });

  it("compile for browsers, without Node's types", async () => {
    const lines = entries.map((entry, i) => `export * as entry${i} from "${entry}";`);
    await writeFile(join(folder, "consumer.ts"), lines.join("\n"));
    expect(await compile(["consumer.ts"], { target: "ES2022", lib: ["ES2022", "DOM"] })).toBe("");
  });

  it("can be imported, and required where Node requires ES modules", async () => {
    const imports = `for (const entry of ${JSON.stringify(entries)}) await import(entry);`;
    expect(await run(process.execPath, ["--input-type=module", "-e", imports])).toMatchObject({
      code: 0,
    });
    if (!process.features.require_module) return;
    const requires = `for (const entry of ${JSON.stringify(entries)}) require(entry);`;
    expect(await run(process.execPath, ["--input-type=commonjs", "-e", requires])).toMatchObject({
      code: 0,
    });
  });

  it("have READMEs whose programs compile", async () => {
    await mkdir(join(folder, "snippets"));
    const files: string[] = [];
    for (const source of [root, ...sources]) {
      const readme = await readFile(join(source, "README.md"), "utf8");
      let program = "";
      for (const [, code] of readme.matchAll(/```ts\n([^]*?)```/gu)) {
        // A program without imports continues the one before it.
        program = code!.startsWith("import ") ? code! : `${program}\n${code}`;
        const file = `snippets/program-${files.length}.ts`;
        files.push(file);
        await writeFile(join(folder, file), program);
      }
    }
    expect(files.length).toBeGreaterThan(8);
    const types = { typeRoots: [join(root, "node_modules/@types")], types: ["node"] };
    const checks = { noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true };
    expect(await compile(files, { target: "ES2023", ...types, ...checks })).toBe("");
  });
});

describe("the packed command line", () => {
  const bin = (): string => join(folder, "node_modules/.bin/turnwise");

  it("runs, and reads the settings that its dry run prints", async () => {
    expect(await run(bin(), ["--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n" });
    for (const environment of ["alfworld", "webshop"]) {
      const dry = ["train", environment, "--dry-run"];
      const first = await run(bin(), [...dry, "--seed", "5", "--set", "training.iterations=7"]);
      expect(first.code).toBe(0);
      expect(JSON.parse(first.stdout)).toMatchObject({ seed: 5, training: { iterations: 7 } });
      const settings = join(folder, "settings.json");
      await writeFile(settings, first.stdout);
      const second = await run(bin(), [...dry, "--config", settings]);
      expect(second).toMatchObject({ code: 0, stdout: first.stdout });
    }
  });
});
