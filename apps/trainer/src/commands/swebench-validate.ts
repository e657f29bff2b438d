import { writeFile } from "node:fs/promises";
import {
  validateInstance,
  type ContainerPool,
  type GradingMode,
  type SweInstance,
  type Validation,
} from "@turnwise/envs/swebench";
import { Command, Option } from "commander";
import { formatDuration, createTextReporter } from "@turnwise/training";
import { parsePositive } from "./arguments.ts";
import { runOnEach, addEngineOptions, useEngines, type EngineOptions } from "./swebench-engines.ts";
import { addSelectionOptions, readSelection, type SelectionOptions } from "./swebench-rows.ts";

interface ValidateOptions extends SelectionOptions, EngineOptions {
  readonly grading: GradingMode;
  readonly imageBudget?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `turnwise swebench validate`: finds the instances that work on this machine. */
export function buildValidateCommand(): Command {
  const command = addSelectionOptions(new Command("validate"))
    .description("find usable instances: evaluate each with its gold patch and with a no-op patch")
    .addOption(
      new Option("--grading <mode>", "official: like the official harness; strict: as in training")
        .choices(["official", "strict"])
        .default("official"),
    );
  return addEngineOptions(command)
    .addOption(
      new Option(
        "--image-budget <gigabytes>",
        "maximum disk space for the images of each engine, GiB (default: no limit)",
      ).argParser(parsePositive),
    )
    .option("--out <file>", "write the ids of the usable instances to a file, one per line")
    .option("--json", "print one JSON object per line")
    .action(validate);
}

async function validate(options: ValidateOptions): Promise<void> {
  const { imageBudget, json, out } = options;
  const instances = await readSelection("swebench validate", options);
  const reporter = createTextReporter(process.stdout);
  const started = performance.now();
  const run = async (pool: ContainerPool): Promise<void> => {
    const found = await validateAll(instances, pool, options, (line) =>
      json === true ? process.stdout.write(`${line}\n`) : reporter.say(line),
    );
    const count = (verdict: Validation["verdict"]): number =>
      found.filter((entry) => entry.verdict === verdict).length;
    if (out !== undefined) {
      const usable = found.filter(({ verdict }) => verdict === "usable");
      await writeFile(out, usable.map(({ id }) => `${id}\n`).join(""));
    }
    if (json === true) return;
    reporter.say(
      `${count("usable")} of ${found.length} usable, ${count("unusable")} unusable, ` +
        `${count("unknown")} unknown; ${formatDuration((performance.now() - started) / 1000)}`,
    );
  };
  try {
    await useEngines("swebench validate", instances, options, run, {
      ...(imageBudget !== undefined && { imageBudgetBytes: imageBudget * 2 ** 30 }),
      onPull: ({ image, doneBytes, totalBytes }) => {
        if (json === true) return;
        const [done, total] = [doneBytes, totalBytes].map((bytes) => (bytes / 1e6).toFixed(0));
        reporter.now(`pulling ${image}: ${done} of ${total} MB`);
      },
    });
  } finally {
    reporter.close();
  }
}

/** Validates instances in order, as many at a time as the engines run containers. */
async function validateAll(
  instances: readonly SweInstance[],
  pool: ContainerPool,
  options: ValidateOptions,
  say: (line: string) => void,
): Promise<Validation[]> {
  const { network, json, grading } = options;
  const found: Validation[] = [];
  await runOnEach(instances, options, async (instance) => {
    const begun = performance.now();
    const entry = await validateInstance(instance, pool, { grading, container: { network } });
    const seconds = (performance.now() - begun) / 1000;
    found.push(entry);
    const { id, verdict, reason } = entry;
    say(
      json === true
        ? JSON.stringify({ instance_id: id, verdict, reason, seconds })
        : `${id.padEnd(36)} ${verdict.padEnd(9)} ${seconds.toFixed(1).padStart(6)} s  ${reason}`.trimEnd(),
    );
  });
  return found;
}
