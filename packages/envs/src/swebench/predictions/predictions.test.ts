import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { loadPredictions } from "./load-predictions.ts";
import { runReport } from "./run-report.ts";

const folder = mkdtempSync(join(tmpdir(), "turnwise-predictions-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (content: string | Buffer): string => {
  const path = join(folder, "predictions");
  writeFileSync(path, content);
  return path;
};

describe("loadPredictions", () => {
  it("reads JSON Lines, a list, and an object by id", async () => {
    const row = { instance_id: "a", model_patch: "diff", model_name_or_path: "m" };
    const other = { instance_id: "b", model_patch: null };
    const expected = [
      { instanceId: "a", model: "m", patch: "diff" },
      { instanceId: "b", model: "none", patch: null },
    ];
    const lines = `${JSON.stringify(row)}\n${JSON.stringify(other)}\n`;
    const { instance_id: _a, ...rest } = row;
    const forms = [
      lines,
      gzipSync(lines),
      JSON.stringify([row, other]),
      JSON.stringify({ a: rest, b: { model_patch: null } }),
    ];
    for (const form of forms) expect(await loadPredictions(file(form))).toEqual(expected);
    expect(await loadPredictions(file(JSON.stringify(row)))).toEqual(expected.slice(0, 1));
  });

  it("names row, field, rule and value of invalid predictions", async () => {
    const cases = [
      ["{", ': line 1: row is not valid JSON: "{"'],
      ['[{"instance_id": 1}]', ": row 1: instance_id must be a string, got 1"],
      ['[{"instance_id": "a", "model_patch": 1}]', ": row 1: model_patch must be a string, got 1"],
      ['[{"instance_id": "a"}, {"instance_id": "a"}]', "as in row 1"],
      ["[]", ": file contains no prediction"],
    ] as const;
    for (const [content, message] of cases) {
      await expect(loadPredictions(file(content))).rejects.toThrow(message);
    }
  });
});

describe("runReport", () => {
  it("counts submitted, completed and resolved instances", () => {
    const results = new Map([
      ["d", "error"],
      ["b", "unresolved"],
      ["a", "resolved"],
      ["c", "empty"],
    ] as const);
    expect(runReport(["e", "d", "c", "b", "a"], results)).toEqual({
      total_instances: 5,
      submitted_instances: 4,
      completed_instances: 2,
      resolved_instances: 1,
      unresolved_instances: 1,
      empty_patch_instances: 1,
      error_instances: 1,
      completed_ids: ["a", "b"],
      incomplete_ids: ["e"],
      empty_patch_ids: ["c"],
      submitted_ids: ["a", "b", "c", "d"],
      resolved_ids: ["a"],
      unresolved_ids: ["b"],
      error_ids: ["d"],
      schema_version: 2,
    });
  });
});
