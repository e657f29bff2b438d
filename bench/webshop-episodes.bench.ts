/**
 * Steps, searches and episodes per CPU second on one core, and memory per session: 128 concurrent
 * sessions play the same oracle episodes, in the modes `text`, `text_rich` and `html` in turn. A step
 * is an action with its observation and its available actions.
 *
 * Uses the thousand products of the released data if they are next to the repository (one core of the
 * original WebShop makes 27 steps per second with them), otherwise generated ones.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  embeddedShop,
  readCatalogue,
  Shop,
  shopOracle,
  ShopSession,
  type ObservationMode,
} from "@turnwise/envs/webshop";

/** Steps per CPU second of the original WebShop on the thousand products: 36 CPU ms per step. */
const referenceSteps = 27;
const numSessions = 128;

const data = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "shared", "webshop");
const started = performance.now();
const isReal = existsSync(data);
const shop = isReal
  ? new Shop(
      await readCatalogue({
        products: join(data, "items_shuffle_1000.reconstructed.json.gz"),
        attributes: join(data, "items_ins_v2_1000.json.gz"),
      }),
    )
  : embeddedShop({ numProducts: 1000 });
console.log(
  `${shop.catalogue.size} ${isReal ? "released" : "generated"} products, ${shop.goals.size} goals, ` +
    `opened in ${((performance.now() - started) / 1000).toFixed(2)} s`,
);

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/**
 * Actions of the oracle for the goals of one round; computed in advance, so that they are not
 * measured.
 */
const episodes = Array.from({ length: numSessions }, (_, i) => {
  const goal = Math.floor((i * shop.goals.size) / numSessions);
  const oracle = shopOracle(shop, goal);
  const actions: string[] = [];
  for (let action = oracle.next(""); action !== undefined; action = oracle.next("")) {
    actions.push(action);
  }
  return { goal, actions };
});

interface Rate {
  steps: number;
  episodes: number;
  seconds: number;
  characters: number;
}

/** Consumes the results of steps, so that they are not optimized away. */
let numActions = 0;
let lastCharacters = 0;

function playRound(mode: ObservationMode, rate: Rate): void {
  const begun = cpuSeconds();
  const sessions = episodes.map(({ goal }) => new ShopSession(shop, goal));
  const longest = Math.max(...episodes.map(({ actions }) => actions.length));
  for (let turn = 0; turn < longest; turn++) {
    sessions.forEach((session, i) => {
      const action = episodes[i]!.actions[turn];
      if (action === undefined) return;
      session.act(action);
      const text = session.observe(mode);
      numActions += session.availableActions.clickables.length;
      rate.characters += text.length;
      // Reading a character makes the JavaScript engine flatten a concatenated string.
      lastCharacters += text.charCodeAt(text.length - 1);
      rate.steps += 1;
    });
  }
  rate.episodes += sessions.length;
  rate.seconds += cpuSeconds() - begun;
}

const modes = ["text", "text_rich", "html"] as const;
const rates = new Map(
  modes.map((mode) => [mode, { steps: 0, episodes: 0, seconds: 0, characters: 0 }]),
);
for (let round = 0; round < 11; round++) {
  for (const mode of modes) {
    const rate = rates.get(mode)!;
    playRound(mode, rate);
    // The first round warms up the compiler.
    if (round === 0) rates.set(mode, { steps: 0, episodes: 0, seconds: 0, characters: 0 });
  }
}
if (numActions * lastCharacters === 0) throw new Error("nothing was seen");
for (const [mode, rate] of rates) {
  const steps = rate.steps / rate.seconds;
  console.log(
    `${mode.padEnd(9)} ${steps.toFixed(0).padStart(7)} steps/s, ` +
      `${(rate.episodes / rate.seconds).toFixed(0).padStart(5)} episodes/s, ` +
      `${(rate.characters / rate.steps).toFixed(0)} characters a step` +
      (isReal ? `, ${(steps / referenceSteps).toFixed(0)} times the reference` : ""),
  );
}

const queries = episodes.map(({ goal }) => shop.goals.goal(goal).instructionText);
const begun = cpuSeconds();
for (let round = 0; round < 20; round++) for (const query of queries) shop.rank(query);
const searchSeconds = cpuSeconds() - begun;
console.log(
  `searches with whole instructions: ${((20 * queries.length) / searchSeconds).toFixed(0)}/s`,
);

// Measure the memory of a waiting session, on an item page.
globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
const waiting = Array.from({ length: 5000 }, (_, i) => {
  const { goal, actions } = episodes[i % numSessions]!;
  const session = new ShopSession(shop, goal);
  for (const action of actions.slice(0, -1)) session.act(action);
  return session;
});
globalThis.gc?.();
const held = (process.memoryUsage().heapUsed - before) / waiting.length;
console.log(
  `${(held / 1024).toFixed(1)} kB a session` +
    (globalThis.gc === undefined ? " (an upper bound: run with --expose-gc)" : ""),
);
