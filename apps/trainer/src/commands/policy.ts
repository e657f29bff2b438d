import { Command } from "commander";
import { buildChatCommand } from "./policy-chat.ts";
import { buildGenerateCommand } from "./policy-generate.ts";
import { buildInfoCommand } from "./policy-info.ts";
import { buildScoreCommand } from "./policy-score.ts";

/** `turnwise policy`: inspects and runs a model from a Hugging Face folder. */
export function buildPolicyCommand(): Command {
  return new Command("policy")
    .description("inspect, score, sample and chat with a model from a Hugging Face folder")
    .addCommand(buildInfoCommand())
    .addCommand(buildScoreCommand())
    .addCommand(buildGenerateCommand())
    .addCommand(buildChatCommand());
}
