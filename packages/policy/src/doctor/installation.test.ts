import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

describe("the installation of onnxruntime-node", () => {
  const readmes = ["packages/graph", "packages/policy", "packages/training", "apps/trainer"];
  it.each(readmes)("is explained in the README of %s", (folder) => {
    const readme = readFileSync(
      new URL(`../../../../${folder}/README.md`, import.meta.url),
      "utf8",
    );
    expect(readme).toContain("ONNXRUNTIME_NODE_INSTALL=skip npm install @turnwise/");
    expect(readme).toContain("install script");
  });
});
