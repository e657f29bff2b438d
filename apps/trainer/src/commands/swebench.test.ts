import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modulationCoefficients } from "@turnwise/aem";
import {
  createRandom,
  isSuccess,
  mean,
  trajectoryReturn,
  type Sampler,
  type SampleRequest,
} from "@turnwise/core";
import { rolloutGroup } from "@turnwise/envs";
import {
  ContainerError,
  type ContainerEngine,
  demoTasks,
  DockerEngine,
  ensureDemoImages,
  classifyEnding,
  goldAgent,
  idleAgent,
  letterTokenizer,
  r2eFormat,
  scriptedAgent,
  sweEnvironmentFactory,
  sweTasks,
} from "@turnwise/envs/swebench";
import { compileAlgorithm, deepSwe, groupAdvantages, grpoPresets } from "@turnwise/estimators";
import { afterAll, describe, expect, it, vi } from "vitest";
import { buildSwebenchCommand } from "./swebench.ts";

/** Runs a command. @returns Its output. */
async function runSwebench(...args: readonly string[]): Promise<string> {
  let text = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await buildSwebenchCommand().exitOverride().parseAsync(args, { from: "user" });
  } finally {
    write.mockRestore();
  }
  return text;
}

const folder = mkdtempSync(join(tmpdir(), "turnwise-swebench-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = {
  instance_id: "psf__requests-1",
  repo: "psf/requests",
  version: "2.0",
  base_commit: "abc",
  patch: "",
  test_patch: "",
  problem_statement: "It breaks.",
  FAIL_TO_PASS: '["t.py::fixed"]',
  PASS_TO_PASS: '["t.py::kept"]',
};
const rows = join(folder, "rows.jsonl");
writeFileSync(rows, `${JSON.stringify(row)}\n`);
const log = join(folder, "log.txt");
writeFileSync(
  log,
  "+ : '>>>>> Start Test Output'\nPASSED t.py::fixed\nFAILED t.py::kept - why\n+ : '>>>>> End Test Output'\n",
);

describe("turnwise swebench", () => {
  it("prints the verdict, the report and the status map of a log", async () => {
    const args = ["grade", "--instances", rows, "--id", "psf__requests-1", "--log", log];
    expect(JSON.parse(await runSwebench(...args, "--json"))).toEqual({
      instance_id: "psf__requests-1",
      format: "swe-bench",
      verdict: "unresolved",
      found: true,
      resolved: false,
      resolution: "RESOLVED_NO",
      reward: 0,
      report: {
        patch_is_None: false,
        patch_exists: true,
        patch_successfully_applied: true,
        resolved: false,
        infra_failure: false,
        tests_status: {
          FAIL_TO_PASS: { success: ["t.py::fixed"], failure: [] },
          PASS_TO_PASS: { success: [], failure: ["t.py::kept"] },
          FAIL_TO_FAIL: { success: [], failure: [] },
          PASS_TO_FAIL: { success: [], failure: [] },
        },
      },
      status_map: { "t.py::fixed": "PASSED", "t.py::kept": "FAILED" },
    });
    expect(await runSwebench(...args)).toBe(
      "psf__requests-1: unresolved\ntests to fix: 1 of 1\ntests to keep: 0 of 1\n  not passed: t.py::kept\ntests in the log: 2\n",
    );
  });

  it("names the unusable option or row", async () => {
    const args = ["grade", "--instances", rows, "--id", "other", "--log", log];
    await expect(runSwebench(...args)).rejects.toThrow(
      `swebench grade: --id must be the id of one of the 1 instances of ${rows}, such as psf__requests-1, got other`,
    );
    await expect(runSwebench("instances", "--instances", log)).rejects.toThrow(
      "log.txt: line 1: row is not valid JSON",
    );
  });

  it("lists instances and demo tasks", async () => {
    expect(await runSwebench("instances", "--instances", rows)).toMatch(
      /^psf__requests-1 .* 1 to fix, 1 to keep .*\n1 of 1 instances\n$/u,
    );
    const listed = await runSwebench("demo", "--dry-run");
    expect(listed.trim().split("\n")).toHaveLength(demoTasks.length);
    for (const kind of ["fix", "feature", "regression"]) expect(listed).toContain(kind);
  });
});

async function connectDemoEngine(): Promise<DockerEngine | undefined> {
  let engine: DockerEngine | undefined;
  try {
    engine = await DockerEngine.connect({ pull: "never" });
    await ensureDemoImages(engine, demoTasks.slice(0, 1));
    return engine;
  } catch (error) {
    await engine?.close();
    if (!(error instanceof ContainerError)) throw error;
    console.log(`skipped: ${error.message}`);
    return undefined;
  }
}

const engine = await connectDemoEngine();

interface EngineClient {
  getContainer(id: string): { top(): Promise<unknown>; kill(): Promise<unknown> };
}

/**
 * Creates an engine that kills a container as soon as one of its processes has `mark` in its
 * command line.
 */
function killAt(mark: string, inner: DockerEngine): ContainerEngine {
  const client = inner.client as EngineClient;
  return {
    host: inner.host,
    start: async (spec, signal) => {
      const container = await inner.start(spec, signal);
      const own = client.getContainer(container.id);
      const look = async (): Promise<void> => {
        if (JSON.stringify(await own.top()).includes(mark)) await own.kill();
      };
      // `top` fails once the container is gone.
      const watch = setInterval(() => void look().catch(() => clearInterval(watch)), 200);
      return container;
    },
    close: async () => {},
  };
}

/** Creates a sampler that follows one script per sibling. Later siblings are less certain. */
function createSiblingSampler(scripts: readonly (readonly string[])[]): Sampler {
  const turns = new Map<string, number>();
  return {
    capabilities: { entropies: "exact", maxSequenceTokens: 10_000_000 },
    load: async ({ version }) => version,
    sample: async ({ sequenceId = "" }: SampleRequest) => {
      const sibling = Number(sequenceId.split("/").at(-1));
      const turn = turns.get(sequenceId) ?? 0;
      turns.set(sequenceId, turn + 1);
      const script = scripts[sibling]!;
      const tokens = [...letterTokenizer.encode(script[Math.min(turn, script.length - 1)]!), 0];
      const entropies = tokens.map(() => 0.2 + 0.3 * sibling);
      return { tokens, entropies, logProbs: entropies.map((e) => -e), stopReason: "stop-token" };
    },
    release: (id) => void turns.delete(id),
  };
}

describe.skipIf(engine === undefined)("the DeepSWE preset on a demo task", () => {
  afterAll(async () => engine?.close());

  it(
    "compares submissions leave-one-out, and drops failed episodes",
    { timeout: 300_000 },
    async () => {
      const demo = demoTasks[0]!;
      const breaking = ["<function=execute_bash><parameter=cmd>sleep 987</parameter></function>"];
      const group = await rolloutGroup(
        sweTasks([demo.instance])[0]!,
        4,
        {
          createEnvironment: sweEnvironmentFactory([demo.instance], killAt("sleep 987", engine!)),
          format: r2eFormat(),
          sampler: createSiblingSampler([
            scriptedAgent(demo),
            goldAgent(demo),
            idleAgent(demo),
            breaking,
          ]),
          tokenizer: letterTokenizer,
          policyVersion: 1,
          options: { maxTurns: 10, maxResponseTokens: 100_000 },
        },
        { id: "g", random: createRandom(1) },
      );
      const { trajectories } = group;
      expect(trajectories.map(isSuccess)).toEqual([true, true, false, false]);
      expect(trajectories.map(classifyEnding)).toEqual([
        "submit",
        "submit",
        "submit",
        "infrastructure",
      ]);
      // The failed episode is dropped. The returns are 1, 1, 0; an advantage is a return minus the
      // mean of the other two.
      const { trajectories: usable } = compileAlgorithm(deepSwe).usable(group);
      expect(groupAdvantages([usable.map(trajectoryReturn)], grpoPresets.rlooVectorized)).toEqual([
        [0.5, 0.5, -1],
      ]);

      const kept = trajectories.filter((trajectory) => classifyEnding(trajectory) === "submit");
      const entropies = kept.flatMap(({ turns }) =>
        turns.map((turn) => mean(turn.samplerEntropies!)),
      );
      const coefficients = modulationCoefficients(entropies);
      expect(mean(coefficients)).toBeCloseTo(1, 12);
      // One coefficient per turn; the turns of more certain siblings count more.
      expect(coefficients).toHaveLength(6 + 2 + 1);
      expect(coefficients[0]).toBeGreaterThan(coefficients[6]!);
      expect(coefficients[6]).toBeGreaterThan(coefficients[8]!);
    },
  );
});
