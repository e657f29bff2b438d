import {
  goalSplitNames,
  openWebshopTasks,
  shopTools,
  webshopTasksSchema,
  type WebshopTasks,
} from "@turnwise/envs/webshop";
import { webshopSetting } from "@turnwise/estimators";
import { releasedShopping, shopping } from "../experiments/shopping.ts";
import { turnWiseShoppingStudy, shoppingStudy } from "../experiments/study-sizes.ts";
import type { EnvironmentDefinition } from "./environment.ts";

/** Settings for the files of a released shop. */
const files = ["catalogue", "products", "attributes", "humanInstructions"] as const;

/** WebShop environment. */
export const webshop: EnvironmentDefinition<WebshopTasks, typeof webshopTasksSchema> = {
  name: "webshop",
  description: "goals of a shop, generated or released",
  schema: webshopTasksSchema,
  open: openWebshopTasks,
  options: [
    {
      setting: "catalogue",
      value: "folder",
      description: "a folder that webshop convert wrote",
      conflicts: ["products", "numProducts"],
    },
    {
      setting: "products",
      value: "file",
      description: "items_shuffle*.json (default: generated products)",
    },
    {
      setting: "attributes",
      value: "file",
      description: "items_ins_v2*.json, with --products",
    },
    {
      setting: "humanInstructions",
      value: "file",
      description: "items_human_ins.json, with --products",
    },
    { setting: "numProducts", conflicts: ["products"] },
    "goals",
    "compat",
    "splits",
    "format",
    "reward",
  ],
  createExperiment: (seed, chosen) =>
    files.some((name) => (chosen[name] ?? null) !== null) ? releasedShopping(seed) : shopping(seed),
  experiments: [
    {
      name: "webshop",
      description: "small agent learns to shop in a generated catalogue, GRPO with AEM",
      needs: ["this machine"],
      create: shopping,
    },
    {
      name: "webshop-released",
      description: "the same on WebShop's released products (tasks.catalogue or tasks.products)",
      needs: ["this machine", "data"],
      create: releasedShopping,
    },
    {
      name: "webshop-study",
      description: "generated shop sized for many seeds, GRPO without modulation",
      needs: ["this machine"],
      create: shoppingStudy,
    },
    {
      name: "webshop-study-turns",
      description: "webshop-study with turn-wise prompts, as in AEM's paper",
      needs: ["this machine"],
      create: turnWiseShoppingStudy,
    },
  ],
  paper: {
    setting: webshopSetting,
    tasks: { format: "verl-agent" },
    needs: ["a GPU", "data", "a model"],
    create: releasedShopping,
  },
  serving: {
    module: "@turnwise/envs/webshop",
    exported: "openWebshopTasks",
    tasks: { format: "verl-agent" },
    sessionSettings: ["format", "reward", "splits", "shownProducts"],
    listSplits: ({ splits }) => goalSplitNames(splits).filter((name) => name !== "train"),
    isComplete: ({ catalogue, products }) => (catalogue ?? products) !== null,
    createTools: () => shopTools,
  },
  chooseEvaluationSplit: ({ splits }) => (splits === "verl-agent" ? "validation" : "test"),
  suggestTasks: (tasks) => ({ ...tasks, goals: "human" }),
  findConflict: ({ tasks }) => {
    const { catalogue, products } = tasks;
    const extra = files.find((name) => name !== "catalogue" && tasks[name] !== null);
    if (catalogue !== null && extra !== undefined) {
      return `tasks.${extra} must be null with tasks.catalogue, which contains the complete shop, got ${tasks[extra]}`;
    }
    if (products === null && extra !== undefined) {
      return `tasks.products must be given with tasks.${extra}, got null`;
    }
    return products !== null && tasks.attributes === null
      ? "tasks.attributes must be given with tasks.products, got null"
      : undefined;
  },
  idleRules: [
    {
      paths: ["tasks.numProducts"],
      isIdle: ({ tasks }) => (tasks.products ?? tasks.catalogue) !== null,
      why: "with products that are not generated",
    },
    {
      paths: ["tasks.shownProducts"],
      isIdle: ({ tasks }) => tasks.format !== "compact" && tasks.format !== "compact-turns",
      why: "without tasks.format compact or compact-turns",
    },
    {
      paths: ["tasks.hurry"],
      isIdle: ({ warmStart }) => warmStart.numDemonstrations === 0,
      why: "with warmStart.numDemonstrations 0: only demonstrators use it",
    },
  ],
};
