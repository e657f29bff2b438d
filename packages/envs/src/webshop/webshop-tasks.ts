import { createRandom, InputError, type Random, type Task } from "@turnwise/core";
import { demonstrateAll, type Demonstration } from "../demonstration.ts";
import type { AgentFormat } from "../agent-format.ts";
import type { TaskSource } from "../task-source.ts";
import { drawShopAction } from "./agent/draw-action.ts";
import { compactShopFormat, compactShopMarkers } from "./agent/compact-format.ts";
import { readGoalIndex, shopEnvironmentFactory } from "./agent/shop-environment.ts";
import { goalSplitNames, type GoalSplitScheme } from "./goals/goal-splits.ts";
import { reactExample } from "./agent/react-example.ts";
import { reactShopFormat } from "./agent/react-format.ts";
import { shopSearcher } from "./agent/shop-searcher.ts";
import { shopTasks } from "./agent/shop-tasks.ts";
import { verlAgentShopFormat } from "./agent/verl-agent-format.ts";
import type { Shop } from "./session/shop.ts";
import * as z from "zod";
import { count, countOrNone, evaluationSplits, share, type TaskEpisode } from "../task-settings.ts";
import type { EvaluationSplit, TasksSchema } from "../task-settings.ts";
import { setting } from "../setting.ts";
import { turnWise } from "../turn-wise.ts";
import { openShop } from "./open-shop.ts";

const pathOrNone = z.string().min(1).nullable();

/** Settings of the shop and goals of a run; {@link webshopTasksSchema} describes every field. */
export interface WebshopTasks {
  readonly environment: "webshop";
  readonly catalogue: string | null;
  readonly products: string | null;
  readonly attributes: string | null;
  readonly humanInstructions: string | null;
  readonly numProducts: number;
  readonly goals: "synthetic" | "human";
  readonly compat: "none" | "reference";
  readonly splits: GoalSplitScheme;
  readonly format: "compact" | "compact-turns" | "verl-agent" | "react";
  readonly shownProducts: number;
  readonly hurry: number;
  readonly reward: "score" | "success";
  readonly numTraining: number;
  readonly evaluation: readonly EvaluationSplit[];
}

/** Schema of {@link WebshopTasks}. */
export const webshopTasksSchema: TasksSchema<WebshopTasks> = z.strictObject({
  environment: setting(z.literal("webshop"), "Environment of the tasks"),
  catalogue: setting(
    pathOrNone,
    "Catalogue folder written by `turnwise webshop convert`; null for none",
  ),
  products: setting(
    pathOrNone,
    "Product file in WebShop's format; null to generate products, unless a catalogue is given",
  ),
  attributes: setting(pathOrNone, "Product attribute file in WebShop's format"),
  humanInstructions: setting(pathOrNone, "File of instructions written by people"),
  numProducts: setting(count, "Number of generated products", "products"),
  goals: setting(
    z.enum(["synthetic", "human"]),
    "Instructions: synthetic (composed from product attributes) or human (written by people)",
  ),
  compat: setting(
    z.enum(["none", "reference"]),
    "Compatibility: reference reproduces the known bugs of WebShop's own code; none fixes them",
  ),
  splits: setting(
    z.enum([
      "products",
      "webshop",
      "verl-agent",
      "agentbench",
    ]) satisfies z.ZodType<GoalSplitScheme>,
    "Division of goals into splits; with `products`, no product is in two splits",
  ),
  format: setting(
    z.enum(["compact", "compact-turns", "verl-agent", "react"]),
    "Prompt format: compact (one growing sequence) or compact-turns (each turn its own prompt, with the last two turns) for small models, verl-agent and react for language models",
  ),
  shownProducts: setting(
    count,
    "Number of products per result page that the compact formats show",
    "products",
  ),
  hurry: setting(
    share,
    "Probability that a demonstrator chooses at random; above 0, demonstrations are imperfect",
  ),
  reward: setting(
    z.enum(["score", "success"]),
    "Reward of a purchase: its score, or 1 for a perfect purchase only; scaled by episode.successReward",
  ),
  numTraining: setting(
    countOrNone,
    "Maximum number of training goals, drawn evenly over products; 0 for evaluation only",
    "goals",
  ),
  evaluation: evaluationSplits,
});

const modes = {
  compact: "compact",
  "compact-turns": "compact",
  "verl-agent": "text",
  react: "react",
} as const;
/** Formats; `example` is an episode of a training goal, for ReAct. */
const formats: Readonly<Record<WebshopTasks["format"], (example: string) => AgentFormat>> = {
  compact: compactShopFormat,
  "compact-turns": () => turnWise(compactShopFormat()),
  "verl-agent": () => verlAgentShopFormat(),
  // As published, each prompt is the whole text of the episode so far.
  react: (example) =>
    turnWise(reactShopFormat({ example }), { historyLength: "all", separator: "" }),
};

/**
 * Opens or generates the shop that the settings name.
 * @throws `InputError` if a file cannot be used, or a split is unknown or empty.
 */
