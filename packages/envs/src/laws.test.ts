import type { EnvironmentState, Task } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import type { Environment, StepResult } from "./environment.ts";
import { environmentClaims, environmentLaws, type LawfulTasks } from "./laws.ts";

const tasks: readonly Task[] = ["1", "4", "7"].map((id) => ({ id, kind: "number" }));
const numbers = ["1", "2", "3", "4", "5", "6", "7"];

/** Number-guessing game; each wrong guess narrows the range. */
function guessingGame({ id }: Task): Environment {
  const secret = Number(id);
  let [low, high] = [1, 7];
  const admissible = (): string[] => numbers.slice(low - 1, high);
  return {
    reset: async () => ({ text: "guess", admissibleActions: admissible() }),
    step: async (action) => {
      const guess = numbers.indexOf(action) + 1;
      const isSuccess = guess === secret;
      if (guess > 0 && guess < secret) low = Math.max(low, guess + 1);
      if (guess > secret) high = Math.min(high, guess - 1);
      return {
        text: guess === 0 ? "no number" : isSuccess ? "found" : `${low} to ${high}`,
        admissibleActions: admissible(),
        reward: isSuccess ? 1 : 0,
        isTerminal: isSuccess,
        isSuccess,
      };
    },
    close: async () => undefined,
  };
}

function sourceOf(changes: Partial<LawfulTasks> = {}): LawfulTasks {
  return {
    name: "guessing",
    training: tasks,
    evaluation: [{ split: "held_out", tasks }],
    createEnvironment: async (task) => guessingGame(task),
    format: {
      presentation: "turn-wise",
      prompt: (history, { text }) => `${history.length} ${text}`,
      write: (action) => `say ${action}`,
      parse: (response) => ({ action: response.slice(4), isValid: response.startsWith("say ") }),
    },
    ...changes,
  };
}

/** Wraps a task source to modify the replies of its environments. */
function replaceReplies(
  change: (reply: StepResult, turn: number, task: Task, action: string) => StepResult,
): LawfulTasks {
  return sourceOf({
    createEnvironment: async (task) => {
      const inner = guessingGame(task);
      let turn = 0;
      return {
        ...inner,
        step: async (action) => change(await inner.step(action), turn++, task, action),
      };
    },
  });
}

const renderingLaw = "rendering changes no reply, and the same actions lead to the same states";

/** Returns the statements of the violated laws, without the name of the tasks. */
async function findViolations(source: LawfulTasks): Promise<string[]> {
  const statements: string[] = [];
  for (const { name, check } of environmentLaws(source, environmentClaims, { numRuns: 100 })) {
    try {
      await check();
    } catch {
      statements.push(name.slice(source.name.length + 2));
    }
  }
  return statements;
}

