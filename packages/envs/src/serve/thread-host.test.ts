import { afterEach, describe, expect, it } from "vitest";
import type { ThreadedTasks } from "./served-environment.ts";
import { SessionManager } from "./session-manager.ts";
import { ThreadHost, type ThreadHostOptions } from "./thread-host.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { createToyEnvironment } from "./testing/toy-tasks.ts";

const tasks: ThreadedTasks = {
  kind: "threads",
  module: new URL("./testing/thread-tasks.ts", import.meta.url).href,
  exported: "openThreadTasks",
  listParameters: ({ name = "toy" }) => [name],
};

let manager: SessionManager | undefined;
afterEach(() => manager?.shutdown());

function createManager(options: Partial<ThreadHostOptions> = {}, threaded = tasks) {
  const ends: string[] = [];
  const host = new ThreadHost(threaded, {
    numThreads: 2,
    onThreadEnd: ({ message }, numLost) => ends.push(`${message}; ${numLost} lost`),
    ...options,
  });
  manager = new SessionManager([{ environment: createToyEnvironment(), host }]);
  return { manager, host, ends };
}

describe("ThreadHost", () => {
  it("plays episodes in several threads", async () => {
    const { manager: sessions, host } = createManager();
    const ids = [0, 1, 2].map(() => sessions.open());
    await Promise.all(ids.map((id, index) => sessions.reset(id, { index })));
    const replies = await Promise.all(ids.map((id) => sessions.step(id, "add")));
    expect(replies.map(({ text }) => text)).toEqual(
      [0, 1, 2].map((index) => `train/${index} step 1: add`),
    );
    expect(await sessions.listTasks(undefined, "test", 1, 9)).toEqual([
      { id: "test/1", kind: "toy" },
      { id: "test/2", kind: "toy" },
    ]);
    expect(await sessions.render(ids[0]!)).toEqual({ kind: "text", version: 1, text: "1 steps" });
    expect(await sessions.step(ids[0]!, "win")).toMatchObject({ reward: 1 });
    await expect(sessions.step(ids[0]!, "win")).rejects.toMatchObject({ code: "ended" });
    await Promise.all(ids.map((id) => sessions.close(id)));
    expect(host.numEpisodes).toBe(0);
  });

  it("loses the episodes of a thread that ends, and no others", async () => {
    const { manager: sessions, ends } = createManager();
    const ids = [0, 1, 2].map(() => sessions.open());
    for (const id of ids) await sessions.reset(id, {});
    expect(await sessions.step(ids[0]!, "exit")).toMatchObject({
      outcome: {
        kind: "failed",
        error: { kind: "resources", message: "episode thread: exited with code 3" },
      },
    });
    // The third episode shares the thread of the first.
    expect(await sessions.step(ids[2]!, "add")).toMatchObject({ outcome: { kind: "failed" } });
    expect(await sessions.step(ids[1]!, "add")).toMatchObject({ reward: 0.5, numTurns: 1 });
    expect(ends).toEqual(["episode thread: exited with code 3; 2 lost"]);
    // The next episode gets a new thread.
    expect(await sessions.reset(ids[0]!, { index: 4 })).toMatchObject({ text: "task train/4" });
  });

  it("ends a thread that is blocked", async () => {
    const clock = new ManualClock();
    const limits = { silenceSeconds: 2, numThreads: 1, clock };
    const { manager: sessions, ends } = createManager(limits);
    const id = sessions.open();
    await sessions.reset(id, {});
    const blocked = sessions.step(id, "spin");
    // The thread is asked to respond after one second, and terminated after another second.
    clock.advance(1);
    clock.advance(1);
    expect(await blocked).toMatchObject({ outcome: { kind: "failed" } });
    expect(ends).toEqual(["episode thread: must answer, was blocked for 2 s; 1 lost"]);
    expect(await sessions.reset(id, {})).toMatchObject({ index: 1 });
  });

  it("cancels a call that hangs", async () => {
    const { manager: sessions, host } = createManager();
    const id = sessions.open();
    await sessions.reset(id, {});
    const hanging = sessions.step(id, "hang");
    hanging.catch(() => undefined);
    await sessions.close(id);
    await expect(hanging).rejects.toMatchObject({ code: "closed" });
    expect(host.numEpisodes).toBe(0);
  });

  it("reports tasks that do not open", async () => {
    const { manager: sessions } = createManager({}, { ...tasks, listParameters: () => ["x"] });
    await expect(sessions.listSplits()).rejects.toMatchObject({
      code: "tasks",
      message: "name must be toy, got x",
    });
    const { manager: others } = createManager({}, { ...tasks, exported: "nothing" });
    await expect(others.reset(others.open(), {})).rejects.toThrow(
      /thread-tasks\.ts: export nothing must be a function, got undefined$/u,
    );
  });
});
