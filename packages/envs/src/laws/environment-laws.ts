import { defineLaw, expectThat, type Law, type Task } from "@turnwise/core";
import type { Environment, Observation, StepResult } from "../environment.ts";
import type { TaskSource } from "../task-source.ts";
import { fc } from "./fast-check.ts";
import {
  chooseAction,
  movesArbitrary,
  playMoves,
  readLastState,
  type Move,
  type PlayedEpisode,
} from "./play-moves.ts";
import { checkState, renderStates } from "./render-laws.ts";

/**
 * Properties that an environment may claim in addition to the contract.
 *
 * - `"deterministic"`: the same task and actions give the same replies, whether states are rendered
 * or not, and the same states.
 * - `"independent-episodes"`: concurrent episodes do not affect one another.
 * - `"effective-actions"`: an admissible action is not answered like an impossible one.
 * - `"readable-actions"`: the format parses each admissible action that it writes.
 */
export type EnvironmentClaim =
  | "deterministic"
  | "independent-episodes"
  | "effective-actions"
  | "readable-actions";

/** All claims. */
export const environmentClaims: readonly EnvironmentClaim[] = [
  "deterministic",
  "independent-episodes",
  "effective-actions",
  "readable-actions",
];

/** Parts of a task source that the laws check. */
export type LawfulTasks = Pick<
  TaskSource,
  "name" | "training" | "evaluation" | "createEnvironment" | "format"
>;

/** Options of {@link environmentLaws}. */
export interface EnvironmentLawOptions {
  /** Number of cases per law. Default 25, because an episode takes longer than a formula. */
  readonly numRuns?: number;
  /** Seed of the cases. Default: new cases in each run. */
  readonly seed?: number;
  /** Maximum number of turns of an episode. Default 8. */
  readonly maxTurns?: number;
  /** Additional actions to try, for environments that list no admissible actions. Default: none. */
  readonly actions?: readonly string[];
  /** Action that is impossible in every state. Default `frobnicate`. */
  readonly impossibleAction?: string;
}

/**
 * Laws of environments. All environments must list plain tasks with distinct ids, return
 * well-formed observations and replies with finite rewards, answer any text, write prompts, and
 * support closing at any time and repeatedly; states that they render must be plain and short. Each
 * claim adds a law.
 * @throws `RangeError` if there are no tasks.
 */
