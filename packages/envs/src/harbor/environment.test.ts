import { afterAll, describe, expect, it } from "vitest";
import { demoBaseImage } from "../containers/demo-base-image.ts";
import { testEngine } from "../containers/testing/test-engine.ts";
import type { StepResult } from "../environment.ts";
import { createSubmission } from "../scaffold/random-action.ts";
import { encodeToolCall } from "../scaffold/tool-call.ts";
import { solutionCommand } from "./demonstrator.ts";
import {
  checkTask,
  harborEnvironment,
  type HarborEnvironmentOptions,
  type HarborRecord,
} from "./environment.ts";
import { exampleFiles, loadExampleTasks, loadTask } from "./examples.ts";
import type { HarborTask } from "./load-tasks.ts";
import { terminalScaffolds } from "./wording.ts";

const engine = await testEngine();
afterAll(async () => engine?.close());

const load = async (files: Readonly<Record<string, string>>): Promise<HarborTask> =>
  loadTask("task", files);

const offline = `[environment]\nnetwork_mode = "no-network"\n`;

/** Plays an episode of commands, then submits. */
async function play(
  task: HarborTask,
  commands: readonly string[],
  options: HarborEnvironmentOptions = {},
): Promise<{ readonly last: StepResult; readonly record: HarborRecord; readonly texts: string[] }> {
  const records: HarborRecord[] = [];
  const environment = harborEnvironment(task, engine!, {
    ...options,
    onGraded: (record) => records.push(record),
  });
  try {
    const texts = [(await environment.reset()).text];
    const actions = commands.map((cmd) =>
      encodeToolCall({ tool: "execute_bash", arguments: { cmd } }),
    );
    let last: StepResult | undefined;
    for (const action of [...actions, createSubmission(terminalScaffolds.bash)]) {
      last = await environment.step(action);
      texts.push(last.text);
      if (last.isTerminal) break;
    }
    return { last: last!, record: records[0]!, texts };
  } finally {
    await environment.close();
  }
}

it("refuses to share a container between phases with different networks", async () => {
  const task = await load({
    ...exampleFiles["say-hello"]!,
    "task.toml": `[agent]\nnetwork_mode = "no-network"\n[environment]\ndocker_image = "image"\n`,
  });
  expect(() => checkTask(task, {})).toThrow(
    "task/task.toml: verifier.network_mode must equal the agent's, no-network (they share a container; or set tasks.network to none), got public",
  );
  expect(() => checkTask(task, { network: "none" })).not.toThrow();
});

