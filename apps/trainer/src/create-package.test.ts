import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "@turnwise/training";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createFiles, packageKinds, readKind, writePackage } from "./create-package.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-create-"));
});
afterEach(() => rm(folder, { recursive: true }));

interface Manifest {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

async function manifestOf(name: string, version = "1.2.3"): Promise<Manifest> {
  const files = await createFiles("modulator", name, version);
  return JSON.parse(files.find(({ path }) => path === "package.json")!.text) as Manifest;
}

describe("packageFiles", () => {
  it.each(packageKinds)("puts the name everywhere in a package of kind %s", async (kind) => {
    const files = await createFiles(kind, "north-star", "1.2.3");
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        ".gitignore",
        "README.md",
        "experiment.ts",
        "library.ts",
        "package.json",
        "tsconfig.json",
        "src/small-run.ts",
      ]),
    );
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.includes("src/north-star.ts")).toBe(kind !== "experiment");
    expect(paths.some((path) => path.endsWith(".test.ts"))).toBe(true);
    const usesGame = files.some(({ path, text }) => `${path} ${text}`.includes("number-game"));
    expect(usesGame).toBe(kind !== "environment");
    for (const { path, text } of files) {
      expect(`${path}\n${text}`).not.toMatch(
        /my-(?:package|estimator|modulator|objective|experiment)|\b0\.0\.0\b/u,
      );
    }
  });

  it("depends on packages of its own version, and on the tool versions of this repository", async () => {
    const { name, dependencies, devDependencies } = await manifestOf("mine");
    expect(name).toBe("mine");
    expect(new Set(Object.values(dependencies))).toEqual(new Set(["1.2.3"]));
    const workspace = await readFile(
      new URL("../../../pnpm-workspace.yaml", import.meta.url),
      "utf8",
    );
    const { catalog } = parse(workspace) as { catalog: Readonly<Record<string, string>> };
    for (const [tool, range] of Object.entries(devDependencies)) {
      expect([tool, range]).toEqual([tool, `^${catalog[tool]}`]);
    }
  });

  it("replaces placeholders once, whatever the name contains", async () => {
    expect((await manifestOf("my-package-too")).name).toBe("my-package-too");
    expect((await manifestOf("my-modulator-too")).name).toBe("my-modulator-too");
  });

  it.each(["", "Mine", "../mine", "a/b", "@me/mine", "mine.ts", "-a", "a-", "a--b", "1st", "ä"])(
    "refuses the name %j",
    async (name) => {
      await expect(createFiles("objective", name, "1.2.3")).rejects.toThrow(
        new InputError(
          `create objective: name must be at most 64 lower-case letters, digits and single hyphens, such as my-part, got ${name}`,
        ),
      );
    },
  );

  it("refuses the name of a dependency or of another file", async () => {
    await expect(createFiles("modulator", "vitest", "1.2.3")).rejects.toThrow(
      "create modulator: name must not be the name of a dependency, got vitest",
    );
    for (const name of ["number-game", "small-run"]) {
      await expect(createFiles("modulator", name, "1.2.3")).rejects.toThrow(
        `create modulator: name must not be the name of another file in the package (src/${name}.ts), got ${name}`,
      );
    }
    await expect(createFiles("environment", "number-game", "1.2.3")).resolves.toBeDefined();
  });
});

describe("readKind", () => {
  it("suggests a kind for a misspelled one", () => {
    expect(() => readKind("modulater")).toThrow(
      new InputError(
        "create: kind must be one of environment, estimator, modulator, objective, experiment, got modulater (did you mean modulator?)",
      ),
    );
  });
});

describe("writePackage", () => {
  const files = [
    { path: "package.json", text: "{}" },
    { path: "src/mine.ts", text: "export {};" },
  ];

  it("writes into a folder that does not exist, and into an empty one", async () => {
    await writePackage(join(folder, "a/b"), files);
    expect(await readFile(join(folder, "a/b/src/mine.ts"), "utf8")).toBe("export {};");
    await mkdir(join(folder, "empty"));
    await writePackage(join(folder, "empty"), files);
    expect(await readdir(join(folder, "empty"))).toEqual(["package.json", "src"]);
  });

  it("refuses a folder that is not empty, and a file, and changes neither", async () => {
    await writeFile(join(folder, "notes.txt"), "keep");
    await expect(writePackage(folder, files)).rejects.toThrow(
      `create: ${folder} must be empty or not exist, got a folder with notes.txt (choose another with --out)`,
    );
    const file = join(folder, "notes.txt");
    await expect(writePackage(file, files)).rejects.toThrow(
      `create: ${file} must be a folder, got a file`,
    );
    expect(await readdir(folder)).toEqual(["notes.txt"]);
    expect(await readFile(file, "utf8")).toBe("keep");
  });
});
