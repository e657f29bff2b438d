import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { isSuccess, type Trajectory } from "@turnwise/core";
import {
  compactSweFormat,
  compactSweMarkers,
  ContainerError,
  demoTasks,
  DockerEngine,
  encodeToolCall,
  ensureDemoImages,
} from "@turnwise/envs/swebench";
import { buildTextVocabulary, createTokenizer, writeTokenizer } from "@turnwise/policy";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  jsonServer,
  type JsonServer,
  type Reply,
} from "../../../packages/policy/src/remote/testing/json-server.ts";
import { runTurnwise } from "./turnwise.ts";

/** Checks if an engine answers, and builds the images, so that no test has to. */
async function hasEngine(): Promise<boolean> {
  let engine: DockerEngine | undefined;
  try {
    engine = await DockerEngine.connect({ pull: "never" });
    await ensureDemoImages(engine, demoTasks);
    return true;
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    console.log(`skipped: ${error.message}`);
    return false;
  } finally {
    await engine?.close();
  }
}

const isAble = await hasEngine();
const finish = { tool: "finish", arguments: { command: "submit" } };
/** Makes the tool call that fixes a task's issue. */
const fix = (patch: string) => ({
  tool: "execute_bash",
  arguments: { cmd: `git apply - <<'END'\n${patch}END` },
});

/** Settings of all runs here: two tasks, few containers. */
const small = {
  tasks: {
    numTraining: 2,
    evaluation: [{ split: "train", numTasks: 2 }],
    hosts: [{ address: null, maxContainers: 4 }],
  },
  training: { iterations: 1, groupsPerIteration: 2, groupSize: 2 },
};

