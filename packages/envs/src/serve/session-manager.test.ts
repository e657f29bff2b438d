import { describe, expect, it } from "vitest";
import { gameOrder } from "../alfworld/game-order.ts";
import { LocalHost } from "./local-host.ts";
import { SessionManager } from "./session-manager.ts";
import type { SessionEvent, SessionLimits } from "./session-records.ts";
import { createToyEnvironment, type ToyCounts } from "./testing/toy-tasks.ts";
import { ManualClock } from "./testing/manual-clock.ts";

function createManager(limits: SessionLimits = {}) {
  const counts: ToyCounts = { created: 0, closed: 0 };
  const environment = createToyEnvironment({ counts });
  const clock = new ManualClock();
  const events: SessionEvent[] = [];
  const host = new LocalHost(environment.tasks.open);
  const manager = new SessionManager([{ environment, host }], {
    limits,
    clock,
    onEvent: (event) => events.push(event),
  });
  return { manager, clock, counts, events };
}

/** Runs all callbacks that are ready. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("SessionManager", () => {
  it("plays an episode from reset to success", async () => {
    const { manager, events } = createManager();
    const id = manager.open();
    expect(await manager.reset(id, { split: "test", index: 2 })).toEqual({
      session: id,
      environment: "toy",
      split: "test",
      index: 2,
      maxTurns: 8,
      task: { id: "test/2", kind: "toy" },
      text: "task test/2",
      admissibleActions: ["add", "win"],
      reward: 0,
      numTurns: 0,
      isPending: false,
    });
    expect(await manager.step(id, "add")).toMatchObject({ reward: 0.5, numTurns: 1 });
    expect(await manager.step(id, "win")).toMatchObject({
      text: "test/2 step 2: win",
      reward: 1,
      outcome: { kind: "terminated", isSuccess: true },
    });
    expect(manager.state(id)).toMatchObject({ numTurns: 2, return: 1.5 });
    await expect(manager.step(id, "add")).rejects.toMatchObject({
      code: "ended",
      message: "step: the episode must be running, but it is terminated; start another with reset",
    });
    await manager.close(id);
    expect(events.map(({ event }) => event)).toEqual([
      "session opened",
      "episode started",
      "turn",
      "turn",
      "episode ended",
      "call refused",
      "session closed",
    ]);
  });

  it("plays the split in order, from a position on, or in the reference's order of a seed", async () => {
    const { manager } = createManager();
    const id = manager.open();
    const next = async (options: object): Promise<number> =>
      (await manager.reset(id, options)).index;
    const play = async (first: object, rest: object): Promise<number[]> => [
      await next(first),
      await next(rest),
      await next(rest),
    ];
    expect(await play({}, {})).toEqual([0, 1, 2]);
    const order = gameOrder(5, 7);
    expect(await play({ seed: 7 }, {})).toEqual([0, 1, 2].map(() => order.next().value));
    // python3 -c 'import numpy; r = numpy.random.RandomState(7)
    //   for _ in range(3): print(r.choice(range(3), 2, replace=False))'
    const drawn = [
      [2, 1],
      [0, 1],
      [2, 1],
    ];
    for (const slot of [0, 1]) {
      const first = { split: "test", seed: 7, slot, slots: 2 };
      expect(await play(first, {})).toEqual(drawn.map((draw) => draw[slot]));
    }
    // Each split has its own order.
    expect(await play({ split: "test", index: 0 }, {})).toEqual([0, 1, 2]);
    expect(await play({ task_id: "test/1" }, {})).toEqual([1, 2, 0]);
  });

  it.each([
    [{ split: "valid" }, /^reset\.split must be one of train, test, got "valid"$/u],
    [{ index: 5 }, /^reset\.index must be in \[0, 4\] for split train, got 5$/u],
    [{ index: -1 }, /^reset\.index must be >= 0, got -1$/u],
    [{ task_id: "x" }, /^reset\.task_id must be a task of split train, got "x"$/u],
    [
      { index: 1, seed: 1 },
      /^reset\.index must be the only choice of a task, got index and seed$/u,
    ],
    [{ seed: 1, slot: 2 }, /^reset\.slot must be given together with seed and slots$/u],
    [{ seed: 1, slot: 2, slots: 2 }, /^reset\.slot must be in \[0, 1\], got 2$/u],
    [
      { seed: 1, slot: 2, slots: 6 },
      /^reset\.slots must be at most 5, the number of tasks of the split, got 6$/u,
    ],
    [{ max_turns: 9 }, /^reset\.max_turns must be <= 8, got 9$/u],
    [{ idx: 1 }, /^reset\.idx must be a known key; known keys: split, index, task_id, seed, /u],
    [[], /^reset must be of type object, got \[\]$/u],
  ])("refuses %j", async (options, message) => {
    const { manager, counts } = createManager();
    const id = manager.open();
    await expect(manager.reset(id, options)).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringMatching(message) as string,
    });
    // The session can continue.
    expect(await manager.reset(id, {})).toMatchObject({ index: 0 });
    await manager.close(id);
    expect(counts).toEqual({ created: 1, closed: 1 });
  });

  it("writes prompts and parses responses, if asked to", async () => {
    const { manager } = createManager();
    const id = manager.open();
    const options = { prompts: true, max_turns: 2, admissible_actions: false };
    const first = await manager.reset(id, options);
    expect(first.text).toBe("turn 1: task train/0");
    expect(first).not.toHaveProperty("admissibleActions");
    expect(await manager.step(id, "hm")).toMatchObject({ action: "hm", isValidAction: false });
    expect(await manager.step(id, "<add>")).toMatchObject({
      text: "train/0 step 2: add",
      action: "add",
      isValidAction: true,
      outcome: { kind: "truncated", limit: "turns" },
    });
  });

  it("ends only the episode whose environment fails", async () => {
    const { manager } = createManager();
    const [broken, sound] = [manager.open(), manager.open()];
    await manager.reset(broken, {});
    await manager.reset(sound, {});
    expect(await manager.step(broken, "fail")).toMatchObject({
      outcome: { kind: "failed", error: { kind: "environment", message: "step: out of luck" } },
    });
    expect(await manager.step(sound, "add")).toMatchObject({ numTurns: 1 });
    expect(await manager.reset(broken, {})).toMatchObject({ index: 1 });
  });

  it("answers a slow call in time, and delivers its result with the next step", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const environment = createToyEnvironment({
      call: async (name, run) => {
        if (name === "step") await held;
        return run();
      },
    });
    const clock = new ManualClock();
    const host = new LocalHost(environment.tasks.open);
    const manager = new SessionManager([{ environment, host }], { clock });
    const id = manager.open();
    await manager.reset(id, {});
    const first = manager.step(id, "add");
    await expect(manager.step(id, "win")).rejects.toMatchObject({ code: "busy" });
    await settle();
    clock.advance(50);
    expect(await first).toMatchObject({ isPending: true, text: "task train/0", reward: 0 });
    const second = manager.step(id, "win");
    await settle();
    clock.advance(50);
    expect(await second).toMatchObject({ isPending: true });
    release();
    await settle();
    // The command is the command of the first call: `win` was not performed.
    expect(await manager.step(id, "win")).toMatchObject({
      text: "train/0 step 1: add",
      reward: 0.5,
      isPending: false,
    });
    await manager.shutdown();
    expect(clock.numTimers).toBe(0);
  });

  it("cancels a call that hangs when the session is reset or closed", async () => {
    const { manager, counts } = createManager();
    const id = manager.open();
    await manager.reset(id, {});
    const hanging = manager.step(id, "hang");
    hanging.catch(() => undefined);
    await settle();
    expect(await manager.reset(id, {})).toMatchObject({ index: 1 });
    await expect(hanging).rejects.toMatchObject({ code: "closed" });
    const again = manager.step(id, "hang");
    again.catch(() => undefined);
    await settle();
    await manager.close(id);
    await expect(again).rejects.toMatchObject({ code: "closed" });
    expect(counts).toEqual({ created: 2, closed: 2 });
    expect(manager.numEpisodes).toBe(0);
  });

  it("states its capacity", async () => {
    const { manager } = createManager({ capacity: 2 });
    const first = manager.open();
    manager.open();
    expect(() => manager.open()).toThrow(
      expect.objectContaining({
        code: "capacity",
        details: { active_sessions: 2, max_sessions: 2 },
      }),
    );
    await manager.close(first);
    manager.open();
  });

  it("closes sessions that are idle or too old, and tells their owners", async () => {
    const { manager, clock, counts } = createManager({ idleSeconds: 100, lifetimeSeconds: 250 });
    const ends: string[] = [];
    const open = (name: string): string =>
      manager.open(undefined, { onEnd: (reason) => ends.push(`${name} ${reason}`) });
    const [idle, used] = [open("idle"), open("used")];
    await manager.reset(idle, {});
    for (let minute = 0; minute < 3; minute++) {
      clock.advance(60);
      manager.touch(used);
    }
    await settle();
    expect(ends).toEqual(["idle idle"]);
    expect(counts).toEqual({ created: 1, closed: 1 });
    expect(() => manager.touch(idle)).toThrow(/session must be open/u);
    clock.advance(80);
    await settle();
    expect(ends).toEqual(["idle idle", "used lifetime"]);
    expect([manager.numSessions, clock.numTimers]).toEqual([0, 0]);
  });

  it("opens no session after its end", async () => {
    const { manager } = createManager();
    await manager.reset(manager.open(), {});
    await manager.shutdown();
    expect([manager.numSessions, manager.numEpisodes]).toEqual([0, 0]);
    expect(() => manager.open()).toThrow(/the server is stopping/u);
  });
});
