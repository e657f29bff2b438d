import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { exampleFiles, writeTask } from "./examples.ts";
import { resolveVariables } from "./host-variables.ts";
import { loadHarborTasks } from "./load-tasks.ts";
import { readReward } from "./reward.ts";
import { parseTaskSettings } from "./task-settings.ts";

const folder = await mkdtemp(join(tmpdir(), "turnwise-harbor-"));
afterAll(() => rm(folder, { recursive: true }));

describe("task.toml", () => {
  it("has the defaults of the format", () => {
    expect(parseTaskSettings("", "task.toml")).toEqual({
      name: null,
      category: null,
      agent: { timeoutSeconds: null, user: null, network: "public" },
      verifier: { timeoutSeconds: 600, user: null, network: "public", env: {} },
      environment: {
        image: null,
        buildTimeoutSeconds: 600,
        cpus: null,
        memoryMegabytes: null,
        folder: null,
        env: {},
      },
      solution: { env: {} },
      unknownFields: [],
    });
  });

  it("sets limits, users, networks, variables and the image", () => {
    const settings = parseTaskSettings(
      `schema_version = "1.4"
      artifacts = ["/app/out"]
      [task]
      name = "org/name"
      [metadata]
      category = "security"
      anything = 1
      [agent]
      timeout_sec = 45
      user = 1000
      network_mode = "no-network"
      [verifier]
      timeout_sec = 30.5
      user = "root"
      network_mode = "no-network"
      env = { MODEL = "\${MODEL:-small}" }
      [environment]
      docker_image = "ubuntu:24.04"
      build_timeout_sec = 60
      cpus = 2
      memory_mb = 4096
      storage_mb = 10240
      workdir = "/app"
      gpus = 0
      mcp_servers = []
      env = { MODE = "test" }
      [solution.env]
      KEY = "value"`,
      "task.toml",
    );
    expect(settings).toEqual({
      name: "org/name",
      category: "security",
      agent: { timeoutSeconds: 45, user: "1000", network: "no-network" },
      verifier: {
        timeoutSeconds: 30.5,
        user: "root",
        network: "no-network",
        env: { MODEL: "${MODEL:-small}" },
      },
      environment: {
        image: "ubuntu:24.04",
        buildTimeoutSeconds: 60,
        cpus: 2,
        memoryMegabytes: 4096,
        folder: "/app",
        env: { MODE: "test" },
      },
      solution: { env: { KEY: "value" } },
      unknownFields: [],
    });
  });

  it("accepts the earlier names of fields, and lists the fields that it does not know", () => {
    const settings = parseTaskSettings(
      'version = "1.0"\nsplit = "test"\n[agent]\nspeed = 1\n[environment]\nmemory = "2G"\nstorage = "10G"\nallow_internet = false',
      "task.toml",
    );
    expect(settings.environment.memoryMegabytes).toBe(2048);
    expect([settings.agent.network, settings.verifier.network]).toEqual([
      "no-network",
      "no-network",
    ]);
    expect(settings.unknownFields).toEqual(["split", "agent.speed"]);
  });

  it.for([
    ["[agent", "task.toml:1:2: must be TOML: incomplete key-value"],
    ['schema_version = "2.0"', 'schema_version must be a version 1.x, got "2.0"'],
    ["[agent]\ntimeout_sec = 0", "agent.timeout_sec must be a number > 0, got 0"],
    ['[verifier]\ntimeout_sec = "1"', 'verifier.timeout_sec must be a number > 0, got "1"'],
    ['[environment]\nworkdir = "app"', 'environment.workdir must be an absolute path, got "app"'],
    ['[environment]\nmemory = "2 gigabytes"', "environment.memory must be a size such as 2G"],
    ["[environment]\ngpus = 1", "environment.gpus must be 0 (containers have no GPU), got 1"],
    ['[environment]\nos = "windows"', 'environment.os must be linux, got "windows"'],
    [
      '[environment]\nnetwork_mode = "allowlist"',
      'environment.network_mode must be public or no-network (no host list is enforced here), got "allowlist"',
    ],
    [
      '[environment]\nnetwork_mode = "public"\nallow_internet = false',
      "environment.allow_internet must agree with environment.network_mode public, got false",
    ],
    [
      '[environment.env]\n"a b" = "1"',
      'environment.env.a b must be a name of an environment variable, got "1"',
    ],
    [
      '[environment]\nmcp_servers = [{ name = "x" }]',
      'environment.mcp_servers must be empty (agents have no MCP client), got [{"name":"x"}]',
    ],
    [
      '[environment.healthcheck]\ncommand = "true"',
      'environment.healthcheck must be absent (health checks are not supported), got {"command":"true"}',
    ],
    [
      '[verifier]\nenvironment_mode = "separate"',
      'verifier.environment_mode must be shared (a separate verifier is not supported), got "separate"',
    ],
    [
      '[[steps]]\nname = "first"',
      'steps must be absent (tasks of several steps are not supported), got [{"name":"first"}]',
    ],
  ] as const)("rejects %j", ([toml, message]) => {
    expect(() => parseTaskSettings(toml, "task.toml")).toThrow(message);
  });
});