describe.skipIf(engine === undefined)("Harbor tasks in containers", () => {
  it("reward the solution with 1 and an idle agent with 0", async () => {
    for (const task of await loadExampleTasks()) {
      const solved = await play(task, [await solutionCommand(task, [])]);
      expect(solved.last).toMatchObject({ reward: 1, isSuccess: true, score: 1, isTerminal: true });
    }
    const idle = await play((await loadExampleTasks())[0]!, []);
    expect(idle.last).toMatchObject({ reward: 0, isSuccess: false, score: 0 });
  });

  it("give partial rewards, several numbers, and the success reward", async () => {
    const task = (await loadExampleTasks()).find(({ id }) => id === "sort-letters")!;
    const { last, record } = await play(task, ["printf 'a\\nb\\nd\\nc\\n' > /tmp/letters.txt"], {
      successReward: 10,
    });
    expect(last).toMatchObject({ reward: 5, score: 0.5, isSuccess: false });
    expect(record).toMatchObject({
      ending: "submit",
      numSteps: 2,
      verification: { reward: { value: 0.5, parts: { reward: 0.5, lines: 2 } }, changed: [] },
    });
  });

  it("build the image, hide the tests, pass variables, and have no network", async () => {
    const task = await load({
      "task.toml": `${offline}workdir = "/app"\nenv = { MODE = "fast" }\n[verifier]\nenv = { KEY = "k" }\n`,
      "instruction.md": "Look around.",
      "environment/Dockerfile": `FROM ${demoBaseImage}\nRUN mkdir /app\nCOPY data /app/\nENV BUILT=yes\n`,
      "environment/data": "from the context\n",
      "environment/secret": "ignored",
      "environment/.dockerignore": "secret\n",
      "tests/test.sh":
        '#!/bin/bash\n[ "$KEY $MODE $BUILT" = "k fast yes" ] && [ "$PWD" = /app ] && [ ! -e /tests/planted ] && . /tests/part.sh\n',
      "tests/part.sh": "echo 1 > /logs/verifier/reward.txt\n",
    });
    const { last, texts, record } = await play(task, [
      'pwd; cat data; ls; echo "$MODE-$KEY-$BUILT"',
      "ls -A /tests /logs/verifier; cat /proc/net/route | wc -l",
      "mkdir -p /tests /logs/verifier; touch /tests/planted; echo 1 > /logs/verifier/reward.json; rm -rf /logs; ln -s /tests /logs",
    ]);
    expect(texts[0]).toBe("Look around.\n");
    expect(texts[1]).toContain("/app\nfrom the context\ndata\nfast--yes");
    expect(texts[2]).toMatch(/\/logs\/verifier:\n1\n|No such file[^]*\n1\n/u);
    expect(record.verification.log).toBe("");
    expect(last).toMatchObject({ reward: 1, isSuccess: true });
  });

  it("reward a verifier that fails with 0, or fail the episode", async () => {
    const files = exampleFiles["say-hello"]!;
    const limit = files["task.toml"]!.replace("timeout_sec = 60", "timeout_sec = 1");
    const slow = await load({ ...files, "task.toml": limit, "tests/test.sh": "sleep 60\n" });
    const { last, record } = await play(slow, []);
    expect(last).toMatchObject({ reward: 0, isTerminal: true });
    expect(record.verification.problem).toBe("the verifier took longer than 1 s");
    const silent = await load({ ...files, "tests/test.sh": "#!/bin/sh\necho done; exit 1\n" });
    const { verification } = (await play(silent, [])).record;
    expect(verification).toMatchObject({
      problem: "the verifier wrote no reward.json and no reward.txt",
      log: "done\n",
    });
    await expect(play(silent, [], { onVerifierFailure: "fail" })).rejects.toThrow(
      "task: the verifier wrote no reward.json and no reward.txt",
    );
  });

  it("grade the state at the end of the agent's time, or of its turns", async () => {
    const task = await load(exampleFiles["say-hello"]!);
    const write = "echo hello > /tmp/hello.txt; sleep 0.2";
    const late = await play(task, [write, "rm /tmp/hello.txt"], { maxSeconds: 0.1 });
    expect(late.last).toMatchObject({ text: "Time is up.", reward: 1, isTerminal: true });
    expect(late.record).toMatchObject({ ending: "time", numSteps: 2 });
    const turns = await play(task, [write, "rm /tmp/hello.txt"], { maxSteps: 1 });
    expect(turns.record).toMatchObject({ ending: "steps", verification: { reward: { value: 1 } } });
  });

  it("keep processes of the agent for the verifier, or kill them", async () => {
    const task = await load({
      ...exampleFiles["say-hello"]!,
      "tests/test.sh": "ps ax -o args | grep -c '^sleep 54' > /logs/verifier/reward.txt\n",
    });
    const start = "sleep 54321 >/dev/null 2>&1 < /dev/null &";
    expect((await play(task, [start])).last.reward).toBe(1);
    expect((await play(task, [start], { leftovers: "kill" })).last.reward).toBe(0);
  });

  it("let root own files, and name a build that fails and a changed program", async () => {
    const task = await load(exampleFiles["say-hello"]!);
    const owned = await play(task, ["touch /tmp/f && chown 1000:1000 /tmp/f && stat -c %u /tmp/f"]);
    expect(owned.texts[1]).toContain("1000");
    const replaced = await play(task, ["cp /bin/true /bin/rm"]);
    expect(replaced.record.verification.changed.join()).toMatch(/bin\/rm/u);
    const broken = await load({
      ...exampleFiles["say-hello"]!,
      "task.toml": offline,
      "environment/Dockerfile": `FROM ${demoBaseImage}\nRUN echo the reason; exit 3\n`,
    });
    await expect(play(broken, [])).rejects.toMatchObject({
      kind: "image",
      message: expect.stringMatching(
        /build turnwise-harbor:[0-9a-f]+: .*non-zero code: 3/u,
      ) as string,
    });
  });
});
