import { createRandom, type Random } from "@turnwise/core";
import { expect, it } from "vitest";
import type { AgentFormat } from "./agent-format.ts";
import { createDemonstratingPlayers, createRandomPlayers } from "./baselines.ts";
import { demonstrate, demonstrateAll } from "./demonstration.ts";
import type { Environment } from "./environment.ts";
import { playScripted, type EpisodePlayer, type ScriptedParts } from "./play-scripted.ts";

/** Format that marks actions; a response without the mark is invalid. */
const format: AgentFormat = {
  presentation: "turn-wise",
  prompt: (_history, { text }) => text,
  write: (action) => `>${action}`,
  parse: (response) => ({ action: response.slice(1), isValid: response.startsWith(">") }),
};

/** Game with doors `a` to `d` in three rooms; the right doors are `b`, `c` and `a`. */
const doors = ["a", "b", "c", "d"];
function rooms(isDeadEnd = false): Environment {
  let room = 0;
  const admissibleActions = isDeadEnd ? [] : doors;
  return {
    reset: async () => ({ text: "room 0", admissibleActions }),
    step: async (action) => {
      if (action === "bca"[room]) room += 1;
      const isSuccess = room === 3;
      return {
        text: `room ${room}`,
        admissibleActions,
        reward: isSuccess ? 2 : 0,
        isTerminal: isSuccess,
        isSuccess,
      };
    },
    close: async () => undefined,
  };
}

const task = { id: "task", kind: "toy" };
const createEnvironment = async (): Promise<Environment> => rooms();
const play = (
  createPlayer: ScriptedParts["createPlayer"],
  { random = createRandom(1), maxTurns = 20, isDeadEnd = false } = {},
) =>
  playScripted(
    task,
    {
      createEnvironment: async () => rooms(isDeadEnd),
      format,
      options: { maxTurns },
      createPlayer,
    },
    { groupId: "g", trajectoryIndex: 0, random },
  );

it("plays demonstrations, and records them without tokens", async () => {
  const actions = ["b", "c", "a"];
  const demonstrate = (tasks: readonly (typeof task)[], slipShare: number, random: Random) =>
    demonstrateAll(
      tasks,
      () => {
        const left = [...actions];
        return { next: () => left.shift() };
      },
      { createEnvironment, format, maxTurns: 20, slipShare, random },
    );
  const trajectory = await play(createDemonstratingPlayers({ demonstrator: { demonstrate } })!);
  expect(trajectory.outcome).toEqual({ kind: "terminated", isSuccess: true });
  expect(trajectory.turns.map(({ action }) => action)).toEqual(actions);
  expect(trajectory.turns[2]).toEqual({
    promptTokens: [],
    responseTokens: [],
    samplerLogProbs: [],
    usage: { promptTokens: 0, responseTokens: 0 },
    action: "a",
    isValidAction: true,
    observation: "room 3",
    reward: 2,
    penalty: 0,
  });
  expect(createDemonstratingPlayers({})).toBeUndefined();
});

it("makes the player before the environment, so that players that use environments wait for no episode", async () => {
  // One environment at a time, like a pool of containers.
  let lastClosed = Promise.resolve();
  const createOnlyEnvironment = async (): Promise<Environment> => {
    const before = lastClosed;
    let release: () => void = () => undefined;
    lastClosed = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return { ...rooms(), close: async () => release() };
  };
  const parts = { createEnvironment: createOnlyEnvironment, format, maxTurns: 20 };
  const createPlayer = async (): Promise<EpisodePlayer> => {
    const actions = ["b", "c", "a"];
    const { turns } = await demonstrate(task, { next: () => actions.shift() }, parts);
    const seen = turns.map(({ action }) => action);
    return { next: () => seen.shift() };
  };
  const trajectories = await Promise.all(
    [0, 1, 2].map(async (trajectoryIndex) =>
      playScripted(
        task,
        {
          createEnvironment: createOnlyEnvironment,
          format,
          options: { maxTurns: 20 },
          createPlayer,
        },
        { groupId: "g", trajectoryIndex, random: createRandom(1) },
      ),
    ),
  );
  for (const { outcome } of trajectories) {
    expect(outcome).toEqual({ kind: "terminated", isSuccess: true });
  }
});

it("draws admissible actions evenly, the same ones from the same random stream", async () => {
  const players = createRandomPlayers({});
  const actionsOf = async (seed: number): Promise<string[]> => {
    const { turns } = await play(players, { random: createRandom(seed), maxTurns: 100 });
    return turns.map(({ action }) => action);
  };
  expect(await actionsOf(3)).toEqual(await actionsOf(3));
  expect(await actionsOf(3)).not.toEqual(await actionsOf(4));
  const drawn: string[] = [];
  for (let seed = 0; seed < 200; seed++) drawn.push(...(await actionsOf(seed)).slice(0, 3));
  // With 600 draws, a share of a quarter has a standard error of 1.8 points. Seeds are fixed.
  for (const door of doors) {
    expect(drawn.filter((action) => action === door).length / drawn.length).toBeCloseTo(0.25, 1);
  }
});

it("cuts an episode whose player gives up, and fails one whose player cannot be made", async () => {
  const stuck = await play(createRandomPlayers({}), { isDeadEnd: true });
  expect(stuck.outcome).toEqual({
    kind: "truncated",
    limit: "turns",
    message: "the player gave up",
  });
  const broken = await play(() => {
    throw new Error("no plan");
  });
  expect(broken.outcome).toEqual({
    kind: "failed",
    error: { kind: "environment", message: "create player: no plan" },
  });
});
