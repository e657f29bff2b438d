import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Fields of a manifest that the tests read. */
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
/** Importable entry points: `@turnwise/core`, `@turnwise/aem/laws`, ... */
const entries = manifests.flatMap(({ name, exports = {} }) =>
  Object.keys(exports).map((key) => `${name}${key.slice(1)}`),
);

let folder: string;
/** The installed command line. */
const bin = (): string => join(folder, "node_modules/.bin/turnwise");

/** Runs a program in the folder. @returns Its exit code and output. */
async function run(
  file: string,
  parameters: readonly string[],
  cwd = folder,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  // npm and pnpm export their settings as environment variables; a user's shell does not have them.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_config_(?!registry)|NODE_OPTIONS|VITEST|FORCE_COLOR)/iu.test(name),
    ),
  );
  try {
    const settings = { TURBO_TELEMETRY_DISABLED: "1", NO_COLOR: "1" };
    const options = { cwd, env: { ...env, ...settings }, maxBuffer: 2 ** 28 };
    return { code: 0, ...(await execute(file, parameters, options)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** Runs a program that must succeed. @returns Its output. */
async function runOrThrow(
  file: string,
  parameters: readonly string[],
  cwd = folder,
): Promise<string> {
  const { code, stdout, stderr } = await run(file, parameters, cwd);
  if (code !== 0) throw new Error(`${file} ${parameters.join(" ")}: ${stdout}\n${stderr}`);
  return stdout;
}

/** Builds and packs all published packages, and installs them as a user would. */
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

/** Compiles files of the folder. @returns The compiler's errors. */
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
  it("name the package to install if fast-check is missing", async () => {
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

  it("can be imported, and required if Node can require ES modules", async () => {
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

  it("have READMEs and documentation whose programs compile", async () => {
    await mkdir(join(folder, "snippets"));
    const files: string[] = [];
    const pages = ["docs", "docs/policy"].map(async (name) =>
      (await readdir(join(root, name)))
        .filter((file) => file.endsWith(".md"))
        .map((file) => join(root, name, file)),
    );
    const readmes = [root, ...sources].map((source) => join(source, "README.md"));
    for (const page of [...readmes, ...(await Promise.all(pages)).flat()]) {
      const text = await readFile(page, "utf8");
      let program = "";
      for (const [, code] of text.matchAll(/```ts\n([^]*?)```/gu)) {
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

/** Starts a run of the packed command line and kills it once its output matches. */
async function trainAndKill(
  parameters: readonly string[],
  cwd: string,
  until: RegExp,
): Promise<NodeJS.Signals | null> {
  const child = spawn(bin(), ["train", ...parameters], {
    cwd,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => {
    printed += String(chunk);
    if (until.test(printed)) child.kill("SIGKILL");
  });
  const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return signal;
}

describe("packages that the packed command line creates", () => {
  const kinds = ["environment", "estimator", "modulator", "objective", "experiment"] as const;
  type Kind = (typeof kinds)[number];
  const getFolder = (kind: Kind): string => join(folder, "mine", `own-${kind}`);
  const turnwise = (kind: Kind, ...parameters: readonly string[]) =>
    run(bin(), parameters, getFolder(kind));
  const succeed = (kind: Kind, ...parameters: readonly string[]): Promise<string> =>
    runOrThrow(bin(), parameters, getFolder(kind));
  const twoIterations = ["--set", "training.iterations=2"];
  const readMetrics = (kind: Kind, name: string): Promise<string> =>
    readFile(join(getFolder(kind), name, "metrics.jsonl"), "utf8");

  beforeAll(async () => {
    await mkdir(join(folder, "mine"));
    for (const kind of kinds) {
      const create = ["create", kind, `own-${kind}`];
      await runOrThrow(bin(), create, join(folder, "mine"));
    }
    // The packages resolve the tarballs from the parent folder, and their tools from the registry.
    await rm(join(folder, "node_modules/fast-check"), { recursive: true, force: true });
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as object;
    const whole = { ...manifest, workspaces: ["mine/*"] };
    await writeFile(join(folder, "package.json"), JSON.stringify(whole));
    const quiet = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
    await runOrThrow("npm", ["install", ...quiet], folder);
  });

  it.each(kinds)("compile, and pass their tests: %s", async (kind) => {
    await runOrThrow("npm", ["run", "types"], getFolder(kind));
    expect(await runOrThrow("npm", ["test"], getFolder(kind))).toMatch(/Tests +\S*\d+ passed/u);
  });

  it.each(kinds)("train, and resume after a kill to the same metrics: %s", async (kind) => {
    const train = ["./experiment.ts", "--json", ...twoIterations];
    await succeed(kind, "train", ...train, "--out", "whole");
    expect(
      await trainAndKill(
        [...train, "--out", "killed"],
        getFolder(kind),
        /"stage":"iteration","iteration":1,/u,
      ),
    ).toBe("SIGKILL");
    expect(await readMetrics(kind, "killed")).not.toBe(await readMetrics(kind, "whole"));
    await succeed(kind, "train", "--resume", "killed");
    expect(await readMetrics(kind, "killed")).toBe(await readMetrics(kind, "whole"));
    expect(await readMetrics(kind, "whole")).toContain('"iteration":2');
  });

  it.each(kinds)("run as programs without the command line: %s", async (kind) => {
    const printed = await runOrThrow("npm", ["run", "library"], getFolder(kind));
    expect(printed.match(/^iteration \d: success [\d.]+, return -?[\d.]+$/gmu)).toHaveLength(5);
  });

  it("resume with changed code only with --allow-changed-code", async () => {
    const train = ["./experiment.ts", "--json", ...twoIterations, "--out", "changed"];
    const began = /"stage":"iteration","iteration":1,/u;
    expect(await trainAndKill(train, getFolder("modulator"), began)).toBe("SIGKILL");
    await appendFile(
      join(getFolder("modulator"), "src/own-modulator.ts"),
      "// No change of numbers.\n",
    );
    const refused = await turnwise("modulator", "train", "--resume", "changed");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^turnwise: .*: src\/own-modulator\.ts has changed \(--allow-changed-code resumes with the changed code\)\n$/u,
    );
    await succeed("modulator", "train", "--resume", "changed", "--allow-changed-code");
    expect(await readMetrics("modulator", "changed")).toBe(await readMetrics("modulator", "whole"));
  });

  it("read the options of their parts from --set", async () => {
    const train = ["train", "./experiment.ts", ...twoIterations];
    const options = ["--set", "modulation.options.strength=2", "--out", "strong"];
    await succeed("modulator", ...train, ...options);
    const config = await readFile(join(getFolder("modulator"), "strong/config.json"), "utf8");
    expect(JSON.parse(config)).toMatchObject({ modulation: { options: { strength: 2 } } });
    // The first iteration modulates the same batch by different coefficients.
    const firstIterationOf = async (name: string): Promise<unknown> => {
      const lines = (await readMetrics("modulator", name)).trim().split("\n");
      const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return rows.find(({ stage }) => stage === "iteration");
    };
    expect(await firstIterationOf("strong")).not.toEqual(await firstIterationOf("whole"));
    const misspelled = ["--set", "modulation.options.strenght=2", "--out", "none"];
    const refused = await turnwise("modulator", ...train, ...misspelled);
    expect(refused).toMatchObject({
      code: 2,
      stderr:
        "turnwise: modulation.options.strenght must be an option of own-modulator (strength), got 2\n",
    });
    expect(existsSync(join(getFolder("modulator"), "none"))).toBe(false);
  });

  it("train as plain JavaScript to the same metrics", async () => {
    const tsc = join(folder, "node_modules/typescript/bin/tsc");
    const emit = ["--noEmit", "false", "--rewriteRelativeImportExtensions", "--outDir", "js"];
    await runOrThrow(process.execPath, [tsc, ...emit], getFolder("objective"));
    const train = ["train", "./js/experiment.js", ...twoIterations, "--out", "plain"];
    await succeed("objective", ...train);
    expect(await readMetrics("objective", "plain")).toBe(await readMetrics("objective", "whole"));
  });

  it("are not needed: the experiment in the README trains from a single file", async () => {
    const readme = await readFile(join(packagesFolder, "training/README.md"), "utf8");
    const program = /## Your own parts[^]*?```ts\n([^]*?)```/u.exec(readme)![1]!;
    await writeFile(join(folder, "mine.ts"), program);
    const settings = Object.entries({
      "warmStart.numDemonstrations": 4,
      "warmStart.epochs": 1,
      "training.iterations": 1,
      "training.groupsPerIteration": 2,
      "episode.maxTurns": 3,
      "tasks.evaluation": "[]",
      "modulation.options.firstTurn": 1,
    }).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
    const train = ["train", "./mine.ts", ...settings, "--out", "readme"];
    await runOrThrow(bin(), train);
    const config = await readFile(join(folder, "readme/config.json"), "utf8");
    expect(JSON.parse(config)).toMatchObject({
      modulation: { kind: "custom", name: "late-turns", options: { firstTurn: 1 } },
    });
  });
});
