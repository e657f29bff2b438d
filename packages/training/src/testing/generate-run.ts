import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { modulationCoefficients } from "@turnwise/aem";
import {
  createRandom,
  mean,
  recordVersion,
  stateVersion,
  type HouseholdState,
  type Outcome,
  type Random,
} from "@turnwise/core";
import { householdGames } from "../experiments/household-games.ts";
import type { RecordedTrajectory, RecordedTurn } from "../records/recorded-trajectory.ts";
import { startHeartbeat } from "../records/heartbeat.ts";
import { RunFolder, type MetricsLine } from "../run/run-folder.ts";
import { checkConfig } from "../settings/config.ts";
import type { Scene } from "./generated-scenes.ts";

/** Choices that a test makes for a generated run. */
export interface GeneratedRun {
  readonly seed: number;
  readonly isModulated: boolean;
  readonly iterations: number;
  readonly groups: number;
  /** Number of trajectories per group. Default 4. */
  readonly groupSize?: number;
  readonly maxTurns?: number;
  /** Number of tasks evaluated before and after. Default 8; 0: no evaluation. */
  readonly evaluated?: number;
  /** Texts and states for the groups, used in turn. Default: random words in a small room. */
  readonly scenes?: readonly Scene[];
}

const words = [
  "<end>",
  "go",
  "to",
  "take",
  "open",
  "heat",
  "cup",
  "fridge",
  "shelf",
  "mug",
  "1",
  "2",
  "with",
  "microwave",
  "desk",
  "from",
];
/** Observation with markup, which a page must show as text. */
const observation = 'You see a <b>cup 1</b> & a "mug 2". <img src=x onerror=alert(1)>';
const kinds = ["pick_and_place_simple", "pick_heat_then_place_in_recep"];

/**
 * Writes the folder of a run with random numbers instead of training: success rises, entropy falls,
 * and credit is computed from these numbers by the formulas of GRPO and AEM. Equal choices give
 * identical records.
 */
export async function generateRun(path: string, choice: GeneratedRun): Promise<void> {
  const { seed, isModulated, iterations, groups, groupSize = 4, evaluated = 8 } = choice;
  const base = householdGames(seed);
  const config = checkConfig(
    {
      ...base,
      training: { ...base.training, iterations, groupsPerIteration: groups, groupSize },
      modulation: isModulated ? { kind: "aem" } : { kind: "none" },
    },
    "generateRun",
  );
  const folder = await RunFolder.create(path, config, { seed, turnwise: "0.1.0" });
  const random = createRandom(`generated/${seed}`);
  await writeTokenizer(path);
  const record = async (segment: Segment, line: object, phase: number): Promise<void> => {
    const members = segment.groups.flat();
    const outcomes = { success: mean(members.map(isSolved)), return: mean(members.map(isSolved)) };
    const turns = mean(members.map(({ turns }) => turns.length));
    const shared = {
      episodes: members.length,
      graded: members.length,
      ...outcomes,
      turns,
      failed: 0,
    };
    const place = { warmStartEpoch: 1, iteration: phase };
    await folder.recordSegment({
      trajectories: members,
      metrics: { ...place, ...shared, ...line } as unknown as MetricsLine,
      timings: {
        ...place,
        stage: (line as MetricsLine).stage,
        seconds: { collect: 8 + 4 * random.next(), score: 2, update: 4 + random.next() },
        numTokens: { sampled: 6000, read: 9000, trained: 15_000 },
      },
    });
  };
  const evaluate = async (phase: "before" | "after", iteration: number): Promise<void> => {
    if (evaluated === 0) return;
    const segment = playSegment(
      random.fork(phase),
      { ...choice, groups: evaluated, groupSize: 1 },
      iteration,
      phase,
    );
    await record(
      segment,
      { stage: "evaluation", phase, split: "held_out", mode: "sampled" },
      iteration,
    );
  };

  await evaluate("before", 0);
  for (let iteration = 1; iteration <= iterations; iteration++) {
    const segment = playSegment(random.fork(`iteration/${iteration}`), choice, iteration);
    await record(segment, { stage: "iteration", ...creditMetrics(segment, random) }, iteration);
  }
  await evaluate("after", iterations);
  await folder.flush();
  const heartbeat = await startHeartbeat(path, (message) => {
    throw new Error(message);
  });
  await heartbeat.stop("finished");
}

