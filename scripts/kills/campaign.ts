import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../packages/core/src/index.ts";
import { compareDigests, listDigests } from "./compare-results.ts";
import { listMarked, runKillable, type Ended, type KillMoment } from "./killable-process.ts";
import type { Scenario } from "./scenarios.ts";

/** A run that was killed, and what it lost. */
export interface KilledRun {
  readonly numKills: number;
  /** Differences to the undisturbed run; empty if nothing was lost. */
  readonly losses: readonly string[];
}

/** Program and place of a campaign. */
export interface CampaignOptions {
  /** Node arguments before the arguments of `turnwise`. */
  readonly program: readonly string[];
  /** Empty folder for inputs and results. */
  readonly folder: string;
  readonly random: Random;
  /** Most kills of one run; after them it may end. */
  readonly maxKills: number;
}

/**
 * Runs a scenario once undisturbed, then kills further runs of it at random moments: half of them at any
 * time, half right after a file changed. Each run is resumed until it ends, and must equal the
 * undisturbed one.
 * @yields One killed run after another, without end.
 * @throws `Error` if the undisturbed run fails.
 */
export async function* killRuns(
  scenario: Scenario,
  { program, folder, random, maxKills }: CampaignOptions,
): AsyncGenerator<KilledRun, never> {
  const inputs = join(folder, "inputs");
  const mark = `${process.pid}-${scenario.name}`;
  await mkdir(inputs, { recursive: true });
  const run = async (
    args: readonly string[],
    watched: string,
    moment?: KillMoment,
  ): Promise<Ended> =>
    runKillable([...program, ...args], { watched, mark, ...(moment && { moment }) });
  const runWhole = async (...args: readonly string[]): Promise<string> => {
    const ended = await run(args, inputs);
    if (ended.code !== 0) throw new Error(`turnwise ${args.join(" ")}: ${describeEnd(ended)}`);
    return ended.stdout;
  };
  await scenario.prepare(inputs, runWhole);
  // Every run has the same path, because some files name it.
  const outer = join(folder, "results");
  const out = join(outer, "run");
  const clear = async (): Promise<void> => {
    await rm(outer, { recursive: true, force: true });
    await mkdir(outer, { recursive: true });
  };
  await clear();
  const whole = await run(scenario.start(inputs, out), outer);
  if (whole.code !== 0) throw new Error(`undisturbed run: ${describeEnd(whole)}`);
  const expected = await listDigests(outer);

  const drawMoment = (): KillMoment =>
    random.next() < 0.5
      ? { kind: "time", milliseconds: random.next() * whole.milliseconds }
      : {
          kind: "write",
          index: Math.floor(random.next() * whole.numWrites),
          milliseconds: Math.floor(random.next() * 4),
        };
  while (true) {
    await clear();
    let numKills = 0;
    let args = scenario.start(inputs, out);
    let ended = await run(args, outer, drawMoment());
    while (ended.code === null) {
      numKills += 1;
      args = scenario.resume(inputs, out);
      const exists = (await listDigests(outer)).size > 0;
      if (!exists) args = scenario.start(inputs, out);
      ended = await run(args, outer, numKills < maxKills ? drawMoment() : undefined);
    }
    const losses = ended.code === 0 ? [] : [`turnwise ${args.join(" ")}: ${describeEnd(ended)}`];
    const running = await listMarked(mark);
    yield {
      numKills,
      losses: [
        ...losses,
        ...running.map((id) => `process ${id} still runs`),
        ...compareDigests(expected, await listDigests(outer)),
      ],
    };
  }
}

const describeEnd = ({ code, stderr, stdout }: Ended): string =>
  `exit code ${code}, ${(stderr || stdout).trim().split("\n").slice(-3).join(" | ")}`;