export async function openWebshopTasks(
  tasks: WebshopTasks,
  episode: TaskEpisode,
  seed: number,
): Promise<TaskSource> {
  const shop = await openShop({
    ...Object.fromEntries(
      (["catalogue", "products", "attributes", "humanInstructions"] as const).flatMap((name) =>
        tasks[name] === null ? [] : [[name, tasks[name]]],
      ),
    ),
    numProducts: tasks.numProducts,
    goals: tasks.goals,
    compat: tasks.compat,
    seed: shopSeed,
  });
  const random = createRandom(seed).fork("webshop/tasks");
  const all = shopTasks(shop, tasks.splits);
  const draw = (split: string, wanted: number): readonly Task[] => {
    if (!all.splits.includes(split)) {
      throw new InputError(
        `webshop: split must be one of ${goalSplitNames(tasks.splits).join(", ")}, got ${split}`,
      );
    }
    const drawn = all.draw(split, wanted, random.fork(split));
    if (drawn.length > 0) return drawn;
    throw new InputError(`webshop: split ${split} has no goals`);
  };
  const evaluation = tasks.evaluation
    .filter(({ split, ifPresent }) => ifPresent !== true || all.splits.includes(split))
    .map(({ split, numTasks }) => ({ split, tasks: draw(split, numTasks) }));
  // AgentBench's published splits have no training goals.
  const hasTraining = tasks.numTraining > 0 && all.splits.includes("train");
  const training = hasTraining ? draw("train", tasks.numTraining) : [];
  const createEnvironment = shopEnvironmentFactory(shop, {
    mode: modes[tasks.format],
    maxProducts: tasks.shownProducts,
    reward: tasks.reward,
    amount: episode.successReward,
  });
  const [exampleTask] =
    tasks.format === "react" && all.splits.includes("train") ? draw("train", 1) : [];
  const example =
    exampleTask === undefined ? "" : await reactExample(shop, readGoalIndex(exampleTask));
  const format = formats[tasks.format](example);
  const counts = [
    ...(training.length > 0 ? [`${training.length} to train`] : []),
    ...evaluation.map((entry) => `${entry.tasks.length} of ${entry.split} to evaluate`),
    ...(evaluation.length === 0 ? ["no evaluation"] : []),
  ];
  const kind = tasks.catalogue ?? tasks.products ?? "generated";
  return {
    name: "webshop",
    description:
      `shop: ${shop.catalogue.size} products (${kind}), ${shop.goals.size} goals; ` +
      counts.join(", "),
    training,
    evaluation,
    createEnvironment,
    format,
    randomAction: drawShopAction,
    demonstrator: {
      demonstrate: (wanted, slipShare, draws) => {
        const searcherOf = (task: Task) =>
          searcher(shop, task, tasks, draws.fork(`hurry/${task.id}`));
        return demonstrateAll(wanted, searcherOf, {
          createEnvironment,
          format,
          maxTurns: episode.maxTurns,
          slipShare,
          // A search has an effect on every page; only a click can be a no-op.
          canSlip: (action) => action.startsWith("click["),
          random: draws,
        });
      },
      imitates: tasks.hurry > 0 ? "all" : "successes",
      markers: Object.values(compactShopMarkers),
      exchangeable: exchangeableWords,
    },
    close: async () => shop.catalogue.close(),
  };
}

/** Seed of prices and goal order, the same as in WebShop's code. */
const shopSeed = 233;

function searcher(shop: Shop, task: Task, tasks: WebshopTasks, random: Random) {
  return shopSearcher(shop, readGoalIndex(task), {
    ...(modes[tasks.format] === "compact" && {
      products: "number",
      maxProducts: tasks.shownProducts,
    }),
    ...(tasks.hurry > 0 && { hurry: { share: tasks.hurry, random } }),
  });
}

/** Function words, which add no meaning to a query. */
const linking = new Set(["with", "to", "and", "for", "of", "in", "by", "the"]);

/**
 * Words that can be exchanged for one another in demonstrations: one-word choices, query words, and
 * brands.
 */
export function exchangeableWords(demonstrations: readonly Demonstration[]): string[][] {
  const turns = demonstrations.flatMap((demonstration) => demonstration.turns);
  const actions = turns.filter(({ isSlip }) => !isSlip).map(({ action }) => action);
  const taken = new Set(linking);
  const list = (words: readonly string[]): string[] => {
    const fresh = [...new Set(words)].filter((word) => /^[a-z]+$/u.test(word) && !taken.has(word));
    for (const word of fresh) taken.add(word);
    return fresh.sort();
  };
  const argumentsOf = (name: string): string[] =>
    actions.flatMap((action) => new RegExp(`^${name}\\[(.*)\\]$`, "u").exec(action)?.[1] ?? []);
  const choices = list(argumentsOf("click"));
  const wishes = list(argumentsOf("search").flatMap((query) => query.split(" ")));
  const makers = list(
    turns.flatMap(({ prompt }) =>
      Array.from(prompt.matchAll(/(?:results|;) \d+ ([a-z]+)/gu), ([, word]) => word!),
    ),
  );
  return [choices, wishes, makers];
}