/** Trajectories of a segment, by group. */
interface Segment {
  readonly groups: readonly (readonly RecordedTrajectory[])[];
}

const isSolved = ({ outcome }: RecordedTrajectory): number =>
  outcome.kind === "terminated" && outcome.isSuccess ? 1 : 0;

function playSegment(
  random: Random,
  { groups, groupSize = 4, isModulated, iterations, maxTurns = 6, scenes }: GeneratedRun,
  iteration: number,
  phase?: string,
): Segment {
  const progress = iteration / iterations;
  const rate = 0.2 + (isModulated ? 0.6 : 0.4) * progress;
  return {
    groups: Array.from({ length: groups }, (_, group) => {
      const own = random.fork(`group/${group}`);
      const scene = scenes?.[group % scenes.length];
      // All evaluations play the same tasks; training occasionally repeats a task.
      const task = phase === undefined ? own.integer(64) : 1000 + group;
      const played = Array.from({ length: groupSize }, (_, member) => {
        const draws = own.fork(`member/${member}`);
        const solved = draws.next() < rate;
        const drawnTurns = solved ? 1 + draws.integer(maxTurns) : maxTurns;
        const numTurns = scene?.turns.length ?? drawnTurns;
        const turns = Array.from({ length: numTurns }, (_, turn) => ({
          ...playTurn(draws, 0.9 - 0.6 * progress, solved && turn === numTurns - 1 ? 1 : 0),
          ...scene?.turns[turn],
        }));
        const outcome: Outcome = solved
          ? { kind: "terminated", isSuccess: true }
          : { kind: "truncated", limit: "turns" };
        const trajectory: RecordedTrajectory = {
          version: recordVersion,
          status: phase === undefined ? "trained" : "evaluated",
          taskId: `${kinds[task % kinds.length]}-Cup-None-Shelf-${task}`,
          taskKind: scene?.kind ?? kinds[task % kinds.length]!,
          groupId: `${phase ?? "iteration"}-${iteration}/group-${group}`,
          trajectoryIndex: member,
          presentation: "turn-wise",
          policyVersion: iteration,
          firstObservation:
            scene?.firstObservation ??
            "You are in the middle of a room.\n\nYour task is to: heat some cup.",
          finalState: scene?.finalState ?? stateAt(2),
          turns,
          outcome,
        };
        return trajectory;
      });
      return phase === undefined ? creditGroup(played, isModulated) : played;
    }),
  };
}

function playTurn(random: Random, entropy: number, reward: number): RecordedTurn {
  const length = 3 + random.integer(4);
  const responseTokens = Array.from({ length }, (_, i) =>
    i === length - 1 ? 0 : 1 + random.integer(words.length - 1),
  );
  const samplerEntropies = responseTokens.map(() => Math.fround(2 * entropy * random.next() ** 2));
  return {
    promptTokens: [1, 2, 7, 10],
    state: stateAt(random.integer(3)),
    responseTokens,
    samplerLogProbs: samplerEntropies.map((value) => Math.fround(-value * (0.5 + random.next()))),
    samplerEntropies,
    stopReason: "stop-token",
    action: responseTokens
      .slice(0, -1)
      .map((token) => words[token])
      .join(" "),
    isValidAction: random.next() > 0.05,
    observation,
    reward,
  };
}

