import { describe, expect, it } from "vitest";
import type { PastTurn } from "../../agent-format.ts";
import type { Observation } from "../../environment.ts";
import { goldenRows, hasReferenceData, referenceShop } from "../testing/reference-data.ts";
import { shopEnvironment } from "./shop-environment.ts";
import { verlAgentShopFormat } from "./verl-agent-format.ts";

describe.skipIf(!hasReferenceData)("verl-agent's episodes", () => {
  it("reproduce the recorded prompts, parsed actions and rewards", async () => {
    const format = verlAgentShopFormat();
    let numPrompts = 0;
    for (const row of goldenRows("golden/verl_episodes")) {
      // The seed of an evaluation environment is larger by 1000.
      const seed = row["seed"];
      const shop = await referenceShop({
        seed,
        shuffleSeed: seed,
        goals: row["human_goals"] === true ? "human" : "synthetic",
      });
      const environment = shopEnvironment(shop, Number(row["session"]));
      const history: PastTurn[] = [];
      let observation: Observation = await environment.reset();
      const found: object[] = [{ prompt: format.prompt(history, observation) }];
      const wanted: object[] = [{ prompt: row["reset"].prompt }];
      for (const step of row["steps"]) {
        const { action, isValid } = format.parse(step.llm_output, observation);
        const reply = await environment.step(action);
        history.push({ observation, action });
        observation = reply;
        const result = {
          action,
          isValid: isValid ? 1 : 0,
          reward: reply.reward,
          done: reply.isTerminal,
          won: reply.isSuccess,
        };
        const recorded = {
          action: step.action,
          isValid: step.is_action_valid,
          reward: step.env_reward,
          done: step.done,
          won: step.won,
        };
        // In verl-agent's wrapper, the observation after a purchase already lists the actions of
        // another session.
        if (reply.isTerminal) {
          found.push({ ...result, score: reply.score });
          wanted.push({ ...recorded, score: step.task_score });
          break;
        }
        found.push({ ...result, prompt: format.prompt(history, observation) });
        wanted.push({ ...recorded, prompt: step.prompt });
      }
      expect(found).toEqual(wanted);
      numPrompts += found.length;
    }
    expect(numPrompts).toBeGreaterThan(150);
  });
});
