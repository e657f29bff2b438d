import { formatCount } from "@turnwise/core";
import { relative } from "node:path";
import { InputError, readInput } from "@turnwise/training";
import { Command, Option } from "commander";
import { waitForStop } from "../interrupts.ts";
import { exportPage } from "../view/export-page.ts";
import { findRuns } from "../view/find-runs.ts";
import { readPage } from "../view/page-files.ts";
import { serveRuns } from "../view/serve-runs.ts";
import { parsePort, parseWholeNumbers } from "./arguments.ts";

interface ViewOptions {
  readonly port: number;
  readonly export?: string;
  readonly iterations?: readonly number[];
}

/** `turnwise view`: shows runs on a web page, served on this machine or written to a file. */
export function buildViewCommand(): Command {
  return new Command("view")
    .description("show runs in the browser: curves, groups, and every trajectory with its credit")
    .argument("[runs...]", "run folders, folders of runs, or study folders", ["runs"])
    .addOption(
      new Option("--port <number>", "TCP port; 0: any free port")
        .argParser(parsePort)
        .default(3001),
    )
    .option(
      "--export <file>",
      "write one HTML file, which a browser opens from disk, instead of serving",
    )
    .addOption(
      new Option(
        "--iterations <list>",
        "include only episodes of these iterations, such as 1,5-10, with --export; metrics and indexes are always included",
      ).argParser(parseWholeNumbers),
    )
    .action(async (paths: readonly string[], options: ViewOptions) => {
      const { export: file, iterations } = options;
      if (iterations !== undefined && file === undefined) {
        throw new InputError("view: --iterations needs --export");
      }
      const runs = await findRuns(paths);
      const page = await readPage();
      if (file !== undefined) {
        const bytes = await readInput(() =>
          exportPage(file, { page, runs, ...(iterations !== undefined && { iterations }) }),
        );
        const name = relative(process.cwd(), file);
        process.stdout.write(
          `${name}  ${(bytes / 1e6).toFixed(1)} MB, ${formatCount(runs.length, "run")}\n`,
        );
        return;
      }
      const server = await readInput(() => serveRuns({ page, runs, port: options.port }));
      process.stdout.write(
        `${server.address}  ${formatCount(runs.length, "run")} (Ctrl-C stops)\n`,
      );
      await waitForStop();
      await server.close();
    });
}
