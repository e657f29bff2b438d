import {
  createRandom,
  FailureError,
  maxStateBytes,
  NonFiniteError,
  SequenceLimitError,
  type EnvironmentState,
  type SampleRequest,
  type Sampler,
  type Tokenizer,
} from "@turnwise/core";
import { describe, expect, it } from "vitest";
import type { AgentFormat } from "./agent-format.ts";
import type { Environment } from "./environment.ts";
import { rollout, rolloutGroup, type RolloutParts } from "./rollout.ts";

/** Tokenizer in which each character is a token; `.` ends a response. */
const tokenizer: Tokenizer = {
  vocabularySize: 128,
  endToken: ".".charCodeAt(0),
  encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0)),
  decode: (tokens) => String.fromCharCode(...tokens),
};

const format = (presentation: AgentFormat["presentation"]): AgentFormat => ({
  presentation,
  prompt: (history, { text }) => `${history.length}${text}`,
  write: (action) => action,
  parse: (response) => ({ action: response, isValid: response !== "x" }),
});

/** Environment that gives reward 1 for each `a`, and ends with success at `w`. */
function countingEnvironment(): Environment {
  let steps = 0;
  return {
    reset: async () => ({ text: "r" }),
    step: async (action) => ({
      text: `s${++steps}`,
      reward: action === "a" ? 1 : 0,
      isTerminal: action === "w",
      isSuccess: action === "w",
    }),
    close: async () => undefined,
  };
}

/** Returns scripted responses, and records its requests. */
function scriptedSampler(responses: readonly string[], maxSequenceTokens = 100) {
  const requests: SampleRequest[] = [];
  const released: string[] = [];
  const sampler: Sampler = {
    capabilities: { entropies: "exact", maxSequenceTokens },
    load: async ({ version }) => version,
    sample: async (request) => {
      const tokens = tokenizer.encode(responses[requests.length % responses.length]!);
      requests.push(request);
      const values = tokens.map(() => -0.5);
      return {
        tokens,
        logProbs: values,
        entropies: values.map(Math.abs),
        stopReason: "stop-token",
      };
    },
    release: (id) => void released.push(id),
  };
  return { sampler, requests, released };
}

const task = { id: "task", kind: "toy" };
const sequence = () => ({ groupId: "g", trajectoryIndex: 0, random: createRandom(1) });

function parts(
  sampler: Sampler,
  change: Partial<Omit<RolloutParts, "options">> & {
    readonly options?: Partial<RolloutParts["options"]>;
  } = {},
): RolloutParts {
  return {
    createEnvironment: async () => countingEnvironment(),
    format: format("concatenated"),
    sampler,
    tokenizer,
    policyVersion: 3,
    ...change,
    options: { maxTurns: 5, maxResponseTokens: 4, ...change.options },
  };
}