/** State of a room, one of three. */
function stateAt(step: number): HouseholdState {
  const cup = { name: "cup 1", marks: ["hot"] as const };
  return {
    kind: "household",
    version: stateVersion,
    goal: "heat some cup",
    isSolved: step === 2,
    location: step === 0 ? null : "fridge 1",
    inventory: step === 2 ? [cup] : [],
    receptacles: [
      { name: "desk 1", door: "none", contents: null },
      {
        name: "fridge 1",
        door: step === 1 ? "closed" : "open",
        contents: [{ name: "<b>mug 2</b>" }],
      },
    ],
  };
}

/**
 * Computes the credit of a group: return minus group mean, divided by the sample standard
 * deviation, times AEM's coefficients.
 */
function creditGroup(
  group: readonly RecordedTrajectory[],
  isModulated: boolean,
): RecordedTrajectory[] {
  const returns = group.map(isSolved);
  const center = mean(returns);
  const deviation = Math.sqrt(
    returns.reduce((sum, value) => sum + (value - center) ** 2, 0) / Math.max(1, group.length - 1),
  );
  const turns = group.flatMap((one) => one.turns);
  const entropies = turns.map((turn) => mean(turn.samplerEntropies!));
  const coefficients = modulationCoefficients(entropies, { strength: isModulated ? 1 : 0 });
  let place = 0;
  return group.map((trajectory, i) => {
    const baseAdvantage = deviation === 0 ? 0 : (returns[i]! - center) / deviation;
    const credited = trajectory.turns.map((turn): RecordedTurn => {
      const coefficient = coefficients[place]!;
      const credit = {
        oldLogProbs: turn.samplerLogProbs.map((value) => value + 1e-5),
        entropies: turn.samplerEntropies!,
        meanTokenEntropy: entropies[place]!,
        baseAdvantage,
        coefficient,
        advantage: baseAdvantage * coefficient,
        samplerRatio: { mean: 1, min: 1, max: 1.00001 },
      };
      place += 1;
      return { credit, ...turn };
    });
    return { ...trajectory, turns: credited };
  });
}

function creditMetrics({ groups }: Segment, random: Random): object {
  const credits = groups.flat().flatMap(({ turns }) => turns.flatMap(({ credit }) => credit ?? []));
  const entropyWhere = (test: (advantage: number) => boolean): number => {
    const entropies = credits
      .filter(({ advantage }) => test(advantage as number))
      .map(({ meanTokenEntropy }) => meanTokenEntropy);
    return entropies.length === 0 ? 0 : mean(entropies);
  };
  const coefficients = credits.map(({ coefficient }) => coefficient);
  const kept = groups.filter((group) => new Set(group.map(isSolved)).size > 1).length;
  return {
    entropy: entropyWhere(() => true),
    invalidActions: 0.05,
    truncated: mean(groups.flat().map(({ outcome }) => (outcome.kind === "truncated" ? 1 : 0))),
    keptGroups: kept,
    responses: credits.length,
    meanTokenEntropy: entropyWhere(() => true),
    meanTokenEntropyPositive: entropyWhere((advantage) => advantage > 0),
    meanTokenEntropyNegative: entropyWhere((advantage) => advantage < 0),
    coefficientMin: coefficients.reduce((low, value) => Math.min(low, value), Infinity),
    coefficientMax: coefficients.reduce((high, value) => Math.max(high, value), 0),
    deadZoneShare: 0,
    samplerDifferenceMax: 1e-5,
    samplerKl: 1e-9,
    samplerEffectiveShare: 1,
    gradientNorm: 0.2 + 0.1 * random.next(),
    clipFraction: 0.01 * random.next(),
    oldNewKlK3: 1e-3 * random.next(),
  };
}

/** Writes a word-level tokenizer. */
async function writeTokenizer(path: string): Promise<void> {
  const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
  const tokenizer = {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: { type: "WordLevel", vocab, unk_token: "<end>" },
  };
  await mkdir(join(path, "policy"), { recursive: true });
  await writeFile(join(path, "policy/tokenizer.json"), JSON.stringify(tokenizer));
}
