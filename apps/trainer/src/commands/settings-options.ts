import { modulators } from "@turnwise/aem";
import { algorithmPresets } from "@turnwise/estimators";
import { Option, type Command } from "commander";
import { positiveNumber, repeated, wholeNumber } from "./arguments.ts";

/** Adds the options that change the settings of an experiment. */
export function addSettingsOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--seed <number>", "seed of tasks, weights and sampling")
        .argParser(wholeNumber)
        .default(1),
    )
    .option("--model <folder>", "language model instead of a small new one, as in AEM's paper")
    .addOption(
      new Option("--adapter-rank <number>", "train a LoRA adapter of the model").argParser(
        positiveNumber,
      ),
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
    .option("--config <file>", "settings in YAML or JSON that override the experiment's")
    .addOption(
      new Option(
        "--set <field=value>",
        "one setting, such as training.iterations=10; may be repeated",
      )
        .argParser(repeated)
        .default([], "none"),
    );
}
