/**
 * Time to find a shortest plan from the start of generated games: the expert against plain
 * breadth-first search, in alternation. Also the time to generate a game compared to loading it.
 *
 *     npx tsx --conditions=turnwise-source bench/alfworld-expert.bench.ts [games]
 */
import {
  breadthFirstPlan,
  generateGames,
  householdSizes,
  loadGame,
  shortestPlan,
} from "@turnwise/envs/alfworld";

const [numGames = 60] = process.argv.slice(2).map(Number);

/** Runs a function and appends its duration to a list, milliseconds. */
function timed<T>(times: number[], run: () => T): T {
  const start = performance.now();
  const result = run();
  times.push(performance.now() - start);
  return result;
}

function summary(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length;
  return `mean ${mean.toFixed(2)} ms, median ${sorted[sorted.length >> 1]!.toFixed(2)}, worst ${sorted.at(-1)!.toFixed(1)}`;
}

function mean(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0) / times.length;
}

for (const size of householdSizes) {
  const making: number[] = [];
  const loading: number[] = [];
  const expert: number[] = [];
  const search: number[] = [];
  let numCommands = 0;
  for (let i = 0; i < numGames; i++) {
    const file = timed(making, () => generateGames({ seed: i, count: 1, size })[0]!);
    const game = timed(loading, () => loadGame(file, file.name));
    const runs = [
      () => timed(expert, () => shortestPlan(game.initialWorld)),
      // Skip large rooms, where breadth-first search takes seconds.
      ...(size === "large" ? [] : [() => timed(search, () => breadthFirstPlan(game.initialWorld))]),
    ];
    for (const run of i % 2 === 0 ? runs : runs.reverse()) numCommands += run()?.length ?? 0;
  }
  console.log(`${size} (${numGames} games, ${numCommands} commands planned)`);
  console.log(`  make    ${summary(making)}`);
  console.log(`  load    ${summary(loading)}`);
  console.log(`  expert  ${summary(expert)}`);
  if (search.length > 0) {
    console.log(
      `  search  ${summary(search)}: ${(mean(search) / mean(expert)).toFixed(1)} x expert`,
    );
  }
}
