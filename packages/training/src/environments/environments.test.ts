import { expect, it } from "vitest";
import { builtInExperiments } from "../experiments/registry.ts";
import { languageModelRun } from "../experiments/language-model.ts";
import { environments } from "./environments.ts";

it.for(environments.map((entry) => [entry.name, entry] as const))(
  "a language model in %s is trained in the paper's setting of that environment",
  ([name, { paperSetting }]) => {
    const entry = builtInExperiments.find((experiment) => experiment.name === name)!;
    const run = languageModelRun(entry.create(1) as never, "model", undefined);
    expect(run.model).toMatchObject({
      maxTokens: paperSetting.maxPromptTokens.value + paperSetting.maxResponseTokens.value,
      chat: paperSetting.presentation.value === "turn-wise",
    });
  },
);

it("a custom environment has no setting of another", () => {
  const experiment = builtInExperiments[0]!.create(1);
  const custom = { ...experiment, tasks: { environment: "custom", name: "mine", options: {} } };
  expect(() => languageModelRun(custom as never, "model", undefined)).toThrow(
    /--model must be given with an environment that has a setting for language models \(alfworld, swebench, webshop\), got custom/u,
  );
});