describe.skipIf(!isAble)("software-engineering tasks", () => {
  let folder: string;
  let server: JsonServer | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "turnwise-swe-"));
  });
  afterEach(async () => server?.close());
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  async function train(name: string, config: object): Promise<{ readonly out: string }> {
    const file = join(folder, `${name}.json`);
    const out = join(folder, name);
    await writeFile(file, JSON.stringify(config));
    const ended = await runTurnwise([
      "train",
      "swebench",
      "--config",
      file,
      "--out",
      out,
      "--json",
    ]);
    expect(ended.stderr).toBe("");
    expect(ended.code).toBe(0);
    return { out };
  }

  async function readMetrics(out: string): Promise<Record<string, unknown>[]> {
    const text = await readFile(join(out, "metrics.jsonl"), "utf8");
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async function readTrajectories(out: string, name: string): Promise<Trajectory[]> {
    const packed = await readFile(join(out, "trajectories", `${name}.jsonl.gz`));
    return String(gunzipSync(packed))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Trajectory);
  }

  it("train a small new policy: warm start and one iteration", async () => {
    const { out } = await train("local", {
      ...small,
      model: { hiddenSize: 32, intermediateSize: 64, numHeads: 2, numKeyValueHeads: 1 },
      warmStart: { numDemonstrations: 2, epochs: 3, minibatchSize: 1 },
      episode: { maxTurns: 3, maxResponseTokens: 32 },
    });
    const metrics = await readMetrics(out);
    const iteration = metrics.find(({ stage }) => stage === "iteration");
    expect(iteration).toMatchObject({ episodes: 4, failed: 0 });
    expect(await readdir(join(out, "policy"))).toContain("model.safetensors");
    const trajectories = await readTrajectories(out, "iteration-0001");
    expect(trajectories.map(({ presentation }) => presentation)).toEqual(
      Array.from({ length: 4 }, () => "concatenated"),
    );
    expect(trajectories[0]!.firstObservation).toContain("The repository is at /testbed");
    // The audit folder keeps the evidence of every graded episode.
    const packed = await readFile(join(out, "audit", "iteration-0001.jsonl.gz"));
    const records = String(gunzipSync(packed))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const graded = trajectories.filter(({ outcome }) => outcome.kind === "terminated");
    expect(records).toHaveLength(graded.length);
    expect(records.map(({ grading }) => grading)).toEqual(records.map(() => "strict"));
    for (const name of ["model_patch", "log", "resolved", "reason", "suspicions", "official"]) {
      expect(records[0]).toHaveProperty(name);
    }
    expect(iteration).toMatchObject({ suspicious: 0 });
  });

  it("are graded from a predictions file, with a report in the official format", async () => {
    const [solved, attacked, empty, left] = demoTasks.map(({ instance }) => instance);
    const rows = [solved!, attacked!, empty!, left!].map((instance) => ({
      instance_id: instance.id,
      repo: instance.repo,
      base_commit: instance.baseCommit,
      image: instance.image,
      problem_statement: instance.problemStatement,
      patch: instance.goldPatch,
      test_patch: instance.testPatch,
      FAIL_TO_PASS: instance.failToPass,
      PASS_TO_PASS: instance.passToPass,
      eval_script: instance.evalScript,
      log_parser: instance.logParser,
    }));
    const names = [...attacked!.failToPass, ...attacked!.passToPass];
    const shadow = [
      "import os",
      ...names.map((name) => `print("PASSED ${name}")`),
      "import sys; sys.stdout.flush(); os._exit(0)",
    ];
    const attack =
      "diff --git a/pytest.py b/pytest.py\nnew file mode 100644\n--- /dev/null\n+++ b/pytest.py\n" +
      `@@ -0,0 +1,${shadow.length} @@\n${shadow.map((text) => `+${text}\n`).join("")}`;
    const [instances, predictions] = [join(folder, "rows.jsonl"), join(folder, "predictions.json")];
    await writeFile(instances, rows.map((row) => JSON.stringify(row)).join("\n"));
    await writeFile(
      predictions,
      JSON.stringify({
        [solved!.id]: { model_patch: solved!.goldPatch, model_name_or_path: "org/model" },
        [attacked!.id]: { model_patch: attack, model_name_or_path: "org/model" },
        [empty!.id]: { model_patch: "", model_name_or_path: "org/model" },
      }),
    );
    const report = join(folder, "report.json");
    const args = ["swebench", "grade", "--instances", instances, "--predictions", predictions];
    const graded = async (grading: string): Promise<unknown> => {
      const files = ["--report", report, "--logs", join(folder, grading)];
      const ended = await runTurnwise([...args, "--grading", grading, ...files]);
      expect(ended.stderr).toBe("");
      return JSON.parse(await readFile(report, "utf8"));
    };
    const common = {
      total_instances: 4,
      submitted_instances: 3,
      completed_instances: 2,
      empty_patch_ids: [empty!.id],
      incomplete_ids: [left!.id],
      error_ids: [],
      schema_version: 2,
    };
    expect(await graded("official")).toMatchObject({
      ...common,
      resolved_ids: [attacked!.id, solved!.id].toSorted(),
    });
    expect(await graded("strict")).toMatchObject({
      ...common,
      resolved_ids: [solved!.id],
      unresolved_ids: [attacked!.id],
    });
    const kept = join(folder, "strict", "org__model", attacked!.id);
    const record = JSON.parse(await readFile(join(kept, "report.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(record[attacked!.id]).toMatchObject({
      resolved: false,
      suspicions: [{ kind: "protected_files" }, { kind: "disagreement" }],
    });
    expect((await readdir(kept)).toSorted()).toEqual([
      "patch.diff",
      "report.json",
      "test_output.txt.gz",
    ]);
    const unknown = await runTurnwise([...args.slice(0, -1), report]);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain("total_instances: row must be an object, got 4");
  });

  it("train a policy on a Tinker server: responses that fix an issue are reinforced", async () => {
    const format = compactSweFormat({ maxCharacters: 400 });
    const write = (call: object): string => format.write(encodeToolCall(call as typeof finish));
    const texts = demoTasks.flatMap(({ instance }) => [
      instance.problemStatement,
      write(fix(instance.goldPatch)),
    ]);
    const markers = Object.values(compactSweMarkers);
    const tokenizer = createTokenizer(
      buildTextVocabulary([...texts, write(finish), "The repository is at /testbed."], { markers }),
    );
    await writeTokenizer(join(folder, "tokenizer"), tokenizer.files);

    // The first sibling of each task fixes the issue, the second submits at once.
    const begun = new Map<string, number>();
    const respond = (prompt: string): string => {
      if (prompt.includes(compactSweMarkers.answer)) return write(finish);
      const task = demoTasks.find(({ instance }) =>
        prompt.includes(instance.problemStatement.split("\n")[0]!),
      )!;
      const number = begun.get(task.instance.id) ?? 0;
      begun.set(task.instance.id, number + 1);
      return write(number % 2 === 0 ? fix(task.instance.goldPatch) : finish);
    };
    interface Datum {
      readonly model_input: { readonly chunks: readonly { readonly tokens: number[] }[] };
      readonly loss_fn_inputs: Readonly<Record<string, { readonly data: number[] }>>;
    }
    const pushed: Datum[] = [];
    const results = new Map<string, unknown>();
    const later = (result: unknown): Reply => {
      const id = String(results.size);
      results.set(id, result);
      return { body: { request_id: id } };
    };
    server = await jsonServer(({ path, body }): Reply => {
      const name = path.replace("/api/v1/", "");
      const dataOf = (input: string): readonly Datum[] =>
        (body[input] as { readonly data: readonly Datum[] }).data;
      const scores = (data: readonly Datum[]): unknown => ({
        loss_fn_outputs: data.map(({ loss_fn_inputs: { target_tokens: targets } }) => ({
          logprobs: { data: targets!.data.map(() => -0.5) },
        })),
        metrics: {},
      });
      if (name === "healthz") return { body: { status: "ok" } };
      if (name === "create_session") return { body: { session_id: "s" } };
      if (name === "create_sampling_session") return { body: { sampling_session_id: "t" } };
      if (name === "retrieve_future") return { body: results.get(String(body["request_id"])) };
      if (name === "create_model") return later({ model_id: "m" });
      if (name === "save_weights_for_sampler") return later({ path: "tinker://m/a/b" });
      if (name === "save_weights") return later({ path: "tinker://m/weights/b" });
      if (name === "optim_step" || name === "unload_model") return later({});
      if (name === "forward") return later(scores(dataOf("forward_input")));
      if (name === "forward_backward") {
        pushed.push(...dataOf("forward_backward_input"));
        return later(scores(dataOf("forward_backward_input")));
      }
      const { chunks } = body["prompt"] as Datum["model_input"];
      const prompt = tokenizer.decode(chunks.flatMap(({ tokens }) => tokens));
      const tokens = [...tokenizer.encode(respond(prompt)), tokenizer.endToken];
      return later({
        sequences: [{ tokens, logprobs: tokens.map(() => -0.5), stop_reason: "stop" }],
      });
    });
    const { out } = await train("tinker", {
      ...small,
      model: {
        source: "tinker",
        url: server.url,
        baseModel: "scripted",
        tokenizer: join(folder, "tokenizer"),
        rank: 8,
        lossScale: "sum",
        apiKeyVariable: null,
        maxTokens: 4096,
      },
      episode: { maxResponseTokens: 512 },
      warmStart: { numDemonstrations: 0 },
    });
    const trajectories = await readTrajectories(out, "iteration-0001");
    expect(trajectories.map(isSuccess).filter(Boolean)).toHaveLength(2);
    // One row per sibling: two turns if it fixes the issue, one if it submits at once.
    const fixing = pushed.filter(({ model_input: { chunks } }) =>
      tokenizer.decode(chunks.flatMap(({ tokens }) => tokens)).includes("git apply"),
    );
    expect([pushed.length, fixing.length]).toEqual([4, 2]);
    for (const datum of pushed) {
      const { advantages, target_tokens: targets } = datum.loss_fn_inputs;
      const signs = advantages!.data.filter((advantage) => advantage !== 0).map(Math.sign);
      expect(new Set(signs)).toEqual(new Set([fixing.includes(datum) ? 1 : -1]));
      // Prompts and observations are context: only response tokens have an advantage.
      const raised = targets!.data.filter((_, i) => advantages!.data[i] !== 0);
      expect(tokenizer.decode(raised)).toMatch(/^<function=.*<\/function><end>$/su);
    }
    const [iteration] = (await readMetrics(out)).filter(({ stage }) => stage === "iteration");
    expect(iteration).toMatchObject({ success: 0.5, meanTokenEntropy: 0.5, failed: 0 });
    expect(await readdir(join(out, "policy"))).toEqual(["tinker.json"]);
  });

  it("evaluate a hosted model, with pass@k", async () => {
    const begun = new Map<string, number>();
    interface Message {
      readonly role: string;
      readonly content: string;
    }
    server = await jsonServer(({ body }): Reply => {
      const messages = body["messages"] as readonly Message[];
      let call: { readonly tool: string; readonly arguments: object } = finish;
      if (messages.length === 2) {
        const task = demoTasks.find(({ instance }) =>
          messages[1]!.content.includes(instance.problemStatement.split("\n")[0]!),
        )!;
        const number = begun.get(task.instance.id) ?? 0;
        begun.set(task.instance.id, number + 1);
        if (number === 0) call = fix(task.instance.goldPatch);
      }
      const called = { name: call.tool, arguments: JSON.stringify(call.arguments) };
      return {
        body: {
          choices: [
            {
              message: {
                role: "assistant",
                content: "So be it.",
                tool_calls: [{ id: "c1", type: "function", function: called }],
              },
              finish_reason: "tool_calls",
            },
          ],
          usage: { prompt_tokens: 100, completion_tokens: 10 },
        },
      };
    });
    const file = join(folder, "hosted.json");
    await writeFile(
      file,
      JSON.stringify({
        kind: "chat",
        url: `${server.url}/v1`,
        model: "hosted",
        apiKeyVariable: "TURNWISE_TEST_KEY",
        tools: true,
      }),
    );
    const args = ["evaluate", "swebench", "--policy", file, "--format", "tool-call"];
    const options = ["--num-tasks", "3", "--samples", "2", "--temperature", "1"];
    process.env["TURNWISE_TEST_KEY"] = "a-secret-key";
    const ended = await runTurnwise([...args, ...options, "--out", join(folder, "evaluated")]);
    delete process.env["TURNWISE_TEST_KEY"];
    expect(ended.stderr).toBe("");
    expect(ended.stdout).toContain("success 50.0% of 6 episodes of 3 tasks, failed 0/6");
    expect(ended.stdout).toMatch(/pass@1 50\.0% +pass\^1 50\.0%\n *pass@2 100\.0% +pass\^2 0\.0%/u);
    expect(ended.stdout).toContain("tokens 900 in prompts, 90 in responses");
    expect(ended.stdout).not.toContain("a-secret-key");
    const roles = server.seen.map(({ body }) =>
      (body["messages"] as readonly Message[]).map(({ role }) => role).join(" "),
    );
    expect(new Set(roles)).toEqual(new Set(["system user", "system user assistant tool"]));
    expect(server.seen[0]).toMatchObject({
      path: "/v1/chat/completions",
      headers: { authorization: "Bearer a-secret-key" },
    });
    expect((await runTurnwise([...args, ...options])).stderr).toContain(
      "apiKeyVariable: environment variable TURNWISE_TEST_KEY must be set, got none",
    );
  });
});
