import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../packages/core/src/index.ts";
import { compareDigests, listDigests, listFiles } from "./compare-results.ts";
import { diskMegabytes, tryMount, type Fault } from "./faults.ts";
import { listMarked, runKillable, type Ended, type FaultMoment } from "./killable-process.ts";
import type { Scenario } from "./scenarios.ts";

/** A run with faults, and what it lost. */
export interface FaultyRun {
  readonly numFaults: number;
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
  readonly fault: Fault;
  /** Most faults of one run; after them it may end. */
  readonly maxFaults: number;
}

/**
 * Runs a scenario once undisturbed, then disturbs further runs of it by a fault at random moments: half of
 * them at any time, half right after a file changed. Each run is resumed until it ends, and must equal the
 * undisturbed one. A process that survives its fault must fail with a message, without a stack trace.
 * @yields One run after another, without end.
 * @throws `Error` if the undisturbed run fails.
 */
export async function* disturbRuns(
  scenario: Scenario,
  { program, folder, random, fault, maxFaults }: CampaignOptions,
): AsyncGenerator<FaultyRun, never> {
  const inputs = join(folder, "inputs");
  const mark = `${process.pid}-${scenario.name}`;
  await mkdir(inputs, { recursive: true });
  const run = async (
    args: readonly string[],
    watched: string,
    moment?: FaultMoment,
  ): Promise<Ended> => {
    const inject = (kill: () => void): Promise<void> => fault.inject(kill, watched);
    const ended = await runKillable([...program, ...args], {
      watched,
      mark,
      ...(moment && { fault: { moment, inject } }),
    });
    await fault.heal(watched);
    return ended;
  };
  const runWhole = async (...args: readonly string[]): Promise<string> => {
    const ended = await run(args, inputs);
    if (ended.code !== 0) throw new Error(`turnwise ${args.join(" ")}: ${describeEnd(ended)}`);
    return ended.stdout;
  };
  await scenario.prepare(inputs, runWhole);
  // Every run has the same path, because some files name it.
  const outer = join(folder, "results");
  const out = join(outer, "run");
  await mkdir(outer, { recursive: true });
  const disk = ["-t", "tmpfs", "-o", `size=${diskMegabytes}m`, "tmpfs", outer];
  if (fault.isSurvived && !tryMount(...disk)) throw new Error(`${outer}: mount needs root`);
  const clear = async (): Promise<void> => {
    for (const name of await readdir(outer)) {
      await rm(join(outer, name), { recursive: true, force: true });
    }
  };
  await clear();
  const whole = await run(scenario.start(inputs, out), outer);
  if (whole.code !== 0) throw new Error(`undisturbed run: ${describeEnd(whole)}`);
  const expected = await listDigests(outer);

  const drawMoment = (): FaultMoment =>
    random.next() < 0.5
      ? { kind: "time", milliseconds: random.next() * whole.milliseconds }
      : {
          kind: "write",
          index: Math.floor(random.next() * whole.numWrites),
          milliseconds: Math.floor(random.next() * 4),
        };
  while (true) {
    await clear();
    let numFaults = 0;
    const losses: string[] = [];
    let args = scenario.start(inputs, out);
    let ended = await run(args, outer, drawMoment());
    while (ended.code !== 0 && numFaults < maxFaults) {
      numFaults += 1;
      const isExpected = ended.code === null || (fault.isSurvived && !hasStackTrace(ended.stderr));
      if (!isExpected) losses.push(`turnwise ${args.join(" ")}: ${describeEnd(ended)}`);
      // Killed processes may take a moment to end; those that do not are reported below.
      for (let i = 0; i < 100 && (await listMarked(mark)).length > 0; i++) await sleep(20);
      const hasFiles = (await listFiles(outer)).length > 0;
      args = (hasFiles ? scenario.resume : scenario.start)(inputs, out);
      ended = await run(args, outer, numFaults < maxFaults ? drawMoment() : undefined);
    }
    if (ended.code !== 0) losses.push(`turnwise ${args.join(" ")}: ${describeEnd(ended)}`);
    const running = await listMarked(mark);
    yield {
      numFaults,
      losses: [
        ...losses,
        ...running.map((id) => `process ${id} still runs`),
        ...compareDigests(expected, await listDigests(outer)),
      ],
    };
  }
}

const hasStackTrace = (text: string): boolean => /^\s+at /mu.test(text);

const describeEnd = ({ code, stderr, stdout }: Ended): string =>
  `exit code ${code}, ${(stderr || stdout).trim().split("\n").slice(-3).join(" | ")}`;
