import { describe, expect, it } from "vitest";
import { boundState, maxStateBytes } from "./bound-state.ts";
import type { CraftingState, RepositoryState } from "./environment-state.ts";

const repository: RepositoryState = {
  kind: "repository",
  version: 1,
  instance: "octocat__hello-1",
  folder: "/testbed",
  lastCommand: null,
  files: [{ path: "src/a.py", change: "modified", numAdded: 1, numRemoved: 0 }],
  diff: "+x\n",
};

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe("boundState", () => {
  it("returns a state that fits, with wide characters up to the last byte", () => {
    expect(boundState(repository)).toBe(repository);
    const rest = maxStateBytes - bytesOf({ ...repository, diff: "" });
    const full = { ...repository, diff: "é".repeat(Math.floor(rest / 2)) };
    expect(bytesOf(full)).toBeGreaterThan(maxStateBytes - 2);
    expect(boundState(full)).toBe(full);
    expect(boundState({ ...full, diff: `${full.diff}é` })).toHaveProperty("isTruncated", true);
  });

  it("cuts a long text and leaves the short fields as they are", () => {
    const cut = boundState({ ...repository, diff: "+line\n".repeat(1e6) }) as RepositoryState;
    expect(cut).toMatchObject({ ...repository, diff: cut.diff, isTruncated: true });
    expect(cut.diff.length).toBeGreaterThan(maxStateBytes / 8);
    expect(bytesOf(cut)).toBeLessThanOrEqual(maxStateBytes);
  });

  it("cuts long lists, and divides no surrogate pair", () => {
    const state: CraftingState = {
      kind: "crafting",
      version: 1,
      goal: `a${"😀".repeat(20_000)}`,
      isSolved: false,
      inventory: Array.from({ length: 50_000 }, (_, i) => ({ name: `item ${i}`, count: i })),
      recipes: [],
    };
    const cut = boundState(state) as CraftingState;
    expect(bytesOf(cut)).toBeLessThanOrEqual(maxStateBytes);
    expect(cut.inventory[3]).toEqual({ name: "item 3", count: 3 });
    expect(cut.goal.length % 2).toBe(1);
  });

  it("gives up on a state whose short fields are too many", () => {
    const many = Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`field${i}`, "0123"]));
    expect(boundState({ ...repository, ...many })).toEqual({
      kind: "unavailable",
      version: 1,
      reason: "the state of kind repository is longer than 65536 bytes",
    });
  });
});
