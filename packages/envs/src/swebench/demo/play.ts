import { createRandom, type Sampler, type Tokenizer, type Trajectory } from "@turnwise/core";
import { rollout } from "../../rollout.ts";
import { r2eFormat } from "../../scaffold/agent-formats.ts";
import type { ContainerEngine } from "../../containers/container.ts";
import { sweEnvironment, type SweEnvironmentOptions, type SweRecord } from "../environment.ts";
import type { DemoAgent } from "./demo-agents.ts";
import type { DemoTask } from "./tasks.ts";

/**
 * Tokenizer whose tokens are UTF-16 code units; 0 ends a response. For agents with scripted
 * responses.
 */
export const letterTokenizer: Tokenizer = {
  vocabularySize: 65_536,
  endToken: 0,
  encode: (text) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)),
  decode: (tokens) => tokens.map((token) => String.fromCharCode(token)).join(""),
};

/**
 * Creates a sampler that returns scripted responses, one per turn, and then repeats the last one.
 */
export function scriptedSampler(responses: readonly string[]): Sampler {
  let turn = 0;
  return {
    capabilities: { entropies: "exact", maxSequenceTokens: 10_000_000 },
    load: async ({ version }) => version,
    sample: async () => {
      const text = responses[Math.min(turn, responses.length - 1)] ?? "";
      turn += 1;
      const tokens = [...letterTokenizer.encode(text), letterTokenizer.endToken];
      // A scripted token has probability 1, so log-probs and entropies are 0.
      const zeros = tokens.map(() => 0);
      return { tokens, logProbs: zeros, entropies: zeros, stopReason: "stop-token" };
    },
    release: () => undefined,
  };
}

/** Episode of a demo task. */
export interface DemoEpisode {
  readonly trajectory: Trajectory;
  /**
   * Record of the grading; absent if the episode was not graded because the infrastructure failed.
   */
  readonly record?: SweRecord;
  readonly responses: readonly string[];
}

/** Plays one task with a scripted agent, through the same rollout as training. */
export async function playDemo(
  task: DemoTask,
  agent: DemoAgent,
  engine: ContainerEngine,
  options: SweEnvironmentOptions = {},
): Promise<DemoEpisode> {
  const responses = agent(task);
  let record: SweRecord | undefined;
  const trajectory = await rollout(
    { id: task.instance.id, kind: task.kind },
    {
      createEnvironment: async () =>
        sweEnvironment(task.instance, engine, {
          maxSteps: 20,
          ...options,
          onGraded: (graded) => {
            record = graded;
            options.onGraded?.(graded);
          },
        }),
      format: r2eFormat(),
      sampler: scriptedSampler(responses),
      tokenizer: letterTokenizer,
      policyVersion: 0,
      options: { maxTurns: 40, maxResponseTokens: 100_000 },
    },
    { groupId: "demo", trajectoryIndex: 0, random: createRandom(0) },
  );
  return { trajectory, responses, ...(record === undefined ? {} : { record }) };
}

/**
 * Removes control characters, because output of a container may contain terminal escape sequences.
 */
const removeControls = (text: string): string =>
  text.replaceAll(
    // eslint-disable-next-line no-control-regex -- the control characters to remove
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );

/** Formats an episode with every response and observation, without control characters. */
export function transcript({ trajectory, responses, record }: DemoEpisode): string {
  const parts = [`--- task\n${trajectory.firstObservation.trim()}`];
  for (const [i, turn] of trajectory.turns.entries()) {
    parts.push(`--- agent, turn ${i + 1}\n${(responses[i] ?? "").trim()}`);
    parts.push(`--- answer\n${turn.observation.trim()}`);
  }
  if (record !== undefined) {
    const { patch, evaluation } = record;
    const text = patch.patch?.trim() ?? "";
    parts.push(
      `--- patch\n${text === "" ? `(none${patch.reason === undefined ? "" : `: ${patch.reason}`})` : text}`,
    );
    const left = patch.excluded.map(({ path, reason }) => `${path} (${reason})`);
    if (left.length > 0) parts.push(`--- excluded from the patch\n${left.join("\n")}`);
    const statuses = [...evaluation.grade.statuses].map(([test, status]) => `${status} ${test}`);
    if (statuses.length > 0) parts.push(`--- tests\n${statuses.join("\n")}`);
  }
  const { outcome } = trajectory;
  const verdict =
    outcome.kind === "terminated"
      ? outcome.isSuccess
        ? "resolved"
        : "not resolved"
      : outcome.kind === "failed"
        ? `failed: ${outcome.error.message}`
        : `truncated: ${outcome.limit}`;
  return `${removeControls(parts.join("\n"))}\n--- verdict: ${removeControls(verdict)}\n`;
}
