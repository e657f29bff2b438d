import { describe, expect, it } from "vitest";
import type { CellPlan } from "./plan-cells.ts";
import { scheduleStudy, type StudyTask } from "./schedule-study.ts";

const plan = (name: string): CellPlan => ({ name }) as CellPlan;

/** Schedules cells `1a 1b 2a 2b`; cells with the same digit share a start. */
async function schedule(
  numJobs: number,
  { cells = ["1a", "1b", "2a", "2b"], failing = [] as string[], done = [] as string[] } = {},
): Promise<{ events: string[]; maxRunning: number }> {
  const events: string[] = [];
  let running = 0;
  let maxRunning = 0;
  const nameOf = ({ kind, plan: { name } }: StudyTask): string =>
    kind === "start" ? `start ${name[0]}` : name;
  await scheduleStudy({
    plans: cells.map(plan),
    numJobs,
    findStartKey: ({ name }) => (name === "alone" ? undefined : name[0]),
    isStartDone: async ({ name }) => done.includes(name[0]!),
    dropStart: async ({ name }) => void events.push(`drop ${name[0]}`),
    run: async (task) => {
      events.push(nameOf(task));
      running += 1;
      maxRunning = Math.max(maxRunning, running);
      await Promise.resolve();
      running -= 1;
      return !failing.includes(nameOf(task));
    },
  });
  return { events, maxRunning };
}

describe("scheduleStudy", () => {
  it("computes a start before its cells, and deletes it after them", async () => {
    expect((await schedule(1)).events).toEqual(
      "start 1,1a,1b,drop 1,start 2,2a,2b,drop 2".split(","),
    );
  });

  it("uses all jobs, for later cells while a start is computed", async () => {
    const { events, maxRunning } = await schedule(2);
    expect(maxRunning).toBe(2);
    expect(events.slice(0, 2)).toEqual(["start 1", "start 2"]);
    expect(events.filter((event) => /^\d/u.test(event)).sort()).toEqual(["1a", "1b", "2a", "2b"]);
  });

  it("computes no start that is complete, or that only one cell would use", async () => {
    const cells = ["1a", "1b", "3a", "alone"];
    expect((await schedule(1, { cells, done: ["1"] })).events).toEqual(
      "1a,1b,drop 1,3a,drop 3,alone".split(","),
    );
  });

  it("runs the cells of a failed start without it, and keeps the start of failed cells", async () => {
    const { events } = await schedule(1, { failing: ["start 1", "2a"] });
    expect(events).toEqual("start 1,1a,1b,drop 1,start 2,2a,2b".split(","));
  });
});