describe("a folder of tasks", () => {
  it("is searched for tasks, in the order of their paths", async () => {
    const root = join(folder, "all");
    for (const [name, files] of Object.entries(exampleFiles)) {
      await writeTask(join(root, "set", name), files);
    }
    await writeTask(join(root, ".hidden"), exampleFiles["say-hello"]!);
    const tasks = await loadHarborTasks(root);
    expect(tasks.map(({ id }) => id)).toEqual(
      ["count-passwd", "say-hello", "sort-letters"].map((name) => `set/${name}`),
    );
    const [alone] = await loadHarborTasks(join(root, "set", "say-hello"));
    expect(alone).toMatchObject({ id: "say-hello", hasSolution: true });
    expect((await alone!.readFiles("tests")).map(({ path, mode }) => [path, mode])).toEqual([
      ["test.sh", 0o755],
    ]);
    expect(await alone!.readFiles("environment")).toEqual([]);
  });

  it("names the file and the rule of a task that cannot be used, or skips it", async () => {
    const root = join(folder, "broken");
    const good = exampleFiles["say-hello"]!;
    const { "tests/test.sh": _, ...untested } = good;
    await writeTask(join(root, "a-untested"), untested);
    await writeTask(join(root, "b-compose"), { ...good, "environment/docker-compose.yaml": "" });
    await writeTask(join(root, "c-imageless"), { ...good, "task.toml": "" });
    await writeTask(join(root, "d-empty"), { ...good, "instruction.md": "# canary GUID 1\n\n" });
    await writeTask(join(root, "e-good"), {
      ...good,
      "instruction.md": "<!-- a canary -->\n# canary GUID 1\n\nDo it.\n",
    });
    await expect(loadHarborTasks(root)).rejects.toThrow(
      `${join(root, "a-untested/tests/test.sh")}: must exist`,
    );
    const skipped: string[] = [];
    const tasks = await loadHarborTasks(root, {
      onInvalid: (error) => skipped.push(error.message),
    });
    expect(tasks.map(({ id, instruction }) => [id, instruction])).toEqual([["e-good", "Do it.\n"]]);
    expect(skipped.slice(1)).toEqual([
      `${join(root, "b-compose/environment/docker-compose.yaml")}: must be absent (tasks of several containers are not supported)`,
      `${join(root, "c-imageless/task.toml")}: environment.docker_image must name an image if there is no environment/Dockerfile, got none`,
      `${join(root, "d-empty/instruction.md")}: must not be empty`,
    ]);
    await mkdir(join(root, "e-good", "environment"));
    await symlink("/etc/passwd", join(root, "e-good", "environment", "link"));
    await expect(tasks[0]!.readFiles("environment")).rejects.toThrow(
      "link: must be a file or a folder, got a link or a device",
    );
  });

  it("must have tasks", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(loadHarborTasks(file)).rejects.toThrow(
      `${file}: must be a folder of Harbor tasks`,
    );
    await mkdir(join(folder, "none"));
    await expect(loadHarborTasks(join(folder, "none"))).rejects.toThrow(
      "must contain a task.toml, or folders with one",
    );
  });
});

describe("variables of the host", () => {
  const resolve = (value: string, allowed: readonly string[] = []) =>
    resolveVariables({ KEY: value }, "task.toml: verifier.env", allowed, {
      SECRET: "s",
      OPEN: "o",
    });

  it("are read only if the user allows it", () => {
    expect(resolve("text ${SECRET}")).toEqual({ KEY: "text ${SECRET}" });
    expect(resolve("${OPEN}", ["OPEN"])).toEqual({ KEY: "o" });
    expect(resolve("${SECRET:-none}")).toEqual({ KEY: "none" });
    expect(resolve("${MISSING:-}", ["MISSING"])).toEqual({ KEY: "" });
    expect(() => resolve("${SECRET}", ["OPEN"])).toThrow(
      "task.toml: verifier.env.KEY must name a variable that tasks.hostVariables allows, got ${SECRET}",
    );
    expect(() => resolve("${MISSING}", ["MISSING"])).toThrow(
      "task.toml: verifier.env.KEY must name a variable that is set, got ${MISSING}",
    );
  });
});

describe("the reward", () => {
  it.for([
    [{ text: "1\n" }, { value: 1, parts: { reward: 1 } }],
    [
      { text: "0", json: "0.5" },
      { value: 0.5, parts: { reward: 0.5 } },
    ],
    [{ json: '{"reward": 0.25, "style": 1}' }, { value: 0.25, parts: { reward: 0.25, style: 1 } }],
    [{ json: '{"accuracy": 0.75}' }, { value: 0.75, parts: { accuracy: 0.75 } }],
    [{}, { problem: "the verifier wrote no reward.json and no reward.txt" }],
    [{ text: "" }, { problem: 'reward.txt must be a number, got ""' }],
    [{ text: "inf" }, { problem: 'reward.txt must be a number, got "inf"' }],
    [{ json: "{" }, { problem: 'reward.json is not valid JSON: "{"' }],
    [
      { json: '{"a": true}' },
      { problem: 'reward.json must be a number or an object of numbers, got {"a":true}' },
    ],
    [
      { json: '{"a": 1, "b": 0}' },
      { problem: "reward.json must have a number named reward, got a, b" },
    ],
  ] as const)("of %j is %j", ([files, reward]) => {
    expect(readReward(files)).toEqual(reward);
  });
});
