#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { InputError, StoppedRun } from "@turnwise/training";
import { alfworldCommand } from "./commands/alfworld.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { policyCommand } from "./commands/policy.ts";
import { swebenchCommand } from "./commands/swebench.ts";
import { trainCommand } from "./commands/train.ts";
import { webshopCommand } from "./commands/webshop.ts";

/** Exit codes: 0 done, 1 something broke, 2 what the user gave cannot be used. */
async function main(): Promise<number> {
  const program = new Command("turnwise")
    .description("Reinforcement learning for multi-turn LLM agents")
    .enablePositionalOptions()
    .showHelpAfterError()
    .exitOverride();
  for (const command of [
    trainCommand(),
    evaluateCommand(),
    alfworldCommand(),
    policyCommand(),
    swebenchCommand(),
    webshopCommand(),
    doctorCommand(),
  ]) {
    program.addCommand(command);
  }
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof InputError || error instanceof StoppedRun) {
      process.stderr.write(`turnwise: ${error.message}\n`);
      return error instanceof InputError ? 2 : 1;
    }
    process.stderr.write(`turnwise: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

// Warnings of the packages are for people, on one line; Node's own keep their form.
process.removeAllListeners("warning");
process.on("warning", ({ name, message, stack }) => {
  process.stderr.write(name === "TurnwiseWarning" ? `warning: ${message}\n` : `${stack}\n`);
});
process.exitCode = await main();
