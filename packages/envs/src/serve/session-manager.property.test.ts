import fc from "fast-check";
import { expect, it } from "vitest";
import { LocalHost } from "./local-host.ts";
import { SessionError } from "./session-error.ts";
import { SessionManager } from "./session-manager.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { createToyEnvironment, type ToyCounts } from "./testing/toy-tasks.ts";

type Act =
  | { readonly kind: "open" }
  | { readonly kind: "close" }
  | { readonly kind: "reset" }
  | { readonly kind: "step"; readonly command: string }
  | { readonly kind: "wait"; readonly seconds: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.constantFrom<Act>({ kind: "open" }, { kind: "close" }, { kind: "reset" }),
  fc.record({
    kind: fc.constant("step" as const),
    command: fc.constantFrom("add", "win", "fail", "hang"),
  }),
  fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(1, 49, 51, 200) }),
);

/** Sessions of the clients; some clients share a session, as after a reconnection. */
const clients = fc.array(
  fc.record({ session: fc.nat(3), acts: fc.array(act, { maxLength: 12 }) }),
  { minLength: 1, maxLength: 5 },
);

it("keeps sessions apart, bounded and without leaks, in any order of events", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      clients,
      fc.integer({ min: 1, max: 3 }),
      async (scheduler, scripts, capacity) => {
        const counts: ToyCounts = { created: 0, closed: 0 };
        const clock = new ManualClock();
        const environment = createToyEnvironment({
          counts,
          call: async (name, run) => {
            await scheduler.schedule(Promise.resolve(), name);
            return run();
          },
        });
        const host = new LocalHost(environment.tasks.open);
        const manager = new SessionManager([{ environment, host }], {
          clock,
          limits: { capacity, idleSeconds: 120, lifetimeSeconds: 1000 },
        });
        const ended = new Set<string>();
        const perform = async (id: string, one: Act): Promise<void> => {
          if (one.kind === "wait") return clock.advance(one.seconds);
          if (one.kind === "open") {
            manager.open(undefined, { id, onEnd: () => ended.add(id) });
            return;
          }
          if (one.kind === "close") return manager.close(id);
          const reply =
            one.kind === "reset"
              ? await manager.reset(id, { split: "train", index: Number(id) })
              : await manager.step(id, one.command);
          // A reply always belongs to the session's own episode.
          expect(reply.session).toBe(id);
          // During a running call, the session may have no episode yet.
          expect(["", `train/${id}`]).toContain(reply.task.id);
          expect(reply.text).toMatch(new RegExp(`^(task )?(train/${id}|$)`, "u"));
        };
        const faults: unknown[] = [];
        /** Sessions whose next steps wait for a call that hangs, until the time advances. */
        const hanging = new Set<number>();
        const run = async ({ session, acts }: (typeof scripts)[number]): Promise<void> => {
          for (const one of acts) {
            await scheduler.schedule(Promise.resolve(), one.kind);
            const call = perform(String(session), one).catch((error: unknown) => {
              if (!(error instanceof SessionError)) faults.push(error);
            });
            if (one.kind === "step" && one.command === "hang") hanging.add(session);
            if (one.kind !== "step" || !hanging.has(session)) await call;
            expect(manager.numSessions).toBeLessThanOrEqual(capacity);
            expect(counts.created - counts.closed).toBeLessThanOrEqual(capacity + scripts.length);
          }
        };
        const all = Promise.all(scripts.map(run));
        await scheduler.waitFor(all);
        expect(faults).toEqual([]);
        await scheduler.waitFor(manager.shutdown());
        expect([manager.numSessions, manager.numEpisodes, clock.numTimers]).toEqual([0, 0, 0]);
        expect(counts.closed).toBe(counts.created);
      },
    ),
  );
});
