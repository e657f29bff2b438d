import { modulators } from "@turnwise/aem";
import { algorithmPresets } from "@turnwise/estimators";
import { Option, type Command } from "commander";
import { parseCount, collectValue, parseWholeNumber } from "./arguments.ts";

/** Adds the options that change the settings of an experiment. */
export function addSettingsOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--seed <number>", "seed of tasks, weights and sampling")
        .argParser(parseWholeNumber)
        .default(1),
    )
    .option(
      "--model <folder>",
      "Hugging Face folder of a language model, trained with the settings of AEM's paper (default: a small new model)",
    )
    .addOption(
      new Option(
        "--adapter-rank <number>",
        "train a LoRA adapter of this rank, with --model (default: train all weights)",
      ).argParser(parseCount),
    )
    .addOption(
      new Option("--algorithm <name>", "algorithm preset (default: the experiment's)").choices(
        Object.keys(algorithmPresets),
      ),
    )
    .addOption(
      new Option("--modulation <name>", "modulator (default: the experiment's)").choices(
        Object.keys(modulators),
      ),
    )
    .option("--config <file>", "YAML or JSON file with settings that override the experiment's")
    .addOption(
      new Option(
        "--set <field=value>",
        "override one setting, such as training.iterations=10; may be repeated",
      )
        .argParser(collectValue)
        .default([], "none"),
    );
}
