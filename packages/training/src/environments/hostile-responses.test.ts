import type { TaskSource } from "@turnwise/envs";
import { expect, it } from "vitest";
import { environments } from "./environments.ts";

/** Formats of each environment that needs no container engine. */
const formats: Readonly<Record<string, readonly string[]>> = {
  alfworld: ["compact", "verl-agent", "react"],
  webshop: ["compact", "verl-agent", "react"],
  sokoban: ["compact", "ragen"],
  frozenlake: ["compact", "ragen"],
  textcraft: ["compact", "agentgym"],
};
const cases = Object.entries(formats).flatMap(([name, list]) =>
  list.map((format) => ({ name, format })),
);

const length = 200_000;
const openings = [
  "",
  "search [",
  "click ",
  "<think>",
  "<think></think><action>",
  "Action: ",
  "put ",
];
const units = [
  ...Array.from(" \t\n[](){}\"'`.\\<>|"),
  ..."<think> </think> <action> </action> <answer> </answer> </think><action> a[ ]a".split(" "),
  "Action: ",
  '{"a":',
  "'s ",
  "\r\n ",
  "in desk 1 ",
];

/** Texts of 200,000 characters on which a parser that backtracks takes an hour. */
function* hostileTexts(): Generator<string> {
  for (const opening of openings) {
    for (const unit of units) yield `${opening}${unit.repeat(length / unit.length)}x`;
  }
}

it.each(cases)("$name, $format: parses 200,000 characters of anything", async (named) => {
  const environment = environments.find(({ name }) => name === named.name)!;
  const { tasks, episode } = environment.createExperiment(1, {});
  const evaluation = [{ split: environment.chooseEvaluationSplit(tasks), numTasks: 1 }];
  const settings = { ...tasks, format: named.format, numTraining: 0, evaluation };
  const source: TaskSource = await environment.open(settings, episode, 1);
  const world = await source.createEnvironment(source.evaluation[0]!.tasks[0]!);
  const observation = await world.reset();
  for (const text of hostileTexts()) {
    const { action } = source.format.parse(text, observation);
    expect(action.length).toBeLessThanOrEqual(text.length + 100);
  }
  await world.close();
  await source.close?.();
});
