import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readHistory, recordVersion } from "./study-history.ts";
import { createToyStudy } from "./testing/toy-study.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-history-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("recordVersion", () => {
  it("keeps every version of a study that grows", async () => {
    const path = join(folder, "grown.json");
    const first = createToyStudy();
    const second = createToyStudy({
      seeds: [1, 2],
      arms: [{ name: "random", modulator: "random" }],
      families: [
        { name: "aem", pairs: [["aem", "none"]] },
        { name: "controls", pairs: [["random", "none"]] },
      ],
      notes: ["random joined after the first seed"],
    });
    for (const version of [first, first, second]) await recordVersion(path, version);
    expect((await readHistory(path)).map(({ sha256 }) => sha256)).toEqual([
      first.sha256,
      second.sha256,
    ]);
  });

  it.each([
    [{ metric: { split: "all", mode: "greedy" } }, "metric"],
    [{ evaluation: { numTasks: 8 } }, "evaluation"],
    [{ seeds: [2] }, "seeds"],
    [{ grid: { modulators: ["none"] }, families: [] }, "arms.aem"],
    [{ families: [{ name: "aem", pairs: [["none", "aem"]] }] }, "families.aem"],
  ] as const)("refuses %j", async (change, field) => {
    const path = join(folder, `${field}.json`);
    await recordVersion(path, createToyStudy());
    const changed = createToyStudy(change as Parameters<typeof createToyStudy>[0]);
    await expect(recordVersion(path, changed)).rejects.toThrow(
      `toy.yaml: ${field} must not change after the first cells ran (${path}); only seeds, arms, experiments, families and notes can be added; for other changes, give the study another name`,
    );
  });

  it("refuses a history that was edited", async () => {
    const path = join(folder, "edited.json");
    await recordVersion(path, createToyStudy());
    await writeFile(path, (await readFile(path, "utf8")).replace('"seeds":[1]', '"seeds":[7]'));
    await expect(readHistory(path)).rejects.toThrow(
      /versions\.0\.study must have the SHA-256 [0-9a-f]+, got [0-9a-f]+ \(the file was edited\)/u,
    );
  });
});
