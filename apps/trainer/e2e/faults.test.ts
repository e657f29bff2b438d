import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root, sourceArguments, runTurnwise } from "./turnwise.ts";

let folder: string;
/** In-memory file systems: one is read-only, the other holds 64 kB. */
let readOnly: string;
let small: string;
let isMounted = false;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-faults-"));
  [readOnly, small] = [join(folder, "read only"), join(folder, "small")];
  await Promise.all([readOnly, small].map((path) => mkdir(path)));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", readOnly], { stdio: "ignore" });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small], { stdio: "ignore" });
    isMounted = true;
  } catch {
    console.warn("skipped: file systems cannot be mounted here");
  }
});
afterAll(async () => {
  for (const path of [readOnly, small]) {
    try {
      execFileSync("umount", [path], { stdio: "ignore" });
    } catch {
      // It was not mounted.
    }
  }
  await rm(folder, { recursive: true, force: true });
});

/** Settings with few games and a tiny model. */
const tiny = {
  tasks: { numTraining: 8, evaluation: [{ split: "held_out", numTasks: 2 }] },
  episode: { maxTurns: 3 },
  model: { hiddenSize: 32, intermediateSize: 64, numLayers: 1, numHeads: 2, numKeyValueHeads: 1 },
  warmStart: { numDemonstrations: 8, slipShare: 0, renames: false, epochs: 1 },
  training: { iterations: 120, groupsPerIteration: 1, groupSize: 2 },
};

async function trainTiny(out: string, onOutput?: (stdout: string) => NodeJS.Signals | void) {
  const config = join(folder, "tiny.json");
  await writeFile(config, JSON.stringify(tiny));
  const args = ["train", "alfworld", "--config", config, "--out", out, "--json"];
  return runTurnwise(args, onOutput && { onOutput });
}

describe("a run", () => {
  it("prints the command that resumes it when it is interrupted", async () => {
    const out = join(folder, "it's a run");
    const isTraining = (text: string): boolean => text.includes('"stage":"iteration"');
    const { code, stderr } = await trainTiny(out, (text) =>
      isTraining(text) ? "SIGINT" : undefined,
    );
    expect(code).toBe(130);
    expect(stderr).toMatch(/^turnwise: interrupted; to resume: .*\n$/u);
    const command = stderr.slice(stderr.indexOf("to resume: ") + 11).trim();
    expect(command).toContain(String.raw`train --resume '${folder}/it'\''s a run'`);
    const printed = execFileSync("sh", ["-c", command], { cwd: root, encoding: "utf8" });
    expect(printed).toContain("resuming ");
    expect(printed).toMatch(/\nnext: node .*main\.ts evaluate alfworld --policy '/u);
  });

  it("fails in one line in a read-only folder", async ({ skip }) => {
    if (!isMounted) skip();
    const { code, stderr } = await trainTiny(join(readOnly, "run"));
    expect(stderr).toMatch(/^turnwise: [^\n]*: run folder could not be created: EROFS[^\n]*\n$/u);
    expect(code).toBe(2);
  });

  it("fails in one line on a full disk, and leaves no partial folder", async ({ skip }) => {
    if (!isMounted) skip();
    const { code, stderr } = await trainTiny(join(small, "run"));
    expect(stderr).toMatch(/^turnwise: [^\n]*ENOSPC[^\n]*; to resume: [^\n]*\n$/u);
    expect(code).toBe(1);
    await rm(join(small, "run"), { recursive: true });
    await writeFile(join(small, "filling"), new Uint8Array(64 * 1024)).catch(() => undefined);
    const full = await trainTiny(join(small, "run"));
    expect(full.stderr).toMatch(
      /^turnwise: [^\n]*run folder could not be created: ENOSPC[^\n]*\n$/u,
    );
    expect(await readdir(small)).toEqual(["filling"]);
  });

  it("checks its device before it creates its folder, in a dry run too", async () => {
    // CUDA may be available; a 64th device is not.
    const out = join(folder, "device");
    for (const parameters of [["--dry-run"], ["--out", out]]) {
      const device = ["--set", "engine.provider=cuda", "--set", "engine.gpu=63"];
      const { code, stderr } = await runTurnwise(["train", "alfworld", ...device, ...parameters]);
      expect(stderr).toMatch(
        /^turnwise: engine\.provider: cuda does not work on this machine: [^\n]*\n$/u,
      );
      expect(code).toBe(2);
    }
    expect(existsSync(out)).toBe(false);
  });
});

it.skipIf(!existsSync("/dev/full"))("reports output that cannot be written in one line", () => {
  const script = `"$0" ${sourceArguments.join(" ")} train alfworld --dry-run 2>&1 >/dev/full; echo "code $?"`;
  const printed = execFileSync("sh", ["-c", script, process.execPath], {
    cwd: root,
    encoding: "utf8",
  });
  expect(printed).toMatch(/turnwise: ENOSPC: [^\n]*\ncode 1\n$/u);
  expect(printed).not.toContain("    at ");
});
