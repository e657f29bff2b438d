/**
 * Speed of the ALFWorld engine: hundreds of concurrent episodes with uniformly random admissible
 * commands. A step includes its observation, its list of admissible commands and the goal test.
 *
 * Also compares, in alternation: the engine's search for admissible commands against testing every
 * known operator; and loading games with a shared domain and grammar against games that each have
 * their own domain and grammar.
 *
 *     npx tsx --conditions=turnwise-source bench/alfworld-engine.bench.ts [folder or archive of
 *     games]
 *
 * Without an argument it plays the released games in ../shared/alfworld if they exist, otherwise
 * generated games.
 */
import { existsSync } from "node:fs";
import { createRandom } from "@turnwise/core";
import {
  type Episode,
  type Game,
  type GameFile,
  generateGames,
  loadGame,
  openGames,
  startEpisode,
} from "@turnwise/envs/alfworld";
import { GroundWorld } from "../packages/envs/src/alfworld/pddl/ground-world.ts";

const released = "../shared/alfworld/all_games.jsonl.br";
const path = process.argv[2] ?? (existsSync(released) ? released : undefined);
const random = createRandom(1);
const numGames = 64;
const groupSize = 8;
const numRounds = 6;

/** Measures wall-clock and CPU time of a function, milliseconds. */
function timed(run: () => void): { wall: number; cpu: number } {
  const cpu = process.cpuUsage();
  const start = performance.now();
  run();
  const wall = performance.now() - start;
  const used = process.cpuUsage(cpu);
  return { wall, cpu: (used.user + used.system) / 1000 };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function rate(times: readonly { wall: number; cpu: number }[], count: number): string {
  const perSecond = (kind: "wall" | "cpu"): string =>
    Math.round((count / median(times.map((time) => time[kind]))) * 1000).toLocaleString("en");
  return `${perSecond("wall")}/s of wall-clock time, ${perSecond("cpu")}/s of CPU time`;
}

async function files(): Promise<{ name: string; file: GameFile }[]> {
  if (path === undefined) {
    return generateGames({ seed: 1, count: 200, size: "large" }).map((game) => ({
      name: game.name,
      file: game,
    }));
  }
  const start = performance.now();
  const set = await openGames(path);
  console.log(
    `opened ${set.tasks.length} games of ${path} in ${Math.round(performance.now() - start)} ms`,
  );
  const drawn = random.shuffle(set.tasks).slice(0, 400);
  const reading: { name: string; file: GameFile }[] = [];
  const begin = performance.now();
  for (const { id } of drawn) reading.push({ name: id, file: await set.read(id) });
  const perSecond = (drawn.length / (performance.now() - begin)) * 1000;
  console.log(`read ${Math.round(perSecond)} files/s`);
  return reading;
}

/** Plays all episodes to their end, and returns the number of steps and of characters. */
function play(
  episodes: readonly Episode[],
  admissible: (episode: Episode) => readonly string[],
): { steps: number; read: number } {
  let steps = 0;
  let read = 0;
  for (let turn = 0; turn < 50; turn++) {
    for (const episode of episodes) {
      if (episode.isDone) continue;
      const commands = admissible(episode);
      episode.step(commands[Math.floor(random.next() * commands.length)]!);
      read += episode.observation.length + commands.length;
      steps++;
    }
  }
  for (const episode of episodes) read += admissible(episode).length;
  return { steps, read };
}

const all = await files();
console.log(`\nloads, ${all.length} games`);
{
  const shared: { wall: number; cpu: number }[] = [];
  const alone: { wall: number; cpu: number }[] = [];
  for (let round = 0; round < numRounds; round++) {
    const some = all.slice(0, 100);
    const runs = [
      () => shared.push(timed(() => some.forEach(({ name, file }) => loadGame(file, name)))),
      () =>
        alone.push(
          timed(() => {
            some.forEach(({ name, file }, i) => {
              // A different comment makes each domain unique, so that nothing is shared.
              const own = `; ${round} ${i}\n${file.pddl_domain}`;
              loadGame({ ...file, pddl_domain: own }, name);
            });
          }),
        ),
    ];
    for (const run of round % 2 === 0 ? runs : runs.reverse()) run();
  }
  console.log(`  shared domain and grammar  ${rate(shared, 100)}`);
  console.log(`  each with its own          ${rate(alone, 100)}`);
  const cpu = (times: typeof shared): number => median(times.map((time) => time.cpu));
  console.log(`  ratio ${(cpu(alone) / cpu(shared)).toFixed(1)}`);
}

console.log(
  `\nsteps, ${numGames} games, ${groupSize} episodes each at once, uniformly random commands`,
);
{
  const first: { wall: number; cpu: number }[] = [];
  const again: { wall: number; cpu: number }[] = [];
  const scanned: { wall: number; cpu: number }[] = [];
  const oneByOne: { wall: number; cpu: number }[] = [];
  const counts: number[] = [];
  const engine = ({ admissibleCommands }: Episode): readonly string[] => admissibleCommands;
  const scan = ({ state: { world } }: Episode): readonly string[] => {
    if (!(world instanceof GroundWorld)) throw new TypeError("the world must be the engine's");
    return world.commandsByScan();
  };
  for (let round = 0; round < numRounds; round++) {
    const offset = (round * numGames) % Math.max(1, all.length - numGames);
    const games = all
      .slice(offset, offset + numGames)
      .map(({ name, file }): Game => loadGame(file, name));
    const begin = (): Episode[] =>
      games.flatMap((game) => Array.from({ length: groupSize }, () => startEpisode(game)));
    const run = (times: typeof first, admissible: typeof engine, atOnce = true): void => {
      const episodes = begin();
      const result = { steps: 0, read: 0 };
      const time = timed(() => {
        for (const some of atOnce ? [episodes] : episodes.map((episode) => [episode])) {
          const { steps, read } = play(some, admissible);
          result.steps += steps;
          result.read += read;
        }
      });
      if (result.read === 0) throw new Error("nothing was played");
      counts.push(result.steps);
      // Scale to equal numbers of steps, because early wins shorten a round.
      const scale = (numGames * groupSize * 50) / result.steps;
      times.push({ wall: time.wall * scale, cpu: time.cpu * scale });
    };
    run(first, engine);
    const runs = [
      () => run(again, engine),
      () => run(scanned, scan),
      () => run(oneByOne, engine, false),
    ];
    for (const one of round % 2 === 0 ? runs : runs.reverse()) one();
  }
  const count = numGames * groupSize * 50;
  console.log(`  games played for the first time  ${rate(first, count)}`);
  console.log(`  games played before              ${rate(again, count)}`);
  console.log(`  the same, testing all operators  ${rate(scanned, count)}`);
  console.log(`  one episode after the other      ${rate(oneByOne, count)}`);
  const cpu = (times: typeof first): number => median(times.map((time) => time.cpu));
  console.log(`  testing all operators takes ${(cpu(scanned) / cpu(again)).toFixed(1)} x as long`);
  console.log(`  one by one takes ${(cpu(oneByOne) / cpu(again)).toFixed(2)} x as long`);
}
