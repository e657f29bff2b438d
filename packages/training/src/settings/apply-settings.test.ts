import { describe, expect, it } from "vitest";
import { applySettings } from "./apply-settings.ts";
import { checkConfig } from "./config.ts";
import { householdGames } from "../experiments/household-games.ts";

const base = householdGames(1);
const set = (...settings: string[]) => checkConfig(applySettings(base, settings), "--set");
const evaluationOf = (...settings: string[]): unknown =>
  (set(...settings).tasks as typeof base.tasks).evaluation;

describe("applySettings", () => {
  it("sets keys and items of lists", () => {
    expect(set("training.iterations=3").training).toMatchObject({
      ...base.training,
      iterations: 3,
    });
    const [first] = base.tasks.evaluation;
    for (const path of ["tasks.evaluation.0.numTasks", "tasks.evaluation[0].numTasks"]) {
      expect(evaluationOf(`${path}=5`)).toEqual([{ ...first, numTasks: 5 }]);
    }
    const more = '{"split": "train", "numTasks": 2}';
    expect(evaluationOf(`tasks.evaluation.1=${more}`)).toEqual([first, JSON.parse(more)]);
    expect(evaluationOf(`tasks.evaluation=[${more}]`)).toEqual([JSON.parse(more)]);
    expect(base.tasks.evaluation).toEqual([first]);
  });

  it("replaces an object of another kind, whose settings follow", () => {
    const settings = [
      "source=folder",
      "path=models/a",
      "maxTokens=64",
      "chat=false",
      "adapter=null",
    ];
    expect(set(...settings.map((setting) => `model.${setting}`)).model).toEqual({
      source: "folder",
      path: "models/a",
      maxTokens: 64,
      chat: false,
      adapter: null,
    });
  });

  it("refuses items that a list does not have", () => {
    for (const index of ["2", "-1", "first"]) {
      expect(() => set(`tasks.evaluation.${index}=1`)).toThrow(
        /^--set: tasks\.evaluation\..* must be an index of the list, or its length to add an item, in \[0, 1\], /u,
      );
    }
    expect(() => set("iterations")).toThrow("--set: setting must have the form field=value");
  });

  it("suggests similar keys of the same object, and equal names elsewhere", () => {
    expect(() => set("training.iteratons=3")).toThrow("(did you mean training.iterations?)");
    expect(() => set("trainng.iterations=3")).toThrow("(did you mean training?)");
    expect(() => set("iterations=3")).toThrow("(did you mean training.iterations?)");
    expect(() => set("groupsize=3")).toThrow("(did you mean training.groupSize?)");
    expect(() => set("tasks.evaluation.0.numTask=3")).toThrow(
      "--set: tasks.evaluation.0.numTask must be a known key (did you mean tasks.evaluation.0.numTasks?)",
    );
    expect(() => set("engine.provider=cdua")).toThrow('got "cdua" (did you mean cuda?)');
    expect(() => set("tasks.size=mdium")).toThrow("(did you mean medium?)");
    expect(() => set("model.source=floder")).toThrow("(did you mean folder?)");
    expect(() => set("zzzzzz=3")).toThrow(/^--set: zzzzzz must be a known key; known keys: /u);
  });

  it("names the kinds that have a setting", () => {
    expect(() => set("modulation.kind=none", "modulation.strength=2")).toThrow(
      "--set: modulation.strength must be a known key of kind none (a setting of kind aem, kind empg, ",
    );
    expect(() => set("algorithm.valueLoss.clip=1")).toThrow(
      "--set: algorithm.valueLoss.clip must be a known key of kind none (a setting of kind squared)",
    );
  });

  it("takes a text in place of an object as its kind", () => {
    expect(set("algorithm.surrogate=sapo").algorithm.surrogate.kind).toBe("sapo");
    expect(set("modulation=empg").modulation.kind).toBe("empg");
    expect(() => set("algorithm.surrogate=spo")).toThrow("(did you mean sapo?)");
    expect(() => set("training=fast")).toThrow("training must be of type object");
  });

  it("does not touch the prototype", () => {
    expect(() => set("__proto__.polluted=1")).toThrow("must be a known key");
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});
