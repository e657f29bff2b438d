import { createRandom } from "@turnwise/core";
import { expect, it } from "vitest";
import { compactSweFormat } from "../scaffold/agent-formats.ts";
import { demoTasks } from "./demo/tasks.ts";
import { sweDemonstrator } from "./demonstrator.ts";
import { sweTasks } from "./environment.ts";
import { decodeToolCall } from "../scaffold/tool-call.ts";

it("uses patches of other instances as no-ops, never the submission", async () => {
  const instances = demoTasks.map(({ instance }) => ({ ...instance, id: `own-${instance.id}` }));
  const demonstrator = sweDemonstrator(instances, "able", {
    format: compactSweFormat(),
    maxTurns: 50,
    createEnvironment: async () => ({
      reset: async () => ({ text: "" }),
      step: async (action) => {
        const isSuccess = decodeToolCall(action)?.tool === "finish";
        return { text: "", reward: 0, isTerminal: isSuccess, isSuccess };
      },
      close: async () => undefined,
    }),
  });
  const shown = await demonstrator.demonstrate(sweTasks(instances), 0.5, createRandom(1));
  const turns = shown.flatMap((demonstration) => demonstration.turns);
  const slips = turns.filter(({ isSlip }) => isSlip);
  expect(slips.length).toBeGreaterThan(0);
  expect(new Set(slips.map(({ action }) => decodeToolCall(action)?.tool))).toEqual(
    new Set(["execute_bash"]),
  );
  expect(turns.length - slips.length).toBe(2 * instances.length);
});