describe("environmentLaws", () => {
  for (const { name, check } of environmentLaws(sourceOf())) it(`law of ${name}`, check);

  it("finds rewards that are not finite, and scores out of range", async () => {
    const wellFormed = "the start and every reply are well-formed";
    expect(
      await findViolations(
        replaceReplies((reply) => (reply.isTerminal ? reply : { ...reply, reward: NaN })),
      ),
    ).toContain(wellFormed);
    expect(await findViolations(replaceReplies((reply) => ({ ...reply, score: 1.5 })))).toContain(
      wellFormed,
    );
  });

  it("finds replies that differ between episodes of one task", async () => {
    let numEpisodes = 0;
    const source = sourceOf({
      createEnvironment: async (task) => {
        numEpisodes++;
        const text = `episode ${numEpisodes}`;
        return { ...guessingGame(task), reset: async () => ({ text, admissibleActions: numbers }) };
      },
    });
    expect(await findViolations(source)).toEqual([
      "the same task and actions get the same replies",
      renderingLaw,
      "concurrent episodes do not affect one another",
    ]);
  });

  it("finds episodes that share a state", async () => {
    let numOpen = 0;
    const source = sourceOf({
      createEnvironment: async (task) => {
        const inner = guessingGame(task);
        return {
          reset: async () => {
            numOpen++;
            return inner.reset();
          },
          step: async (action) => {
            const reply = await inner.step(action);
            return { ...reply, text: `${reply.text}, ${numOpen} playing` };
          },
          close: async () => {
            numOpen = 0;
          },
        };
      },
    });
    expect(await findViolations(source)).toContain("concurrent episodes do not affect one another");
  });

  it("finds admissible actions without effect", async () => {
    const source = sourceOf({
      createEnvironment: async (task) => {
        const inner = guessingGame(task);
        return { ...inner, step: (action) => inner.step(action === "2" ? "nothing" : action) };
      },
    });
    expect(await findViolations(source)).toEqual(["an admissible action has an effect"]);
  });

  it("finds an environment that throws for an invalid action", async () => {
    const source = replaceReplies((reply) => {
      if (reply.text === "no number") throw new TypeError("no number");
      return reply;
    });
    expect(await findViolations(source)).toContain("any text gets an answer, not an exception");
  });

  it("finds an environment that closes only once", async () => {
    const source = sourceOf({
      createEnvironment: async (task) => {
        let isClosed = false;
        const close = async (): Promise<void> => {
          if (isClosed) throw new Error("closed before");
          isClosed = true;
        };
        return { ...guessingGame(task), close };
      },
    });
    expect(await findViolations(source)).toContain("closes at any time, and repeatedly");
  });

  it("finds a format that does not parse its own output, and one without prompts", async () => {
    const { format } = sourceOf();
    expect(
      await findViolations(sourceOf({ format: { ...format, write: (action) => action } })),
    ).toEqual(["the format parses each admissible action that it writes"]);
    expect(await findViolations(sourceOf({ format: { ...format, prompt: () => "" } }))).toEqual([
      "a prompt is text",
    ]);
  });

  it("finds states that are long, not plain, or different when they are rendered again", async () => {
    const rendering = (render: () => EnvironmentState): LawfulTasks =>
      sourceOf({
        createEnvironment: async (task) => ({
          ...guessingGame(task),
          render: async () => render(),
        }),
      });
    const stateOf = (text: string): EnvironmentState => ({ kind: "text", version: 1, text });
    expect(await findViolations(rendering(() => stateOf("a")))).toEqual([]);
    const plain = "a rendered state is plain data, short, and the same when it is rendered again";
    expect(await findViolations(rendering(() => stateOf("é".repeat(40_000))))).toEqual([plain]);
    const hollow = { ...stateOf("a"), text: undefined } as unknown as EnvironmentState;
    expect(await findViolations(rendering(() => hollow))).toEqual([plain]);
    const unknown = { ...stateOf("a"), kind: "picture" } as unknown as EnvironmentState;
    expect(await findViolations(rendering(() => unknown))).toEqual([plain]);
    let numRendered = 0;
    expect(await findViolations(rendering(() => stateOf(`${numRendered++}`)))).toEqual([
      plain,
      renderingLaw,
    ]);
  });

  it("finds an environment that changes when it is rendered", async () => {
    const source = sourceOf({
      createEnvironment: async (task) => {
        const inner = guessingGame(task);
        let isSeen = false;
        return {
          ...inner,
          step: async (action) => {
            const reply = await inner.step(action);
            return isSeen ? { ...reply, text: `${reply.text}, smile` } : reply;
          },
          render: async () => {
            isSeen = true;
            return { kind: "text", version: 1, text: "a" };
          },
        };
      },
    });
    expect(await findViolations(source)).toEqual([renderingLaw]);
  });

  it("finds tasks with the same id", async () => {
    expect(await findViolations(sourceOf({ training: [...tasks, tasks[0]!] }))).toEqual([
      "tasks are plain data with distinct ids",
    ]);
  });

  it("rejects a source without tasks", () => {
    expect(() => environmentLaws(sourceOf({ training: [], evaluation: [] }))).toThrow(
      new RangeError("environmentLaws: guessing has no tasks"),
    );
  });
});
