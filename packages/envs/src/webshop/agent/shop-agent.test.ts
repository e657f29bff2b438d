import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { embeddedShop } from "../generator/embedded-shop.ts";
import type { Observation } from "../../environment.ts";
import type { Shop } from "../session/shop.ts";
import { compactShopFormat } from "./compact-format.ts";
import { parseStrictShopAction, parseTaggedShopAction } from "./parse-response.ts";
import { reactExample } from "./react-example.ts";
import { reactShopFormat } from "./react-format.ts";
import { readGoalIndex, shopEnvironment, shopEnvironmentFactory } from "./shop-environment.ts";
import { shopOracle } from "./shop-oracle.ts";
import { shopSearcher, type ShopSearcherOptions } from "./shop-searcher.ts";
import { shopTasks } from "./shop-tasks.ts";
import { verlAgentShopFormat } from "./verl-agent-format.ts";

const shop = embeddedShop();

describe("shopOracle", () => {
  it("buys the requested product within 15 turns, for every tenth goal of the embedded shop", async () => {
    for (let goal = 0; goal < shop.goals.size; goal += 10) {
      const environment = shopEnvironment(shop, goal, { mode: "compact" });
      const oracle = shopOracle(shop, goal, { products: "number" });
      let { text } = await environment.reset();
      let isSuccess = false;
      let numTurns = 0;
      for (let action = oracle.next(text); action !== undefined; action = oracle.next(text)) {
        const step = await environment.step(action);
        ({ text, isSuccess } = step);
        numTurns += 1;
      }
      expect({ goal, isSuccess, isShort: numTurns <= 15 }).toEqual({
        goal,
        isSuccess: true,
        isShort: true,
      });
    }
  });

  it("also solves goals with human instructions", async () => {
    const human = embeddedShop({}, { goals: "human" });
    const environment = shopEnvironment(human, 3);
    const oracle = shopOracle(human, 3);
    let step = await environment.step(oracle.next("")!);
    while (!step.isTerminal) step = await environment.step(oracle.next(step.text)!);
    expect(step).toMatchObject({ reward: 10, isSuccess: true, score: 1 });
  });
});

describe("shopSearcher", () => {
  const play = async (visited: Shop, goal: number, hurry?: ShopSearcherOptions["hurry"]) => {
    const environment = shopEnvironment(visited, goal, { mode: "compact", maxProducts: 5 });
    const searcher = shopSearcher(visited, goal, {
      products: "number",
      maxProducts: 5,
      ...(hurry && { hurry }),
    });
    let step: Observation & { readonly isSuccess?: boolean } = await environment.reset();
    const actions: string[] = [];
    for (let action = searcher.next(step.text); action; action = searcher.next(step.text)) {
      actions.push(action);
      step = await environment.step(action);
    }
    return { actions, isSuccess: step.isSuccess === true };
  };

  it("solves 19 of 20 goals, with synthetic and human instructions", async () => {
    for (const goals of ["synthetic", "human"] as const) {
      const visited = embeddedShop({}, { goals });
      const drawn = shopTasks(visited).draw("train", 100, createRandom(1));
      const ends = await Promise.all(drawn.map((task) => play(visited, readGoalIndex(task))));
      expect(ends.filter(({ isSuccess }) => isSuccess).length).toBeGreaterThan(95);
    }
  });

  it("searches with words of the instruction, and goes back if an option is missing", async () => {
    const drawn = shopTasks(shop).draw("train", 100, createRandom(1));
    const played = await Promise.all(drawn.map((task) => play(shop, readGoalIndex(task))));
    for (const [i, { actions }] of played.entries()) {
      const { instructionText } = shop.goals.goal(readGoalIndex(drawn[i]!));
      const words = /^search\[(.*)\]$/u.exec(actions[0]!)![1]!.split(" ");
      expect(words.filter((word) => !instructionText.toLowerCase().includes(word))).toEqual([]);
    }
    const withReturn = played.find(({ actions }) => actions.includes("click[< prev]"))!;
    const back = withReturn.actions.indexOf("click[< prev]");
    expect(withReturn.actions.slice(back - 1, back + 2)).toEqual([
      expect.stringMatching(/^click\[\d\]$/u),
      "click[< prev]",
      expect.stringMatching(/^click\[\d\]$/u),
    ]);
    expect(withReturn.actions[back - 1]).not.toBe(withReturn.actions[back + 1]);
  });

  it("sometimes buys a wrong product if it hurries, the same one for the same random draws", async () => {
    const drawn = shopTasks(shop).draw("train", 100, createRandom(1));
    const playAll = () =>
      Promise.all(
        drawn.map((task) => {
          const hurry = { share: 0.5, random: createRandom(task.id) };
          return play(shop, readGoalIndex(task), hurry);
        }),
      );
    const played = await playAll();
    const share = played.filter(({ isSuccess }) => isSuccess).length / drawn.length;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.6);
    expect(played.every(({ actions }) => actions.at(-1) === "click[buy now]")).toBe(true);
    expect(await playAll()).toEqual(played);
  });
});

