import { expect, it } from "vitest";
import { builtInExperiments } from "../experiments/registry.ts";
import { environments } from "./environments.ts";
import { createLanguageModelRun } from "./create-language-model-run.ts";
import { formatTaskArguments, listTaskOptions } from "./task-options.ts";

const withPaper = environments.flatMap(({ name, paper }) =>
  paper ? [[name, paper] as const] : [],
);

it.for(withPaper)(
  "a language model in %s is trained in the paper's setting of that environment",
  ([name, { setting }]) => {
    const entry = builtInExperiments.find((experiment) => experiment.name === name)!;
    const run = createLanguageModelRun(entry.create(1) as never, "model", undefined);
    expect(run.model).toMatchObject({
      maxTokens: setting.maxPromptTokens.value + setting.maxResponseTokens.value,
      chat: setting.presentation.value === "turn-wise",
    });
  },
);

it("a custom environment has no setting for language models", () => {
  const experiment = builtInExperiments[0]!.create(1);
  const custom = { ...experiment, tasks: { environment: "custom", name: "mine", options: {} } };
  expect(() => createLanguageModelRun(custom as never, "model", undefined)).toThrow(
    /--model needs an environment with settings for language models \(alfworld, harbor, swebench, webshop\), got custom/u,
  );
});

it.for(environments.map((environment) => [environment.name, environment] as const))(
  "the experiment of %s has its name, and needs no option",
  ([name, environment]) => {
    expect(environment.createExperiment(1, {})).toMatchObject({ experiment: name });
    expect(formatTaskArguments(environment, environment.createExperiment(1, {}).tasks)).toEqual([]);
    for (const { description } of listTaskOptions(environment)) expect(description).not.toBe("");
  },
);

const alfworld = environments.find(({ name }) => name === "alfworld")!;

it("an option takes its value, choices and parser from the setting", () => {
  const options = listTaskOptions(alfworld);
  const of = (setting: string) => options.find((option) => option.setting === setting)!;
  expect(of("path").flags).toBe("--games <path>");
  expect(of("humanGoals").flags).toBe("--human-goals <file>");
  expect(of("strict").flags).toBe("--strict");
  expect(of("size").flags).toBe("--size <name>");
  expect(of("size").choices).toContain("medium");
  expect(of("format").description).toMatch(/^prompt format: compact/u);
  expect(of("paths").isRepeated).toBe(true);
  expect(of("indices").parse!("0,5, 10-12")).toEqual([0, 5, 10, 11, 12]);
  const webshop = listTaskOptions(environments.find(({ name }) => name === "webshop")!);
  const numProducts = webshop.find(({ setting }) => setting === "numProducts")!;
  expect(numProducts.flags).toBe("--num-products <number>");
  expect(numProducts.parse!("12")).toBe(12);
  for (const text of ["0", "1.5", "", "many"]) {
    expect(() => numProducts.parse!(text)).toThrow("it must be a whole number > 0");
  }
});

it("formats settings that differ from the environment's experiment as options", () => {
  const tasks = {
    ...alfworld.createExperiment(1, {}).tasks,
    path: "games",
    strict: true,
    wording: "put",
    kinds: ["look_at_obj_in_light"],
  };
  expect(formatTaskArguments(alfworld, tasks)).toEqual(
    ["--games games", "--kinds look_at_obj_in_light", "--wording put", "--strict"].flatMap(
      (option) => option.split(" "),
    ),
  );
  const elsewhere = alfworld.suggestTasks!(tasks);
  expect(formatTaskArguments(alfworld, elsewhere)).not.toContain("--kinds");
});
