import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { didYouMean, findSimilar, findSimilarPath } from "./suggest.ts";

describe("findSimilar", () => {
  it("finds the nearest name, whatever its case", () => {
    expect(findSimilar("learnngRate", ["learningRate", "finalShare"])).toBe("learningRate");
    expect(findSimilar("GRPO", ["dapo", "grpo"])).toBe("grpo");
    expect(findSimilar("ppp", ["ppo", "grpo"])).toBe("ppo");
  });

  it("finds nothing in names that have little in common with the word", () => {
    expect(findSimilar("xyz", ["learningRate", "grpo"])).toBeUndefined();
    expect(findSimilar("a", [])).toBeUndefined();
    expect(didYouMean("xyz", ["grpo"])).toBe("");
  });
});

describe("findSimilarPath", async () => {
  const folder = await mkdtemp(join(tmpdir(), "turnwise-suggest-"));
  afterAll(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "runs", "first"), { recursive: true });
  await writeFile(join(folder, "runs", "first", "config.json"), "{}");

  it("corrects the last name, a name in between, and several", () => {
    expect(findSimilarPath(join(folder, "runs", "frist"))).toBe(join(folder, "runs", "first"));
    expect(findSimilarPath(join(folder, "run", "first"))).toBe(join(folder, "runs", "first"));
    expect(findSimilarPath(join(folder, "run", "frst", "confg.json"))).toBe(
      join(folder, "runs", "first", "config.json"),
    );
  });

  it("finds nothing where nothing is similar, or the parent is a file", () => {
    expect(findSimilarPath(join(folder, "checkpoints"))).toBeUndefined();
    expect(findSimilarPath(join(folder, "runs", "first", "config.json", "x"))).toBeUndefined();
  });
});
