import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { InputError } from "@turnwise/training";
import {
  estimateCellMemory,
  connectRay,
  planCells,
  readCells,
  writeSlurmScript,
  submitStudy,
  type CellContext,
} from "@turnwise/training/study";
import { formatCommandLine, quoteForShell } from "../invocation.ts";
import { runResumably } from "../run-resumably.ts";
import { parsePositive, parseCount, collectValue } from "./arguments.ts";
import {
  addFolderOption,
  addRunningOptions,
  addSeedOption,
  selectSeeds,
  useStudy,
  type FolderOptions,
  type RunningOptions,
  type SeedOptions,
} from "./study-options.ts";
import { reportResult } from "./study-run.ts";

interface ProgramOptions {
  readonly program?: string;
}

interface ExportOptions extends FolderOptions, SeedOptions, ProgramOptions {
  readonly slurm?: boolean;
  readonly jobs?: number;
  readonly sbatch: readonly string[];
}

interface SubmitOptions extends RunningOptions, SeedOptions, ProgramOptions {
  readonly ray?: string;
  readonly tokenVariable?: string;
  readonly poll: number;
}

/**
 * Assumed memory of a machine of unknown size, bytes; does not affect how much memory a cell needs.
 */
const assumedMemory = 2 ** 50;

function addProgramOption(command: Command): Command {
  return command.option(
    "--program <command>",
    "command that starts turnwise on a node (default: this program, at the same path)",
  );
}

/**
 * Creates the command line of a cell on another machine, as the parts before and after the cell's
 * name.
 */
function formatCellCommand(
  { program }: ProgramOptions,
  { file, folder }: Pick<CellContext, "file" | "folder">,
): { readonly command: string; readonly options: string } {
  const words = ["study", "cell", file.path];
  const command =
    program === undefined
      ? formatCommandLine(words)
      : `${program} ${words.map((word) => quoteForShell(word)).join(" ")}`;
  const folderPath = quoteForShell(resolve(folder.path));
  return { command, options: `--out ${folderPath} --share-start --json` };
}

/** `turnwise study export`: writes a job script for a cluster. */
export function buildExportCommand(): Command {
  const command = new Command("export")
    .description("print a cluster script for the unfinished cells")
    .argument("<file>", "study file, at a path that all nodes share")
    .option("--slurm", "print a Slurm array job with one task per cell")
    .addOption(
      new Option("--jobs <number>", "maximum number of concurrent tasks (default: all)") //
        .argParser(parseCount),
    )
    .addOption(
      new Option(
        "--sbatch <option>",
        "additional option of sbatch, such as --sbatch=--partition=cpu; may be repeated",
      )
        .argParser(collectValue)
        .default([], "none"),
    );
  return addProgramOption(addSeedOption(addFolderOption(command))).action(
    async (path: string, options: ExportOptions) => {
      if (options.slurm !== true)
        throw new InputError("study export: the format --slurm must be given");
      await useStudy(path, options, async (context) => {
        const { file, folder } = context;
        const { selects = () => true } = selectSeeds(options, context);
        const cells = await readCells(folder.cells);
        const plans = (await planCells(file)).filter(
          (plan) => selects(plan) && cells.get(plan.name)?.outcome !== "finished",
        );
        if (plans.length === 0) {
          throw new InputError(`${path}: all cells of the study are finished; nothing to export`);
        }
        const bytes = await Promise.all(
          plans.map((plan) => estimateCellMemory(plan, assumedMemory)),
        );
        await mkdir(folder.logs, { recursive: true });
        process.stdout.write(
          writeSlurmScript({
            name: file.study.name,
            sha256: file.sha256,
            plans,
            ...formatCellCommand(options, context),
            folder: quoteForShell(process.cwd()),
            logs: resolve(folder.logs),
            memoryMebibytes: Math.ceil(Math.max(...bytes) / 2 ** 20),
            ...(options.jobs !== undefined && { maxRunning: options.jobs }),
            sbatch: options.sbatch,
          }),
        );
      });
    },
  );
}

/** `turnwise study submit`: runs cells as jobs of a Ray cluster. */
export function buildSubmitCommand(): Command {
  const command = new Command("submit")
    .description("run the unfinished cells as jobs of an existing Ray cluster")
    .argument("<file>", "study file, at a path that all nodes share")
    .requiredOption("--ray <url>", "address of the Ray dashboard, such as http://127.0.0.1:8265")
    .option("--token-variable <name>", "environment variable with the cluster's bearer token")
    .addOption(
      new Option("--poll <seconds>", "seconds between two requests for the status of the jobs")
        .argParser(parsePositive)
        .default(10),
    );
  return addRunningOptions(addProgramOption(addSeedOption(command))).action(
    async (path: string, options: SubmitOptions) => {
      await useStudy(path, options, (context) => submitAll(path, context, options));
    },
  );
}

async function submitAll(
  path: string,
  context: CellContext,
  options: SubmitOptions,
): Promise<void> {
  const { ray, tokenVariable, poll, out } = options;
  const token = tokenVariable === undefined ? undefined : process.env[tokenVariable];
  if (tokenVariable !== undefined && token === undefined) {
    throw new InputError(`--token-variable: environment variable ${tokenVariable} is not set`);
  }
  const { command, options: rest } = formatCellCommand(options, context);
  const folder = out === undefined ? [] : ["--out", out];
  const again = ["study", "submit", path, "--ray", ray!, ...folder];
  const selection = selectSeeds(options, context);
  await runResumably(again, context.reporter, async () => {
    const result = await submitStudy({
      ...context,
      ...selection,
      ray: connectRay(ray!, token),
      entrypoint: ({ name }) =>
        `${command} ${name} ${rest}${options.anyProcessor === true ? " --any-processor" : ""}`,
      memoryBytes: (plan) => estimateCellMemory(plan, assumedMemory),
      pollSeconds: poll,
    });
    reportResult(result, context);
  });
}
