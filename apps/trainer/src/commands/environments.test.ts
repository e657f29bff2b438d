import { Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { findEnvironment } from "@turnwise/training";
import { addTaskOptions, applyTaskOptions } from "./environments.ts";

const alfworld = findEnvironment("alfworld")!;

/** Parses command-line options into task settings. */
function parseTasks(...args: readonly string[]): object {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addTaskOptions(command, alfworld);
  command.parse(["--games", "data", ...args], { from: "user" });
  return applyTaskOptions(alfworld, 1, command.opts()).tasks;
}

describe("options of alfworld", () => {
  it("select kinds by name, number or prefix", () => {
    const kinds = ["pick_heat_then_place_in_recep", "look_at_obj_in_light", "other"];
    expect(parseTasks("--kinds", kinds.join(","))).toMatchObject({ kinds });
    expect(parseTasks("--kinds", "4, 2 ,other")).toMatchObject({ kinds });
    expect(parseTasks("--kinds", "pick_heat,look,o")).toMatchObject({ kinds });
    expect(parseTasks()).toMatchObject({ kinds: null, indices: null, paths: null, strict: false });
    for (const text of ["pick", "7", "", "pick_heat,", "heat"]) {
      expect(() => parseTasks("--kinds", text)).toThrow(CommanderError);
    }
    expect(() => parseTasks("--kinds", "pick_t,pick_c")).toThrow(
      "must be one of pick_clean_then_place_in_recep, pick_cool_then_place_in_recep, got pick_c.",
    );
  });

  it("select games by index and path", () => {
    expect(parseTasks("--index", "0,5, 10-12", "--path", "a", "--path", "b/c")).toMatchObject({
      indices: [0, 5, 10, 11, 12],
      paths: ["a", "b/c"],
    });
    for (const text of ["", "a", "1-", "3-2", "1.5", "-1"]) {
      expect(() => parseTasks(`--index=${text}`)).toThrow(CommanderError);
    }
  });

  it("set the wording and the goal sentences of games", () => {
    expect(parseTasks()).toMatchObject({ wording: "move", humanGoals: null });
    expect(parseTasks("--wording", "put", "--human-goals", "goals.json")).toMatchObject({
      wording: "put",
      humanGoals: "goals.json",
    });
    expect(() => parseTasks("--wording", "lay")).toThrow("Allowed choices are move, put");
  });

  it("include games that are skipped by their path, and refuse broken files", () => {
    expect(parseTasks("--include", "movable,sliced", "--strict")).toMatchObject({
      include: ["movable", "sliced"],
      strict: true,
    });
    expect(() => parseTasks("--include", "solvable")).toThrow("must be one of movable, sliced");
  });
});
