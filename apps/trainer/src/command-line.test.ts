import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { runInProcess as run } from "../e2e/in-process.ts";

const folder = await mkdtemp(join(tmpdir(), "turnwise-options-"));
afterAll(() => rm(folder, { recursive: true }));
const file = join(folder, "file.txt");
await writeFile(file, "{");

/** Invalid command lines, each with a part of its error message. */
const unusable: readonly (readonly [command: string, message: string])[] = [
  ["trian", "unknown command 'trian' (Did you mean train?)"],
  ["--verison", "unknown option '--verison' (Did you mean --version?)"],
  [
    "train",
    `experiment must be a name that "turnwise experiments" lists, or a module's path such as ./mine.ts, got none`,
  ],
  ["train alfwrld --seed 3", "got alfwrld (did you mean alfworld?)"],
  ["train --resume RUN --sed 3", "unknown option --sed"],
  ["train --resume FOLDER/none", "FOLDER/none: no such run folder"],
  ["train --resume FOLDER", "FOLDER: run folder must contain config.json"],
  ["train alfworld --sed 3", "unknown option '--sed'"],
  ["train alfworld --seed abc", "--seed <number>"],
  ["train alfworld --seed -1", "--seed <number>"],
  ["train alfworld --seed", "argument missing"],
  ["train alfworld extra", "too many arguments"],
  ["train alfworld --algorithm grop", "(did you mean grpo?)"],
  ["train alfworld --modulation eam", "(did you mean aem?)"],
  ["train alfworld --adapter-rank 4", "--model"],
  ["train alfworld --model FOLDER/none", "FOLDER/none"],
  ["train alfworld --games FOLDER/none", "FOLDER/none"],
  ["train alfworld --config FOLDER/fil.txt", "(did you mean FOLDER/file.txt?)"],
  ["train alfworld --config FOLDER/file.txt", "is not valid YAML or JSON"],
  ["train alfworld --set training", "must have the form field=value"],
  ["train alfworld --set training.iterations=-1", "training.iterations"],
  ["train alfworld --set tasks.environment=webshop", "--set: tasks."],
  ["train swebench --instances FOLDER/none.jsonl", "see --model"],
  ["train webshop --catalogue FOLDER/none", "FOLDER/none"],
  ["train webshop --catalogue FOLDER --products FOLDER/file.txt", "cannot be used with"],
  ["evaluate", "environment must be one of"],
  ["evaluate alfworld", "required option '--policy <path>' not specified"],
  ["evaluate alfworld --policy FOLDER/none", "FOLDER/none"],
  ["evaluate alfworld --policy FOLDER --temperature warm", "--temperature <number>"],
  ["evaluate alfworld --policy FOLDER --samples 0", "--samples <number>"],
  ["evaluate alfworld --policy FOLDER --num-tasks 0", "--num-tasks <number>"],
  ["evaluate alfworld --policy FOLDER --max-turns 0", "--max-turns <number>"],
  ["evaluate alfworld --policy FOLDER --provider gpu", "provider must be one of"],
  ["evaluate alfworld --policy FOLDER --precision float8", "products must be one of"],
  ["evaluate alfworld --policy FOLDER --gpu first", "--gpu <number>"],
  ["runs FOLDER/none", "FOLDER/none"],
  ["runs FOLDER", "no runs or evaluations found"],
  ["show", "missing required argument 'run'"],
  ["show FOLDER", "FOLDER/config.json: no such file"],
  ["show FOLDER --trajectory 1", "--trajectory needs --group"],
  ["show FOLDER --iteration 0", "--iteration <number>"],
  ["show FOLDER --iteration 1 --evaluation after", "cannot be used with"],
  ["create", "missing required argument 'kind'"],
  ["create modulator", "missing required argument 'name'"],
  ["create modulater mine", "(did you mean modulator?)"],
  ["create modulator Mine", "name must be at most 64 lower-case letters"],
  ["create modulator mine --out FOLDER", "must be empty or not exist, got a folder with file.txt"],
  ["create modulator mine --out FOLDER/file.txt", "must be a folder, got a file"],
  ["alfworld play FOLDER/none", "FOLDER/none"],
  ["alfworld replay FOLDER/none --commands -", "FOLDER/none"],
  ["alfworld replay FOLDER/none", "required option '--commands <file>' not specified"],
  ["alfworld generate", "required option '--out <folder>' not specified"],
  ["alfworld generate --out FOLDER/games --count 0", "--count <number>"],
  ["alfworld generate --out FOLDER/games --size huge", "Allowed choices"],
  ["alfworld generate --out FOLDER/file.txt/games --count 1", "FOLDER/file.txt"],
  ["swebench instances --instances FOLDER/none.jsonl", "FOLDER/none.jsonl"],
  ["swebench grade --instances FOLDER/none.jsonl --id a --log -", "FOLDER/none.jsonl"],
  ["swebench demo --task none --dry-run", "--task must be part of a task id"],
  ["swebench harbor --instances FOLDER/none.jsonl --out FOLDER/out", "FOLDER/none.jsonl"],
  ["swebench validate --containers 0", "--containers <number>"],
  ["swebench validate --image-budget much", "--image-budget <gigabytes>"],
  ["swebench validate --network all", "Allowed choices"],
  ["webshop search shoes --limit 0", "--limit <number>"],
  ["webshop search shoes --catalogue FOLDER/none", "FOLDER/none"],
  ["webshop search shoes --num-products 0", "--num-products <number>"],
  ["webshop replay --actions FOLDER/none", "FOLDER/none"],
  ["webshop play --num-products 20 --goal 99999", "--goal must be"],
  ["webshop site --port 99999", "--port <number>"],
  ["webshop serve --port 99999", "--port <number>"],
  ["webshop convert --products FOLDER/none --attributes FOLDER/none --out FOLDER/c", "FOLDER/none"],
  ["serve", "environment must be one of alfworld"],
  ["serve alfwrld", "(did you mean alfworld?)"],
  ["serve alfworld --port 99999", "--port <number>"],
  ["serve alfworld --host 0.0.0.0", "--token must be given unless --host is this machine"],
  ["serve alfworld --token short", "--token must have at least 16 characters, got 5"],
  ["serve alfworld --games FOLDER/none --threads 1", "FOLDER/none"],
  ["serve FOLDER/none.ts", "no such module"],
  ["policy info FOLDER/none", "FOLDER/none"],
  ["policy score FOLDER/none --ids -", "FOLDER/none"],
  ["policy generate FOLDER/none", "FOLDER/none"],
  ["policy generate FOLDER --temperature -1 --prompt a", "--temperature <number>"],
  ["policy generate FOLDER --threads 0 --prompt a", "--threads <number>"],
  ["doctor --install rocm", "Allowed choices are cuda"],
  ["doctor --jsn", "unknown option '--jsn' (Did you mean --json?)"],
];

describe("unusable input", () => {
  it.each(unusable)("turnwise %s: %s", async (command, message) => {
    const { code, stdout, stderr } = await run(command.replaceAll("FOLDER", folder).split(" "));
    expect(stderr).toMatch(/^turnwise[^\n]*\n$/u);
    expect(stderr).toContain(message.replaceAll("FOLDER", folder));
    expect(stderr).not.toContain("TURNWISE_STACK");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

it("prints its version, and help in the width of COLUMNS", async () => {
  expect(await run(["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
  const widths: number[] = [];
  for (const columns of ["100", "200"]) {
    vi.stubEnv("COLUMNS", columns);
    const { code, stdout } = await run(["evaluate", "alfworld", "--help"]);
    vi.unstubAllEnvs();
    expect(code).toBe(0);
    widths.push(Math.max(...stdout.split("\n").map(({ length }) => length)));
  }
  expect(widths[0]).toBeLessThanOrEqual(100);
  expect(widths[1]).toBeGreaterThan(100);
});
