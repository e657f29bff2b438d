import type { EpisodeActivity } from "@turnwise/envs";
import { describe, expect, it } from "vitest";
import { createActivityTracker, joinObservers, watchPhase } from "./activity-tracker.ts";
import { startWatchdog, type Clock } from "./watchdog.ts";

/** Clock that a test advances by hand, in seconds. It calls the watchdog once per second. */
function createHandClock(): Clock & { readonly advance: (seconds: number) => void } {
  let time = 0;
  const calls = new Set<() => void>();
  return {
    now: () => time,
    every: (milliseconds, call) => {
      expect(milliseconds).toBe(1000);
      calls.add(call);
      return () => calls.delete(call);
    },
    advance: (seconds) => {
      for (let second = 0; second < seconds; second++) {
        time += 1000;
        for (const call of calls) call();
      }
    },
  };
}

const activity = (
  kind: EpisodeActivity["kind"],
  trajectoryIndex: number,
  rest: Partial<EpisodeActivity> = {},
): EpisodeActivity => ({
  kind,
  name: "step",
  taskId: "wash",
  groupId: "iteration-3/group-2",
  trajectoryIndex,
  turnIndex: 4,
  ...rest,
});

function start(settings = { environmentSeconds: 120, idleSeconds: 300 }) {
  const clock = createHandClock();
  const tracker = createActivityTracker(clock.now);
  const warnings: string[] = [];
  const stop = startWatchdog(tracker, settings, (text) => warnings.push(text), clock);
  return { ...clock, tracker, warnings, stop };
}

describe("startWatchdog", () => {
  it("names an environment call that takes too long, once per deadline, until it ends", () => {
    const { tracker, advance, warnings } = start();
    const resources: string[] = [];
    const call = activity("environment", 1, { describeResource: () => resources[0] });
    const end = tracker.observe(call);
    resources.push("container 3f2a");
    advance(119);
    expect(warnings).toEqual([]);
    advance(1);
    expect(warnings).toEqual([
      "watchdog: environment calls pending for more than 2:00: iteration-3/group-2/1 turn 4 (step of task wash, container 3f2a) for 2:00",
    ]);
    advance(119);
    expect(warnings).toHaveLength(1);
    advance(1);
    expect(warnings).toHaveLength(2);
    end();
    advance(1000);
    expect(warnings).toHaveLength(2);
  });

  it("names the longest of many calls, and counts the others", () => {
    const { tracker, advance, warnings } = start({ environmentSeconds: 10, idleSeconds: 0 });
    for (let i = 0; i < 5; i++) {
      tracker.observe(activity("environment", i));
      advance(1);
    }
    advance(4);
    // Four calls have not yet reached the deadline.
    expect(warnings).toEqual([]);
    advance(1);
    expect(warnings[0]).toMatch(
      /: iteration-3\/group-2\/0 turn 4 \(step of task wash\) for 0:10$/u,
    );
    advance(10);
    expect(warnings[1]).toMatch(
      /2\/0 .* for 0:20, .*2\/1 .* for 0:19, .*2\/2 .* 0:18 and 2 more$/u,
    );
  });

  it("reports everything that is pending if nothing makes progress", () => {
    const { tracker, advance, warnings } = start();
    tracker.observe({ kind: "phase", name: "collect", iteration: 3 });
    tracker.observe(activity("episode", 0, { name: "episode" }));
    tracker.observe(activity("response", 0, { name: "respond" }));
    advance(200);
    tracker.touch();
    advance(299);
    expect(warnings).toEqual([]);
    advance(1);
    expect(warnings).toEqual([
      "watchdog: no progress for 5:00; pending: phase: collect of iteration 3 for 8:20; responses: iteration-3/group-2/0 turn 4 (respond of task wash) for 8:20",
    ]);
    advance(299);
    expect(warnings).toHaveLength(1);
    advance(1);
    expect(warnings[1]).toMatch(/^watchdog: no progress for 10:00/u);
  });

  it("is silent while nothing is pending, after it was stopped, and at deadlines of 0", () => {
    const idle = start();
    idle.advance(1000);
    const stopped = start();
    stopped.tracker.observe(activity("environment", 0));
    stopped.stop();
    stopped.advance(1000);
    const off = start({ environmentSeconds: 0, idleSeconds: 0 });
    off.tracker.observe(activity("environment", 0));
    off.advance(1000);
    expect([...idle.warnings, ...stopped.warnings, ...off.warnings]).toEqual([]);
  });
});

describe("activities", () => {
  it("end once, whatever their end, and are told to every observer", async () => {
    const tracker = createActivityTracker(() => 0);
    const seen: string[] = [];
    const observe = joinObservers([
      tracker.observe,
      ({ name }) => {
        seen.push(name);
        return () => seen.push(`end ${name}`);
      },
    ]);
    const work = watchPhase(observe, { name: "score", iteration: 1 }, async () => {
      expect(tracker.listPending()).toHaveLength(1);
      throw new Error("no numbers");
    });
    await expect(work).rejects.toThrow("no numbers");
    expect(tracker.listPending()).toEqual([]);
    expect(seen).toEqual(["score", "end score"]);
  });
});
