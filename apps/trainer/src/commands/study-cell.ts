import { Command } from "commander";
import { InputError } from "@turnwise/training";
import { planCells, runCellTask, runStartTask } from "@turnwise/training/study";
import { announceInterrupts } from "../interrupts.ts";
import { addRunningOptions, shortPath, withStudy, type RunningOptions } from "./study-options.ts";

interface CellOptions extends RunningOptions {
  readonly start?: boolean;
  readonly shareStart?: boolean;
}

/** `turnwise study cell`: runs one cell, in a process that `study run` or a cluster started. */
export function cellCommand(): Command {
  const command = new Command("cell")
    .description("run one cell of a study, as `study run` and the jobs of a cluster do")
    .argument("<file>", "study file")
    .argument("<name>", "cell: EXPERIMENT-ARM-seedN")
    .option("--start", "only compute the start that it shares with other arms")
    .option("--share-start", "compute the start shared with other arms first, or wait for it");
  return addRunningOptions(command).action(
    async (path: string, name: string, options: CellOptions) => {
      endWithParent();
      await withStudy(path, options, async (context) => {
        const plans = await planCells(context.file);
        const plan = plans.find((one) => one.name === name);
        if (plan === undefined) {
          throw new InputError(
            `study cell: name must be a cell of ${path} such as ${plans[0]!.name}, got ${name}`,
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
          // Where the folder is not shared, the output brings the cell.
          reporter.row({ stage: "result", cell }, `cell: ${shortPath(folder.cells)}/${name}.json`);
        } finally {
          stopAnnouncing();
        }
      });
    },
  );
}

/** Ends this process when the one that started it is gone: nothing would wait for its result. */
function endWithParent(): void {
  if (process.send === undefined) return;
  process.once("disconnect", () => process.exit(1));
  process.channel?.unref();
}