describe("rollout", () => {
  it("records turns, rewards with penalties, and how the episode ended", async () => {
    const { sampler, released } = scriptedSampler(["a.", "x.", "w."]);
    const options = { invalidActionPenalty: 0.1 };
    const trajectory = await rollout(task, parts(sampler, { options }), sequence());
    expect(
      trajectory.turns.map(({ action, reward, penalty, isValidAction, observation }) => ({
        action,
        reward,
        penalty,
        isValidAction,
        observation,
      })),
    ).toEqual([
      { action: "a", reward: 1, penalty: 0, isValidAction: true, observation: "s1" },
      { action: "x", reward: 0, penalty: 0.1, isValidAction: false, observation: "s2" },
      { action: "w", reward: 0, penalty: 0, isValidAction: true, observation: "s3" },
    ]);
    expect(trajectory.outcome).toEqual({ kind: "terminated", isSuccess: true });
    expect(trajectory.policyVersion).toBe(3);
    expect(released).toEqual(["g/0"]);
  });

  it("records stop reasons and versions of tokens", async () => {
    const { sampler } = scriptedSampler(["a.", "w."]);
    const changing: Sampler = {
      ...sampler,
      sample: async (request) => ({ ...(await sampler.sample(request)), policyVersions: [3, 4] }),
    };
    const trajectory = await rollout(task, parts(changing), sequence());
    expect(trajectory.turns).toMatchObject([
      { stopReason: "stop-token", policyVersions: [3, 4] },
      { stopReason: "stop-token", policyVersions: [3, 4] },
    ]);
    const plain = await rollout(task, parts(sampler), sequence());
    expect(plain.turns[0]).not.toHaveProperty("policyVersions");
  });

  describe("with an environment that renders", () => {
    const playWith = async (render: Environment["render"], recordsStates: boolean) => {
      const { sampler } = scriptedSampler(["a.", "w."]);
      const environment: Environment = { ...countingEnvironment(), ...(render && { render }) };
      const createEnvironment = async (): Promise<Environment> => environment;
      const options = { recordsStates };
      return rollout(task, parts(sampler, { createEnvironment, options }), sequence());
    };
    const stateOf = (text: string): EnvironmentState => ({ kind: "text", version: 1, text });

    it("records the state before each turn, and the last one, if asked to", async () => {
      let numRendered = 0;
      const render = async () => stateOf(`state ${numRendered++}`);
      const { turns, finalState } = await playWith(render, true);
      expect(turns.map(({ state }) => state)).toEqual([stateOf("state 0"), stateOf("state 1")]);
      expect(finalState).toEqual(stateOf("state 2"));
      const plain = await playWith(render, false);
      expect(numRendered).toBe(3);
      expect(plain).not.toHaveProperty("finalState");
      expect(plain.turns[0]).not.toHaveProperty("state");
      expect(await playWith(undefined, true)).toEqual(plain);
    });

    it("is not failed by a state that cannot be rendered, and cuts long ones", async () => {
      const unable = await playWith(() => Promise.reject(new Error("no display")), true);
      const reason = "render: no display";
      expect(unable.finalState).toEqual({ kind: "unavailable", version: 1, reason });
      expect(unable.outcome).toEqual({ kind: "terminated", isSuccess: true });
      const { finalState } = await playWith(async () => stateOf("a".repeat(100_000)), true);
      expect(finalState).toMatchObject({ kind: "text", isTruncated: true });
      expect(JSON.stringify(finalState).length).toBeLessThanOrEqual(maxStateBytes);
    });
  });

  it("presents a concatenated episode as one growing sequence of the sampled tokens", async () => {
    const { sampler, requests } = scriptedSampler(["a.", "w."]);
    const trajectory = await rollout(task, parts(sampler), sequence());
    const texts = requests.map(({ promptTokens }) => tokenizer.decode(promptTokens));
    expect(texts).toEqual(["0r", "0ra.1s1"]);
    expect(requests.map(({ sequenceId }) => sequenceId)).toEqual(["g/0", "g/0"]);
    // The record contains only the new tokens of each turn.
    expect(trajectory.turns.map((turn) => tokenizer.decode(turn.promptTokens))).toEqual([
      "0r",
      "1s1",
    ]);
  });

  it("presents each turn of a turn-wise episode as a separate prompt", async () => {
    const { sampler, requests } = scriptedSampler(["a.", "w."]);
    await rollout(task, parts(sampler, { format: format("turn-wise") }), sequence());
    expect(requests.map(({ promptTokens }) => tokenizer.decode(promptTokens))).toEqual([
      "0r",
      "1s1",
    ]);
    expect(requests.every(({ sequenceId }) => sequenceId === undefined)).toBe(true);
  });

  it("draws every turn from its own stream", async () => {
    const { sampler, requests } = scriptedSampler(["a.", "a.", "w."]);
    await rollout(task, parts(sampler), sequence());
    expect(requests.map(({ seed }) => seed)).toEqual(["1/turn/0", "1/turn/1", "1/turn/2"]);
  });

  it("ends responses at any end token of the tokenizer, and at a server's own", async () => {
    const { sampler, requests } = scriptedSampler(["a!", "a.", "a?", "w."]);
    const endTokens = tokenizer.encode(".!");
    const changed = parts(sampler, { tokenizer: { ...tokenizer, endTokens } });
    const trajectory = await rollout(task, changed, sequence());
    expect(requests[0]!.stopTokens).toEqual(endTokens);
    expect(trajectory.turns.map(({ action }) => action)).toEqual(["a", "a", "a", "w"]);
    expect(tokenizer.decode(trajectory.turns[2]!.responseTokens)).toBe("a?");
  });

  it("tells an observer what it works on, and when that ends", async () => {
    const events: string[] = [];
    const play = async (change: Parameters<typeof parts>[1]): Promise<string[]> => {
      events.length = 0;
      await rollout(task, parts(scriptedSampler(["a.", "w."]).sampler, change), sequence());
      return [...events];
    };
    const onActivity: RolloutParts["onActivity"] = (activity) => {
      const { kind, name, taskId, groupId, trajectoryIndex, turnIndex } = activity;
      expect([taskId, groupId, trajectoryIndex]).toEqual(["task", "g", 0]);
      const resource = activity.describeResource?.() ?? "";
      events.push(`${kind} ${name} ${turnIndex}${resource}`);
      return (trajectory) => events.push(`end ${name} ${trajectory?.outcome.kind ?? ""}`);
    };
    const withResource = async (): Promise<Environment> => ({
      ...countingEnvironment(),
      describeResource: () => " in a box",
    });
    expect(await play({ onActivity, createEnvironment: withResource })).toEqual([
      "episode episode 0",
      "environment create environment 0",
      "end create environment ",
      "environment reset 0 in a box",
      "end reset ",
      "response respond 0 in a box",
      "end respond ",
      "environment step 0 in a box",
      "end step ",
      "response respond 1 in a box",
      "end respond ",
      "environment step 1 in a box",
      "end step ",
      "environment close 2 in a box",
      "end close ",
      "end episode terminated",
    ]);
    const failing = (): Promise<Environment> => Promise.reject(new Error("no room"));
    expect(await play({ onActivity, createEnvironment: failing })).toEqual([
      "episode episode 0",
      "environment create environment 0",
      "end create environment ",
      "end episode failed",
    ]);
  });

  it("is truncated by the turn limit, and by the length of the sequence", async () => {
    const endless = scriptedSampler(["a."]);
    const byTurns = await rollout(task, parts(endless.sampler), sequence());
    expect(byTurns.outcome).toEqual({ kind: "truncated", limit: "turns" });
    expect(byTurns.turns).toHaveLength(5);
    // Prompts have 2, 7 and 12 tokens; with a response of up to 4, the third exceeds 14.
    const short = scriptedSampler(["a."], 14);
    const byTokens = await rollout(task, parts(short.sampler), sequence());
    expect(byTokens.outcome).toEqual({
      kind: "truncated",
      limit: "tokens",
      message: "prompt of 12 tokens and response of at most 4 exceed 14",
    });
    expect(byTokens.turns).toHaveLength(2);
  });

  it("records a failure of the environment, closes it, and keeps the earlier turns", async () => {
    let isClosed = false;
    const createEnvironment = async (): Promise<Environment> => {
      const inner = countingEnvironment();
      return {
        ...inner,
        step: async (action) => {
          if (action === "w") throw new Error("the kitchen is on fire");
          return inner.step(action);
        },
        close: async () => {
          isClosed = true;
          throw new Error("cannot be closed either");
        },
      };
    };
    const { sampler } = scriptedSampler(["a.", "w."]);
    const trajectory = await rollout(task, parts(sampler, { createEnvironment }), sequence());
    expect(trajectory.outcome).toEqual({
      kind: "failed",
      error: { kind: "environment", message: "step: the kitchen is on fire" },
    });
    expect(trajectory.turns).toHaveLength(1);
    expect(isClosed).toBe(true);
  });

  it("fails an episode whose environment does not respond", async () => {
    const createEnvironment = async (): Promise<Environment> => ({
      ...countingEnvironment(),
      step: () => new Promise(() => undefined),
    });
    const { sampler } = scriptedSampler(["a."]);
    const options = { environmentTimeoutSeconds: 0.01 };
    const trajectory = await rollout(
      task,
      parts(sampler, { createEnvironment, options }),
      sequence(),
    );
    expect(trajectory.outcome).toMatchObject({
      kind: "failed",
      error: { kind: "timeout", message: "step took longer than 0.01 s" },
    });
  });

  it("keeps the kind of an environment's failure, wherever it is thrown", async () => {
    const { sampler } = scriptedSampler(["a."]);
    const outcomeOf = async (createEnvironment: RolloutParts["createEnvironment"]) =>
      (await rollout(task, parts(sampler, { createEnvironment }), sequence())).outcome;
    const engine = new FailureError("engine", "unreachable");
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    expect(await outcomeOf(() => Promise.reject(engine))).toEqual({
      kind: "failed",
      error: { kind: "engine", message: "create environment: unreachable" },
    });
    expect(
      await outcomeOf(async () => ({
        ...countingEnvironment(),
        reset: () => Promise.reject(new Error("no page", { cause: refused })),
      })),
    ).toEqual({ kind: "failed", error: { kind: "network", message: "reset: no page" } });
    expect(
      await outcomeOf(async () => ({
        ...countingEnvironment(),
        step: () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" })),
      })),
    ).toEqual({ kind: "failed", error: { kind: "resources", message: "step: full" } });
  });

  it("records failures of a sampler's server, and a sequence that it rejects as too long", async () => {
    const { sampler, released } = scriptedSampler(["a."]);
    const outcomeAfter = async (error: Error) => {
      let numSamples = 0;
      const broken: Sampler = {
        ...sampler,
        sample: async (request) => {
          if (++numSamples === 2) throw error;
          return sampler.sample(request);
        },
      };
      const { turns, outcome } = await rollout(task, parts(broken), sequence());
      expect(turns).toHaveLength(1);
      return outcome;
    };
    expect(await outcomeAfter(new FailureError("protocol", "status 400"))).toEqual({
      kind: "failed",
      error: { kind: "protocol", message: "sample: status 400" },
    });
    expect(await outcomeAfter(new SequenceLimitError("at most 512 tokens"))).toEqual({
      kind: "truncated",
      limit: "tokens",
      message: "at most 512 tokens",
    });
    // The sampler itself is out of memory, so no episode can continue.
    const memory = new FailureError("resources", "no memory");
    await expect(outcomeAfter(memory)).rejects.toThrow("no memory");
    expect(released).toEqual(["g/0", "g/0", "g/0"]);
  });

  it("throws errors of the sampler, and the reason of an abort", async () => {
    const { sampler } = scriptedSampler(["a."]);
    const broken: Sampler = {
      ...sampler,
      sample: () => Promise.reject(new Error("out of memory")),
    };
    await expect(rollout(task, parts(broken), sequence())).rejects.toThrow("out of memory");
    const poisoned: Sampler = {
      ...sampler,
      sample: () => Promise.reject(new NonFiniteError("logits must be finite, got NaN")),
    };
    await expect(rollout(task, parts(poisoned), sequence())).rejects.toThrow(
      new NonFiniteError("g/0 turn 0: logits must be finite, got NaN"),
    );
    const signal = AbortSignal.abort(new Error("stopped by hand"));
    await expect(rollout(task, parts(sampler, { signal }), sequence())).rejects.toThrow(
      "stopped by hand",
    );
  });
});

describe("rolloutGroup", () => {
  it("plays siblings with their own streams, unaffected by one that fails", async () => {
    let made = 0;
    const createEnvironment = async (): Promise<Environment> => {
      if (++made === 2) throw new Error("no room");
      return countingEnvironment();
    };
    const { sampler, requests } = scriptedSampler(["w."]);
    const group = await rolloutGroup(task, 3, parts(sampler, { createEnvironment }), {
      id: "g",
      random: createRandom(1),
    });
    expect(group.trajectories.map(({ outcome }) => outcome.kind)).toEqual([
      "terminated",
      "failed",
      "terminated",
    ]);
    expect(group.trajectories.map(({ trajectoryIndex }) => trajectoryIndex)).toEqual([0, 1, 2]);
    expect(new Set(requests.map(({ seed }) => seed)).size).toBe(2);
    const again = rolloutGroup(task, 0, parts(sampler), { id: "g", random: createRandom(1) });
    await expect(again).rejects.toThrow("groupSize must be a whole number >= 1, got 0");
  });
});
