import { Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { findEnvironment } from "@turnwise/training";
import { addTaskOptions, environmentSettings } from "./environments.ts";

const alfworld = findEnvironment("alfworld")!;

/** Task settings that command-line options result in. */
function tasksOf(...args: readonly string[]): object {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addTaskOptions(command, alfworld);
  command.parse(["--games", "data", ...args], { from: "user" });
  return environmentSettings(alfworld, 1, command.opts()).tasks;
}

describe("options of alfworld", () => {
  it("choose kinds by name, number or prefix", () => {
    const kinds = ["pick_heat_then_place_in_recep", "look_at_obj_in_light", "other"];
    expect(tasksOf("--kinds", kinds.join(","))).toMatchObject({ kinds });
    expect(tasksOf("--kinds", "4, 2 ,other")).toMatchObject({ kinds });
    expect(tasksOf("--kinds", "pick_heat,look,o")).toMatchObject({ kinds });
    expect(tasksOf()).toMatchObject({ kinds: null, indices: null, paths: null, strict: false });
    for (const text of ["pick", "7", "", "pick_heat,", "heat"]) {
      expect(() => tasksOf("--kinds", text)).toThrow(CommanderError);
    }
    expect(() => tasksOf("--kinds", "pick_t,pick_c")).toThrow(
      "must be one of pick_clean_then_place_in_recep, pick_cool_then_place_in_recep, got pick_c.",
    );
  });

  it("choose games by position and path", () => {
    expect(tasksOf("--index", "0,5, 10-12", "--path", "a", "--path", "b/c")).toMatchObject({
      indices: [0, 5, 10, 11, 12],
      paths: ["a", "b/c"],
    });
    for (const text of ["", "a", "1-", "3-2", "1.5", "-1"]) {
      expect(() => tasksOf(`--index=${text}`)).toThrow(CommanderError);
    }
  });

  it("set the wording and the goal sentences of games", () => {
    expect(tasksOf()).toMatchObject({ wording: "move", humanGoals: null });
    expect(tasksOf("--wording", "put", "--human-goals", "goals.json")).toMatchObject({
      wording: "put",
      humanGoals: "goals.json",
    });
    expect(() => tasksOf("--wording", "lay")).toThrow("Allowed choices are move, put");
  });

  it("include games that are skipped because of their path, and refuse broken files", () => {
    expect(tasksOf("--include", "movable,sliced", "--strict")).toMatchObject({
      include: ["movable", "sliced"],
      strict: true,
    });
    expect(() => tasksOf("--include", "solvable")).toThrow("must be one of movable, sliced");
  });
});
