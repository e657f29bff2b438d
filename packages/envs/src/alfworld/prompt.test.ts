import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { PastTurn } from "../agent-format.ts";
import type { Observation } from "../environment.ts";
import { gameEnvironment } from "./environment.ts";
import { parseBareAction, parseTaggedAction } from "./parse.ts";
import { compactFormat, compactObservation, verlAgentFormat } from "./prompt.ts";
import { hasReleasedData, releasedGames, releasedPath } from "./testing/released-data.ts";

describe("parseTaggedAction", () => {
  it("takes the text between the first action tags, in lower case", () => {
    expect(parseTaggedAction("<think>a</think><action> Go To Desk 1 </action>")).toEqual({
      action: "go to desk 1",
      isValid: true,
    });
    expect(parseTaggedAction("<action>look</action>").isValid).toBe(false);
    expect(parseTaggedAction("<think>你</think><action>look</action>").isValid).toBe(false);
  });

  it("takes the end of a response without tags", () => {
    expect(parseTaggedAction(`${"x".repeat(40)} Go To Desk 1`)).toEqual({
      action: `${"x".repeat(17)} go to desk 1`,
      isValid: false,
    });
  });
});

describe("parseBareAction", () => {
  it("is valid if the action is admissible, or not empty if that is not known", () => {
    const observation = { text: "", admissibleActions: ["look"] };
    expect(parseBareAction(" look ", observation)).toEqual({ action: "look", isValid: true });
    expect(parseBareAction("fly", observation).isValid).toBe(false);
    expect(parseBareAction("fly", { text: "" }).isValid).toBe(true);
    expect(parseBareAction("", { text: "" }).isValid).toBe(false);
  });
});

describe("compactFormat", () => {
  const text = "You arrive at shelf 1. On the shelf 1, you see a mug 2, and a pen 1.";

  it("drops fillers, and writes each object as one word", () => {
    expect(compactObservation(text)).toBe("arrive at shelf1 shelf1 mug2 pen1");
    expect(compactFormat().prompt([], { text })).toBe(
      "<obs> arrive at shelf1 shelf1 mug2 pen1 <act>",
    );
  });

  it("reads back what it writes", () => {
    const format = compactFormat();
    for (const action of ["take mug 2 from shelf 1", "look", "go to side table 10"]) {
      expect(format.parse(format.write(action), { text: "" })).toEqual({ action, isValid: true });
    }
    expect(format.write("take mug 2 from shelf 1")).toBe("take mug2 from shelf1");
  });
});

describe("verlAgentFormat", () => {
  it("shows the last turns, numbered from the beginning", () => {
    const past = (text: string): PastTurn => ({ observation: { text }, action: `act on ${text}` });
    const history = [past("A. Your task is to: win."), past("B"), past("C")];
    const prompt = verlAgentFormat({ historyLength: 2 }).prompt(history, {
      text: "D",
      admissibleActions: ["go", "help", "look"],
    });
    expect(prompt).toContain("Your task is to: win.\n");
    expect(prompt).toContain("taken 3 step(s). Below are the most recent 2 ");
    expect(prompt).toContain("[Observation 2: 'B', Action 2: 'act on B']\n[Observation 3: 'C', ");
    expect(prompt).toContain("now at step 4 and your current observation is: D\n");
    expect(prompt).toContain("['go'\n 'look']");
  });

  it("reads back what it writes", () => {
    const format = verlAgentFormat();
    expect(format.parse(format.write("go to desk 1"), { text: "" })).toEqual({
      action: "go to desk 1",
      isValid: true,
    });
  });
});

/** Line of a recording of prompts from verl-agent's environment manager. */
type Recorded =
  | {
      readonly kind: "projection";
      readonly cases: readonly { response: string; action: string; valid: 0 | 1 }[];
    }
  | {
      readonly kind: "episode";
      readonly game: string;
      readonly history_length: number;
      readonly prompts: readonly string[];
      readonly steps: readonly {
        response: string;
        action_sent: string;
        action_valid: 0 | 1;
        reward: number;
        done: boolean;
      }[];
    };

describe.skipIf(!hasReleasedData)("recorded prompts of verl-agent", () => {
  const recorded = hasReleasedData
    ? String(gunzipSync(readFileSync(releasedPath("golden/verl_agent_prompts.jsonl.gz"))))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Recorded)
    : [];

  it("are parsed equally", () => {
    const cases = recorded.flatMap((entry) => (entry.kind === "projection" ? entry.cases : []));
    expect(cases.length).toBeGreaterThan(0);
    for (const { response, action, valid } of cases) {
      expect({ response, ...parseTaggedAction(response) }).toEqual({
        response,
        action,
        isValid: valid === 1,
      });
    }
  });

  it("are written equally, character for character, with equal rewards", async () => {
    const games = await releasedGames();
    const episodes = recorded.filter((entry) => entry.kind === "episode");
    expect(episodes.length).toBeGreaterThan(0);
    for (const { game, history_length, prompts, steps } of episodes) {
      const format = verlAgentFormat({ historyLength: history_length });
      const environment = gameEnvironment(await games.load(game));
      const history: PastTurn[] = [];
      let observation: Observation = await environment.reset();
      for (const [i, step] of steps.entries()) {
        expect(format.prompt(history, observation)).toBe(prompts[i]);
        const { action, isValid } = format.parse(step.response, observation);
        expect({ action, isValid }).toEqual({
          action: step.action_sent,
          isValid: step.action_valid === 1,
        });
        history.push({ observation, action });
        // If a response has no tags, the recording continued with the command in it.
        const sent = isValid ? action : step.response.replace("I just say ", "");
        const result = await environment.step(sent);
        expect({ reward: result.reward, done: result.isTerminal }).toEqual({
          reward: step.reward,
          done: step.done,
        });
        observation = result;
      }
    }
  });
});
