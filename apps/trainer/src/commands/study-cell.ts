import { Command } from "commander";
import { InputError } from "@turnwise/training";
import { planCells, runCellTask, runStartTask } from "@turnwise/training/study";
import { announceInterrupts } from "../interrupts.ts";
import { addRunningOptions, shortenPath, useStudy, type RunningOptions } from "./study-options.ts";

interface CellOptions extends RunningOptions {
  readonly start?: boolean;
  readonly shareStart?: boolean;
}

/** `turnwise study cell`: runs one cell, in a process started by `study run` or a cluster. */
export function buildCellCommand(): Command {
  const command = new Command("cell")
    .description("run one cell of a study (used by `study run` and by cluster jobs)")
    .argument("<file>", "study file")
    .argument("<name>", "name of the cell: EXPERIMENT-ARM-seedN")
    .option(
      "--start",
      "compute only the shared start: warm start and first evaluation, which several arms have in common",
    )
    .option(
      "--share-start",
      "first compute the shared start, or wait for the process that computes it",
    );
  return addRunningOptions(command).action(
    async (path: string, name: string, options: CellOptions) => {
      exitWithParent();
      await useStudy(path, options, async (context) => {
        const plans = await planCells(context.file);
        const plan = plans.find((one) => one.name === name);
        if (plan === undefined) {
          throw new InputError(
            `study cell: name must be the name of a cell of ${path}, such as ${plans[0]!.name}, got ${name}`,
          );
        }
        const stopAnnouncing = announceInterrupts(() => `turnwise: cell ${name} interrupted`);
        try {
          if (options.start === true) {
            await runStartTask(plan, context);
            return;
          }
          const cell = await runCellTask(plan, context, {
            allowMixedProcessors: options.anyProcessor === true,
            ...(options.shareStart === true && { siblings: plans }),
          });
          const { folder, reporter } = context;
          // In a cluster without a shared folder, the result is read from this output.
          reporter.row(
            { stage: "result", cell },
            `cell: ${shortenPath(folder.cells)}/${name}.json`,
          );
        } finally {
          stopAnnouncing();
        }
      });
    },
  );
}

/** Exits when the parent process dies, because no process waits for the result any more. */
function exitWithParent(): void {
  if (process.send === undefined) return;
  process.once("disconnect", () => process.exit(1));
  process.channel?.unref();
}