export function environmentLaws(
  source: LawfulTasks,
  claims: readonly EnvironmentClaim[] = environmentClaims,
  {
    numRuns = 25,
    seed,
    maxTurns = 8,
    actions = [],
    impossibleAction = "frobnicate",
  }: EnvironmentLawOptions = {},
): Law[] {
  const { name, createEnvironment, format } = source;
  const tasks = [...source.training, ...source.evaluation.flatMap((split) => split.tasks)];
  if (tasks.length === 0) throw new RangeError(`environmentLaws: ${name} has no tasks`);
  const run = { numRuns, ...(seed !== undefined && { seed }) };
  const taskArbitrary = fc.constantFrom(...tasks);
  const movesOf = movesArbitrary(actions, maxTurns);

  const law = (
    statement: string,
    origin: string,
    check: (task: Task, moves: readonly Move[]) => Promise<void>,
  ): Law =>
    defineLaw(`${name}: ${statement}`, origin, () =>
      fc.assert(fc.asyncProperty(taskArbitrary, movesOf, check), run),
    );
  const play = (task: Task, moves: readonly Move[]): Promise<PlayedEpisode> =>
    playMoves(createEnvironment, task, moves, (episode) => episode);

  const claimed: Readonly<Record<EnvironmentClaim, Law | readonly Law[]>> = {
    deterministic: [
      law(
        "the same task and actions get the same replies",
        "a group compares siblings",
        async (task, moves) =>
          expectSame("second episode", await play(task, moves), await play(task, moves)),
      ),
      law(
        "rendering changes no reply, and the same actions lead to the same states",
        "contract of Environment.render",
        async (task, moves) => {
          const rendered = await renderStates(createEnvironment, task, moves);
          expectSame("episode that is rendered", rendered.episode, await play(task, moves));
          const { states } = await renderStates(createEnvironment, task, moves);
          expectSame("states of a second episode", states, rendered.states);
        },
      ),
    ],
    "independent-episodes": law(
      "concurrent episodes do not affect one another",
      "one instance per episode",
      async (task, moves) => {
        const alone = await play(task, moves);
        const other = tasks[(tasks.indexOf(task) + 1) % tasks.length]!;
        const together = await Promise.all([
          play(task, moves),
          play(other, moves.toReversed()),
          play(task, moves),
        ]);
        expectSame("episode among others", together[0], alone);
        expectSame("sibling", together[2], alone);
      },
    ),
    "effective-actions": law(
      "an admissible action has an effect",
      "contract of Observation.admissibleActions",
      async (task, moves) => {
        const before = moves.slice(0, -1);
        const [last] = moves.slice(-1);
        const state = readLastState(await play(task, before)).observation;
        if (state.isTerminal === true || (state.admissibleActions ?? []).length === 0) return;
        const action = chooseAction({ kind: "admissible", position: getPosition(last!) }, state);
        const answerTo = (tried: string): Promise<StepResult> =>
          playMoves(createEnvironment, task, before, (_, environment) => environment.step(tried));
        const [done, refused] = [await answerTo(action), await answerTo(impossibleAction)];
        expectThat(
          JSON.stringify(done) !== JSON.stringify(refused),
          `admissible action ${JSON.stringify(action)} must not be answered like ${JSON.stringify(impossibleAction)}, got ${JSON.stringify(done.text)} for both`,
        );
      },
    ),
    "readable-actions": law(
      "the format parses each admissible action that it writes",
      "contract of AgentFormat.write",
      async (task, moves) => {
        const { observation } = readLastState(await play(task, moves));
        for (const action of observation.admissibleActions ?? []) {
          const read = format.parse(format.write(action), observation);
          expectThat(
            read.isValid && read.action === action,
            `${JSON.stringify(action)} must be parsed back, got ${JSON.stringify(read)}`,
          );
        }
      },
    ),
  };

  return [
    defineLaw(`${name}: tasks are plain data with distinct ids`, "contract of Task", () => {
      for (const list of [source.training, ...source.evaluation.map((split) => split.tasks)]) {
        const ids = list.map(({ id }) => id);
        const twice = ids.find((id, i) => ids.indexOf(id) !== i);
        expectThat(twice === undefined, `task ${JSON.stringify(twice)} must be listed once`);
      }
      structuredClone(tasks);
    }),
    law(
      "the start and every reply are well-formed",
      "contract of Environment",
      async (...drawn) => {
        const { first, replies } = await play(...drawn);
        checkObservation("reset", first);
        replies.forEach((reply, turn) => checkReply(`step ${turn}`, reply));
      },
    ),
    law(
      "any text gets an answer, not an exception",
      "contract of Environment.step",
      async (task, moves) => {
        const texts = moves.map((move): Move =>
          move.kind === "text" ? move : { kind: "text", text: "" },
        );
        const { replies } = await play(task, [...texts, { kind: "text", text: impossibleAction }]);
        replies.forEach((reply, turn) => checkReply(`step ${turn}`, reply));
      },
    ),
    law("a prompt is text", "contract of AgentFormat.prompt", async (task, moves) => {
      const { history, observation } = readLastState(await play(task, moves));
      const prompt: unknown = format.prompt(history, observation);
      expectThat(
        typeof prompt === "string" && prompt !== "",
        `prompt must not be empty, got ${JSON.stringify(prompt)}`,
      );
    }),
    law(
      "closes at any time, and repeatedly",
      "contract of Environment.close",
      async (task, moves) => {
        await close(await createEnvironment(task));
        await playMoves(createEnvironment, task, moves, (_, environment) => close(environment));
      },
    ),
    law(
      "a rendered state is plain data, short, and the same when it is rendered again",
      "contract of Environment.render",
      async (task, moves) => {
        const { states, again } = await renderStates(createEnvironment, task, moves);
        states.forEach((state, i) => checkState(`state ${i}`, state));
        expectSame("state that is rendered again", again, states);
      },
    ),
    ...claims.flatMap((claim) => claimed[claim]),
  ];
}

async function close(environment: Environment): Promise<void> {
  await environment.close();
  await environment.close();
}

function getPosition(move: Move): number {
  return move.kind === "admissible" ? move.position : move.text.length;
}

function checkObservation(location: string, { text, admissibleActions }: Observation): void {
  expectThat(typeof text === "string", `${location}: text must be a string, got ${typeof text}`);
  if (admissibleActions === undefined) return;
  const wrong = admissibleActions.find(
    (action: unknown) => typeof action !== "string" || action === "",
  );
  expectThat(
    wrong === undefined,
    `${location}: admissible actions must be strings, got ${JSON.stringify(wrong)}`,
  );
  const twice = admissibleActions.find((action, i) => admissibleActions.indexOf(action) !== i);
  expectThat(
    twice === undefined,
    `${location}: admissible action ${JSON.stringify(twice)} must be listed once`,
  );
}

function checkReply(location: string, reply: StepResult): void {
  checkObservation(location, reply);
  const { reward, isTerminal, isSuccess, score } = reply;
  expectThat(Number.isFinite(reward), `${location}: reward must be finite, got ${reward}`);
  for (const [name, value] of Object.entries({ isTerminal, isSuccess })) {
    expectThat(typeof value === "boolean", `${location}: ${name} must be a boolean, got ${value}`);
  }
  expectThat(
    score === undefined || (score >= 0 && score <= 1),
    `${location}: score must be in [0, 1], got ${score}`,
  );
}

function expectSame(subject: string, got: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  expectThat(a === b, `${subject} must be ${b}, got ${a}`);
}
