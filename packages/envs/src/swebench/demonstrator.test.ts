import { createRandom } from "@turnwise/core";
import { expect, it } from "vitest";
import { compactSweFormat } from "../scaffold/agent-formats.ts";
import { demoTasks } from "./demo/tasks.ts";
import { sweDemonstrator } from "./demonstrator.ts";
import { sweTasks } from "./environment.ts";
import { checkCall } from "../scaffold/check-call.ts";
import { compactScaffold, sweScaffolds } from "../scaffold/scaffolds.ts";
import { decodeToolCall } from "../scaffold/tool-call.ts";

it("uses patches of other instances as no-ops, never the submission", async () => {
  const instances = demoTasks.map(({ instance }) => ({ ...instance, id: `own-${instance.id}` }));
  const demonstrator = sweDemonstrator(instances, "able", {
    scaffold: compactScaffold,
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

it("plays and writes only calls of the scaffold's tools", async () => {
  const instances = demoTasks.slice(0, 2).map(({ instance }) => instance);
  for (const scaffold of Object.values(sweScaffolds)) {
    const format = scaffold.format();
    const problems: string[] = [];
    const demonstrator = sweDemonstrator(instances, "mixed", {
      scaffold,
      format,
      maxTurns: 50,
      createEnvironment: async () => ({
        reset: async () => ({ text: "" }),
        step: async (action) => {
          const checked = checkCall(decodeToolCall(action)!, scaffold.tools);
          if (!checked.isValid) problems.push(`${scaffold.name}: ${checked.problem}`);
          return { text: "", reward: 0, isTerminal: false, isSuccess: false };
        },
        close: async () => undefined,
      }),
    });
    const shown = await demonstrator.demonstrate(sweTasks(instances), 0, createRandom(1));
    expect(problems).toEqual([]);
    expect(shown.map(({ turns }) => turns.length)).toEqual([3, 3, 2, 3, 3, 2]);
    for (const { response, action } of shown.flatMap(({ turns }) => turns)) {
      const parsed = format.parse(response, { text: "" });
      expect(parsed.isValid).toBe(true);
      // Values may lose surrounding white space in XML.
      expect(decodeToolCall(parsed.action)?.tool).toBe(decodeToolCall(action)!.tool);
    }
  }
});
