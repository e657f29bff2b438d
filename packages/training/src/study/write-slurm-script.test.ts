import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { writeSlurmScript } from "./write-slurm-script.ts";

const settings = { engine: { threads: 2 } } as ExperimentSettings;
const options = {
  name: "toy",
  sha256: "0123456789abcdef",
  plans: ["games-none-seed1", "games-aem-seed1"].map((name) => ({ name, settings })),
  command: "echo 'study cell' toy.yaml",
  options: "--out study",
  folder: "/tmp",
  logs: "/logs",
  memoryMebibytes: 512,
};

describe("writeSlurmScript", () => {
  it("runs the cell of its array task", () => {
    const script = writeSlurmScript({ ...options, maxRunning: 8, sbatch: ["--partition=cpu"] });
    expect(script.split("\n").filter((line) => line.startsWith("#SBATCH"))).toEqual([
      "#SBATCH --job-name=toy",
      "#SBATCH --array=0-1%8",
      "#SBATCH --ntasks=1",
      "#SBATCH --cpus-per-task=2",
      "#SBATCH --mem=512M",
      "#SBATCH --output=/logs/slurm-%A-%a.log",
      "#SBATCH --partition=cpu",
    ]);
    const env = { ...process.env, SLURM_ARRAY_TASK_ID: "1" };
    const output = execFileSync("bash", ["-s"], { input: script, env, encoding: "utf8" });
    expect(output).toBe("study cell toy.yaml games-aem-seed1 --out study\n");
  });

  it("refuses no cells, and options of several lines", () => {
    expect(() => writeSlurmScript({ ...options, plans: [] })).toThrow(
      "writeSlurmScript: plans must not be empty, got length 0",
    );
    expect(() => writeSlurmScript({ ...options, sbatch: ["--x\nrm"] })).toThrow(
      String.raw`writeSlurmScript: each option of sbatch must be one line, got "--x\nrm"`,
    );
  });
});
