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
import { commandLine, quoteForShell } from "../invocation.ts";
import { runResumably } from "../run-resumably.ts";
import { aboveZero, positiveNumber, repeated } from "./arguments.ts";
import {
  addFolderOption,
  addRunningOptions,
  addSeedOption,
  seedSelection,
  withStudy,
  type FolderOptions,
  type RunningOptions,
  type SeedOptions,
} from "./study-options.ts";
import { finish } from "./study-run.ts";

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

/** Memory of a machine whose size is not known: a cell needs the same on any. */
const anyMemory = 2 ** 50;

function addProgramOption(command: Command): Command {
  return command.option(
    "--program <command>",
    "command that starts turnwise on a node (default: this program, by the same path)",
  );
}

/** Command line of a cell on another machine, split where its name goes. */
function cellCommandLine(
  { program }: ProgramOptions,
  { file, folder }: Pick<CellContext, "file" | "folder">,
): { readonly command: string; readonly options: string } {
  const words = ["study", "cell", file.path];
  const command =
    program === undefined
      ? commandLine(words)
      : `${program} ${words.map((word) => quoteForShell(word)).join(" ")}`;
  const folderPath = quoteForShell(resolve(folder.path));
  return { command, options: `--out ${folderPath} --share-start --json` };
}

/** `turnwise study export`: writes the jobs of a cluster. */
export function exportCommand(): Command {
  const command = new Command("export")
    .description("print a script for a cluster with the cells that are not finished")
    .argument("<file>", "study file, at a path that the nodes share")
    .option("--slurm", "a Slurm array job, one task for each cell")
    .addOption(
      new Option("--jobs <number>", "tasks at the same time (default: all)") //
        .argParser(positiveNumber),
    )
    .addOption(
      new Option(
        "--sbatch <option>",
        "further option of sbatch: --sbatch=--partition=cpu; may be repeated",
      )
        .argParser(repeated)
        .default([], "none"),
    );
  return addProgramOption(addSeedOption(addFolderOption(command))).action(
    async (path: string, options: ExportOptions) => {
      if (options.slurm !== true)
        throw new InputError("study export: --slurm must be given, got no format");
      await withStudy(path, options, async (context) => {
        const { file, folder } = context;
        const { selects = () => true } = seedSelection(options, context);
        const cells = await readCells(folder.cells);
        const plans = (await planCells(file)).filter(
          (plan) => selects(plan) && cells.get(plan.name)?.outcome !== "finished",
        );
        if (plans.length === 0) {
          throw new InputError(`${path}: study must have cells that are not finished, got none`);
        }
        const bytes = await Promise.all(plans.map((plan) => estimateCellMemory(plan, anyMemory)));
        await mkdir(folder.logs, { recursive: true });
        process.stdout.write(
          writeSlurmScript({
            name: file.study.name,
            sha256: file.sha256,
            plans,
            ...cellCommandLine(options, context),
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
export function submitCommand(): Command {
  const command = new Command("submit")
    .description("run the cells that are not finished as jobs of an existing Ray cluster")
    .argument("<file>", "study file, at a path that the nodes share")
    .requiredOption("--ray <url>", "address of the dashboard: http://127.0.0.1:8265")
    .option("--token-variable <name>", "environment variable with the cluster's bearer token")
    .addOption(
      new Option("--poll <seconds>", "time between two requests for the state of the jobs")
        .argParser(aboveZero)
        .default(10),
    );
  return addRunningOptions(addProgramOption(addSeedOption(command))).action(
    async (path: string, options: SubmitOptions) => {
      await withStudy(path, options, (context) => submitAll(path, context, options));
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
    throw new InputError(
      `--token-variable must name a variable with a token, got ${tokenVariable}`,
    );
  }
  const { command, options: rest } = cellCommandLine(options, context);
  const folder = out === undefined ? [] : ["--out", out];
  const again = ["study", "submit", path, "--ray", ray!, ...folder];
  const selection = seedSelection(options, context);
  await runResumably(again, context.reporter, async () => {
    const result = await submitStudy({
      ...context,
      ...selection,
      ray: connectRay(ray!, token),
      entrypoint: ({ name }) =>
        `${command} ${name} ${rest}${options.anyProcessor === true ? " --any-processor" : ""}`,
      memoryBytes: (plan) => estimateCellMemory(plan, anyMemory),
      pollSeconds: poll,
    });
    finish(result, context);
  });
}