describe("shopEnvironment", () => {
  it("numbers products in compact mode, and lists its actions", async () => {
    const environment = shopEnvironment(shop, 0, { mode: "compact", maxProducts: 3 });
    const first = await environment.reset();
    expect(first.admissibleActions).toEqual(["search[<your query>]", "click[search]"]);
    expect(first.text).toMatch(/^goal find me [a-z0-9 -]+ under \$\d+0$/u);
    const results = await environment.step("search[green tea]");
    expect(results.text).toMatch(/^results 1 [^;]+ \$\d+0 ; 2 [^;]+ ; 3 [^;]+$/u);
    expect(results.admissibleActions).toContain("click[10]");
    const item = await environment.step("click[2]");
    expect(item.text).toMatch(/^item .* ; flavor .* ; set pack of/u);
    expect((await environment.step("click[17]")).text).toBe(item.text);
  });

  it("rewards the score on request, once", async () => {
    const environment = shopEnvironment(shop, 0, { reward: "score", amount: 5 });
    const other = shop.catalogue.product((shop.goals.productOf(0) + 1) % shop.catalogue.size);
    await environment.step(`search[${other.title}]`);
    await environment.step(`click[${other.asin}]`);
    const bought = await environment.step("click[Buy Now]");
    expect(bought.reward).toBeCloseTo(5 * bought.score, 12);
    expect(bought).toMatchObject({ isTerminal: true, isSuccess: false });
    expect(await environment.step("search[tea]")).toMatchObject({ reward: 0, isTerminal: true });
  });

  it("answers in ReAct's format", async () => {
    const environment = shopEnvironment(shop, 0, { mode: "react" });
    expect((await environment.reset()).text).toMatch(/^\nWebshop \nInstruction: {2}\nFind me/u);
    expect((await environment.step("think[hm]")).text).toBe("OK.");
    expect((await environment.step("click[nothing]")).text).toBe("Invalid action!");
    const results = await environment.step("search[green tea]");
    expect(results.text.match(/\n\[T/gu)).toHaveLength(3);
    const asin = /\[(T\w+)\]/u.exec(results.text)![1]!;
    const item = await environment.step(`click[${asin}]`);
    const option = /flavor \[([a-z]+)\]/u.exec(item.text)![1]!;
    expect((await environment.step(`click[${option}]`)).text).toBe(`You have clicked ${option}.`);
    expect((await environment.step("click[Buy Now]")).text).toMatch(/^Your score \(min 0.0/u);
  });

  it("rejects tasks of other environments", async () => {
    const create = shopEnvironmentFactory(shop);
    await expect(create({ id: "alfworld/1", kind: "x" })).rejects.toThrow(
      "task.id must be webshop/<goal>, got alfworld/1",
    );
    await expect(create({ id: "webshop/999999", kind: "x" })).rejects.toThrow(
      "index must be an integer in [0,",
    );
  });
});

describe("shopTasks", () => {
  it("keeps every product to one split", () => {
    const tasks = shopTasks(shop);
    const products = tasks.splits.map(
      (split) =>
        new Set(tasks.tasks(split).map(({ id }) => shop.goals.productOf(Number(id.split("/")[1])))),
    );
    const all = products.flatMap((set) => [...set]);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(shop.catalogue.size);
    expect(products.map(({ size }) => size > 20)).toEqual([true, true, true]);
  });

  it("draws products evenly, and the same ones for the same random stream", () => {
    const tasks = shopTasks(shop);
    const drawn = tasks.draw("train", 200, createRandom(1));
    expect(tasks.draw("train", 200, createRandom(1))).toEqual(drawn);
    expect(
      new Set(drawn.map(({ id }) => shop.goals.productOf(Number(id.split("/")[1])))).size,
    ).toBe(200);
    expect(tasks.draw("test", 1e6, createRandom(1))).toHaveLength(tasks.tasks("test").length);
  });

  it("has the published ranges, and rejects unknown names", () => {
    const tasks = shopTasks(shop, "verl-agent");
    expect(tasks.tasks("validation")).toHaveLength(500);
    expect(tasks.tasks("train")[0]!.id).toBe("webshop/500");
    expect(() => tasks.tasks("test")).toThrow("split must be one of train, validation, got test");
  });
});

describe("formats", () => {
  it("read tagged responses as published, or strictly", () => {
    const good = "<think>a</think><action> CLICK[Red] </action>";
    expect(parseTaggedShopAction(good)).toEqual({ action: "click[red]", isValid: true });
    expect(parseStrictShopAction(good)).toEqual({ action: "click[red]", isValid: true });
    const twice = `${good} and <action>click[buy now]</action>`;
    expect(parseTaggedShopAction(twice)).toEqual({ action: "click[red]", isValid: true });
    expect(parseStrictShopAction(twice)).toEqual({ action: "click[red]", isValid: false });
    expect(parseTaggedShopAction("no tags, and a long sentence")).toEqual({
      action: "and a long sentence".padStart(20),
      isValid: false,
    });
    expect(parseTaggedShopAction("<think></think></action>x<action>")).toEqual({
      action: "",
      isValid: true,
    });
  });

  it("round-trip their actions", () => {
    const observation = { text: "", admissibleActions: ["click[a b]"] };
    for (const format of [
      compactShopFormat(),
      reactShopFormat(),
      verlAgentShopFormat(),
      verlAgentShopFormat({ parsing: "strict" }),
    ]) {
      expect(format.parse(format.write("click[a b]"), observation)).toEqual({
        action: "click[a b]",
        isValid: true,
      });
    }
  });

  it("omit the history from prompts that would be too long", () => {
    const format = verlAgentShopFormat();
    const long = { text: `WebShop [SEP] Instruction: [SEP] t [SEP] ${"x".repeat(14_000)}` };
    const prompt = format.prompt([{ observation: long, action: "a" }], { text: "t [SEP] now" });
    expect(prompt).toContain("Your current observation is: 'now'.");
    expect(prompt).not.toContain("Prior to this step");
  });

  it("accept plain actions, valid if they are admissible", () => {
    const format = compactShopFormat();
    const observation = { text: "item", admissibleActions: ["click[buy now]", "click[x-large]"] };
    expect(format.prompt([], observation)).toBe("<obs> item <act>");
    for (const response of ["click buy now", " click[buy now]", "click [ buy now ]"]) {
      expect(format.parse(response, observation)).toEqual({
        action: "click[buy now]",
        isValid: true,
      });
    }
    expect(format.parse("click[red]", observation).isValid).toBe(false);
    expect(format.parse("search x", observation)).toEqual({ action: "search[x]", isValid: false });
    expect(
      format.parse("search x", { text: "", admissibleActions: ["search[<your query>]"] }).isValid,
    ).toBe(true);
    for (const response of ["", "click", "clicks red", "buy now", "click []"]) {
      expect(format.parse(response, observation)).toEqual({ action: response, isValid: false });
    }
  });

  it("map clicks to the option with the same words, as a word tokenizer splits them", () => {
    const format = compactShopFormat();
    const admissibleActions = ["click[< prev]", "click[x-large]", "click[x large]", "click[++]"];
    const read = (response: string): string =>
      format.parse(response, { text: "", admissibleActions }).action;
    expect(read("click x - large")).toBe("click[x-large]");
    expect(read("click x large")).toBe("click[x large]");
    expect(read("click < prev")).toBe("click[< prev]");
    expect(read("click ++")).toBe("click[++]");
    expect(read("click + +")).toBe("click[+ +]");
  });

  it("write and parse ReAct's text", async () => {
    const example = await reactExample(shop, 5);
    expect(example).toMatch(/Action: search\[.*\]\nObservation: \n\[Back to Search\]/u);
    expect(example).toContain("Observation: Your score (min 0.0, max 1.0): 1.0");
    const format = reactShopFormat({ example });
    expect(format.prompt([], { text: "\nWebshop" })).toBe(`${example}\nWebshop\n\nAction:`);
    expect(format.parse(" click[Red]\nObservation: made up", { text: "" })).toEqual({
      action: "click[Red]",
      isValid: true,
    });
  });
});
