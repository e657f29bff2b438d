import { relative } from "node:path";
import { InputError, readInput } from "@turnwise/training";
import { Command, Option } from "commander";
import { exportPage } from "../view/export-page.ts";
import { findRuns } from "../view/find-runs.ts";
import { readPage } from "../view/page-files.ts";
import { serveRuns } from "../view/serve-runs.ts";
import { port, wholeNumbers } from "./arguments.ts";

interface ViewOptions {
  readonly port: number;
  readonly export?: string;
  readonly iterations?: readonly number[];
}

/** `turnwise view`: a page about runs, served on this machine or written to a file. */
export function viewCommand(): Command {
  return new Command("view")
    .description("open runs in the browser: curves, groups, every trajectory with its credit")
    .argument("[runs...]", "runs, folders of runs, or studies", ["runs"])
    .addOption(new Option("--port <number>", "0 takes a free one").argParser(port).default(3001))
    .option("--export <file>", "write one HTML file, which opens from disk, and end")
    .addOption(
      new Option(
        "--iterations <list>",
        "with --export: include the episodes of these alone, as in 1,5-10; indexes and metrics are always included",
      ).argParser(wholeNumbers),
    )
    .action(async (paths: readonly string[], options: ViewOptions) => {
      const { export: file, iterations } = options;
      if (iterations !== undefined && file === undefined) {
        throw new InputError("view: --iterations has no effect without --export");
      }
      const runs = await findRuns(paths);
      const page = await readPage();
      if (file !== undefined) {
        const bytes = await readInput(() =>
          exportPage(file, { page, runs, ...(iterations !== undefined && { iterations }) }),
        );
        const name = relative(process.cwd(), file);
        process.stdout.write(`${name}  ${(bytes / 1e6).toFixed(1)} MB, ${runs.length} runs\n`);
        return;
      }
      const server = await readInput(() => serveRuns({ page, runs, port: options.port }));
      process.stdout.write(`${server.address}  ${runs.length} runs (Ctrl-C stops)\n`);
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
      });
      await server.close();
    });
}
