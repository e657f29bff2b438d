import { didYouMean, readTerminalWidth } from "@turnwise/training";
import { Command, CommanderError } from "commander";
import { buildAlfworldCommand } from "./commands/alfworld.ts";
import { buildAnalyseCommand } from "./commands/analyse.ts";
import { buildConfigCommand } from "./commands/config.ts";
import { buildCreateCommand } from "./commands/create.ts";
import { buildDoctorCommand } from "./commands/doctor.ts";
import { buildEvaluateCommand } from "./commands/evaluate.ts";
import { buildExportCommand } from "./commands/export.ts";
import { buildExperimentsCommand } from "./commands/experiments.ts";
import { buildPolicyCommand } from "./commands/policy.ts";
import { buildRunsCommand } from "./commands/runs.ts";
import { buildServeCommand } from "./commands/serve.ts";
import { buildShowCommand } from "./commands/show.ts";
import { buildStudyCommand } from "./commands/study.ts";
import { buildSwebenchCommand } from "./commands/swebench.ts";
import { buildTrainCommand } from "./commands/train.ts";
import { buildViewCommand } from "./commands/view.ts";
import { buildWebshopCommand } from "./commands/webshop.ts";
import { describeError } from "./describe-error.ts";
import { readVersion } from "./read-version.ts";

/**
 * Runs a command line.
 * @param parameters - Without the program: `["train", "alfworld"]`.
 * @returns The exit code: 0 success, 1 failure, 2 unusable input.
 */
export async function runCommandLine(parameters: readonly string[]): Promise<number> {
  const program = new Command("turnwise")
    .description("Reinforcement learning for multi-turn LLM agents")
    .version(readVersion(), "--version", "print the version")
    .enablePositionalOptions();
  for (const command of [
    buildTrainCommand(),
    buildEvaluateCommand(),
    buildRunsCommand(),
    buildShowCommand(),
    buildViewCommand(),
    buildExportCommand(),
    buildStudyCommand(),
    buildAnalyseCommand(),
    buildExperimentsCommand(),
    buildConfigCommand(),
    buildCreateCommand(),
    buildAlfworldCommand(),
    buildPolicyCommand(),
    buildSwebenchCommand(),
    buildWebshopCommand(),
    buildServeCommand(),
    buildDoctorCommand(),
  ]) {
    program.addCommand(command);
  }
  prepare(program, "turnwise");
  try {
    await program.parseAsync(parameters, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { message, exitCode } = describeError(error);
    if (message !== "") process.stderr.write(`turnwise: ${message}\n`);
    return exitCode;
  }
}

/** Makes a command and its subcommands report errors in one line, and throw instead of exiting. */
function prepare(command: Command, path: string): void {
  command.exitOverride().configureOutput({
    getOutHelpWidth: () => readTerminalWidth(process.stdout),
    getErrHelpWidth: () => readTerminalWidth(process.stderr),
    outputError: (text, write) =>
      write(`${path}: ${describeUsageError(text)}; see ${path} --help\n`),
  });
  for (const inner of command.commands) prepare(inner, `${path} ${inner.name()}`);
}

/** Puts Commander's message on one line, with a suggestion if it lists choices. */
function describeUsageError(text: string): string {
  const message = text
    .trim()
    .replace(/^error: /u, "")
    .replaceAll(/(?<!\s)\s*\n\s*/gu, " ")
    .replace(/\.$/u, "");
  const choice = /argument '(.*)' is invalid\. Allowed choices are (.*)$/u.exec(message);
  if (choice === null) return message;
  return `${message}${didYouMean(choice[1]!, choice[2]!.split(", "))}`;
}
