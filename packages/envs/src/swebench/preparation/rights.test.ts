import { afterAll, describe, expect, it, vi } from "vitest";
import { createRandom } from "@turnwise/core";
import { rollout } from "../../rollout.ts";
import { r2eFormat } from "../../scaffold/agent-formats.ts";
import { letterTokenizer, scriptedSampler } from "../demo/play.ts";
import { demoTasks } from "../demo/tasks.ts";
import { sweEnvironment } from "../environment.ts";
import { evaluatePatch } from "../evaluation/evaluate.ts";
import type { SweBenchInstance } from "../instances/instance.ts";
import { encodeToolCall } from "../../scaffold/tool-call.ts";
import { ImageLayouts, repositoryLayout, type ImageSettings } from "../testing/image-layout.ts";
import { testEngine } from "../../containers/testing/test-engine.ts";

// Long time limits, because engines respond late on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const engine = await testEngine();
const layouts = engine === undefined ? undefined : new ImageLayouts(engine);

const instanceOf = (image: string): SweBenchInstance => ({
  ...demoTasks[0]!.instance,
  image,
  failToPass: ["right"],
  passToPass: [],
  evalScript: `cd /testbed; set -x
: '>>>>> Start Test Output'
grep -q three a.txt && touch pkg/written && [ -x pkg/m.py ] && echo "uid $(id -u)" && echo "PASSED right"
: '>>>>> End Test Output'
`,
});

const usable: Readonly<Record<string, readonly [script: string, settings: ImageSettings]>> = {
  "user 1000, all files theirs": ["chown -R 1000:1000 /testbed", { User: "1000" }],
  "user 1000, files of root": ["chmod -R go-w /testbed", { User: "1000:1000" }],
  "a user by name, some files of others": [
    "chown -R agent /testbed; chown -R 1234 /testbed/pkg; chmod 500 /testbed/pkg",
    { User: "agent" },
  ],
  "a user without an entry and without a home": ["chmod 755 /testbed", { User: "4321" }],
  "root, files of another user": ["chown -R 501:20 /testbed; chmod -R go-w /testbed", {}],
  "a temporary folder that only root may write": ["chmod 755 /tmp", { User: "1000" }],
};

describe.skipIf(engine === undefined)("images and the permissions of their user", () => {
  afterAll(async () => {
    await engine?.close();
    await layouts?.close();
  });

  it.each(Object.entries(usable))("let agent and tests work: %s", async (_, [script, settings]) => {
    const image = await layouts!.build(`${repositoryLayout}\n${script}`, settings);
    let log = "";
    const environment = sweEnvironment(instanceOf(image), engine!, {
      onGraded: ({ evaluation }) => {
        ({ log } = evaluation);
      },
    });
    await environment.reset();
    const run = async (cmd: string): Promise<string> =>
      (await environment.step(encodeToolCall({ tool: "execute_bash", arguments: { cmd } }))).text;
    expect(
      await run("echo three > a.txt && chmod +x pkg/m.py && echo n > pkg/new.py; id -u"),
    ).toContain("Exit code: 0");
    expect(await run("git status --short")).toContain("M a.txt");
    const last = await environment.step(encodeToolCall({ tool: "finish", arguments: {} }));
    await environment.close();
    const uid = /\d+/u.exec(settings.User ?? "0")?.[0] ?? "1000";
    expect(log).toContain(`uid ${uid}\n`);
    expect(last).toMatchObject({ isSuccess: true, reward: 1 });
  });

  const broken: Readonly<Record<string, readonly [script: string, settings: ImageSettings]>> = {
    "a user that does not exist": [repositoryLayout, { User: "nobody-of-this-name" }],
    "no bash": [`${repositoryLayout}; rm /usr/bin/bash`, {}],
    "no timeout": [`${repositoryLayout}; rm /usr/bin/timeout`, {}],
    "no repository": ["echo x > x", {}],
    "a search path without programs": [repositoryLayout, { Env: ["PATH=/nowhere"] }],
  };

  it.each(Object.entries(broken))(
    "are image failures at reset, not a failed agent: %s",
    async (_, [script, settings]) => {
      const image = await layouts!.build(script, settings);
      const trajectory = await rollout(
        { id: "x", kind: "x" },
        {
          createEnvironment: async () => sweEnvironment(instanceOf(image), engine!),
          format: r2eFormat(),
          sampler: scriptedSampler(["<function=finish></function>"]),
          tokenizer: letterTokenizer,
          policyVersion: 0,
          options: { maxTurns: 4, maxResponseTokens: 1000 },
        },
        { groupId: "g", trajectoryIndex: 0, random: createRandom(0) },
      );
      expect(trajectory.turns).toEqual([]);
      expect(trajectory.outcome).toMatchObject({ kind: "failed", error: { kind: "image" } });
      const { outcome } = trajectory;
      expect(outcome.kind === "failed" && outcome.error.message).toContain(image);
      const patch = demoTasks[0]!.instance.goldPatch;
      await expect(evaluatePatch(instanceOf(image), patch, engine!)).rejects.toMatchObject({
        kind: "image",
      });
    },
  );
});
