import { join } from "node:path";
import { writeTask } from "@turnwise/envs/harbor";
import { exportHarborTask, InstanceError } from "@turnwise/envs/swebench";
import { InputError } from "@turnwise/training";
import { Command } from "commander";
import { addSelectionOptions, readSelection, type SelectionOptions } from "./swebench-rows.ts";

interface HarborOptions extends SelectionOptions {
  readonly out: string;
}

/** `turnwise swebench harbor`: exports instances as Harbor tasks. Needs no container engine. */
export function buildHarborCommand(): Command {
  return addSelectionOptions(new Command("harbor"))
    .description("export instances as Harbor tasks, one folder each")
    .requiredOption("--out <folder>", "folder of the tasks")
    .action(async (options: HarborOptions) => {
      const instances = await readSelection("swebench harbor", options);
      let numWritten = 0;
      for (const instance of instances) {
        try {
          await writeTask(join(options.out, instance.id), exportHarborTask(instance));
          numWritten += 1;
        } catch (error) {
          if (!(error instanceof InstanceError)) throw error;
          if (options.skipInvalid !== true) throw new InputError(error.message, { cause: error });
          process.stderr.write(`skipped: ${error.message}\n`);
        }
      }
      process.stdout.write(
        `${numWritten} of ${instances.length} instances written to ${options.out}\n`,
      );
    });
}
