import { Command } from "commander";
import { policyChatCommand } from "./policy-chat.ts";
import { policyGenerateCommand } from "./policy-generate.ts";
import { policyInfoCommand } from "./policy-info.ts";
import { policyScoreCommand } from "./policy-score.ts";

/** `turnwise policy`: a model by itself, from a Hugging Face folder. */
export function policyCommand(): Command {
  return new Command("policy")
    .description("inspect, score, sample and chat with a model from a Hugging Face folder")
    .addCommand(policyInfoCommand())
    .addCommand(policyScoreCommand())
    .addCommand(policyGenerateCommand())
    .addCommand(policyChatCommand());
}
