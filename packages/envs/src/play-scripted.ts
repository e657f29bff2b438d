import type { Random, Task, Trajectory } from "@turnwise/core";
import { callWithin, defaultTimeoutSeconds } from "./call-within.ts";
import {
  playEpisode,
  type EpisodeAgent,
  type EpisodeParts,
  type EpisodeSequence,
} from "./episode.ts";
import type { Observation } from "./environment.ts";

/** Player that chooses actions without a model; `undefined` gives up. */
export interface EpisodePlayer {
  next(observation: Observation): string | undefined;
}

/** Parts of an episode played by a script. */
export interface ScriptedParts extends EpisodeParts {
  /**
   * Creates the player of an episode.
   * @param trajectoryIndex - Index of the episode in its group.
   * @param random - Random stream of the episode.
   */
  readonly createPlayer: (
    task: Task,
    trajectoryIndex: number,
    random: Random,
  ) => EpisodePlayer | Promise<EpisodePlayer>;
}

/** Creates an agent that writes a player's actions in the format; it uses no tokens. */
function createScriptedAgent(
  task: Task,
  { createPlayer, format, options, signal }: ScriptedParts,
  { trajectoryIndex, random }: EpisodeSequence,
): EpisodeAgent {
  const { environmentTimeoutSeconds = defaultTimeoutSeconds } = options;
  let player: EpisodePlayer | undefined;
  return {
    policyVersion: 0,
    prepare: async () => {
      player = await callWithin("create player", environmentTimeoutSeconds, signal, async () =>
        createPlayer(task, trajectoryIndex, random),
      );
    },
    respond: async (_history, observation) => {
      const action = player!.next(observation);
      if (action === undefined) {
        return { kind: "truncated", limit: "turns", message: "the player gave up" };
      }
      return {
        text: format.write(action),
        record: {
          promptTokens: [],
          responseTokens: [],
          samplerLogProbs: [],
          usage: { promptTokens: 0, responseTokens: 0 },
        },
      };
    },
    release: () => undefined,
  };
}

/**
 * Plays one episode with a script instead of a model and records it. The format writes and parses
 * the player's actions like responses of a model. Token lists are empty, so the record cannot be
 * used for training. Failures become the outcome, as in `rollout`.
 */
export async function playScripted(
  task: Task,
  parts: ScriptedParts,
  sequence: EpisodeSequence,
): Promise<Trajectory> {
  return playEpisode(task, parts, sequence, createScriptedAgent(task, parts, sequence));
}
