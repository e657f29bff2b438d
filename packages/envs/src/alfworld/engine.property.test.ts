import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GameFileError } from "./game-file-error.ts";
import { parseGameFile } from "./game-file.ts";
import type { GameState, World } from "./game.ts";
import { loadGame } from "./load-game.ts";
import type { Case } from "./pddl/cases.ts";
import { type Action, parseDomain } from "./pddl/domain.ts";
import type { AtomFormula, Term } from "./pddl/formula.ts";
import { GroundWorld } from "./pddl/ground-world.ts";
import { replayGame } from "./replay.ts";
import { smallHouse } from "./testing/small-game.ts";
import { compareCodePoints } from "./text/code-point-order.ts";
import { pythonStrip } from "../python/python-strip.ts";

const game = loadGame(smallHouse, "house");

/** The same house with two agents, so that no predicate has exactly one true fact. */
const sharedHouse = {
  ...smallHouse,
  pddl_problem: smallHouse.pddl_problem
    .replace("me - agent", "me you - agent")
    .replace("(at me hall_bar_s)", "(at me hall_bar_s) (at you den_bar_s)"),
};

const houses = fc.constantFrom(smallHouse, sharedHouse);

/** Indices of admissible commands, in order. */
const walk = fc.array(fc.nat(), { maxLength: 40 });

function take(state: GameState, choices: readonly number[]): string[] {
  return choices.map((choice) => {
    const { admissibleCommands } = state;
    const command = admissibleCommands[choice % admissibleCommands.length]!;
    state.step(command);
    return command;
  });
}

/** Texts of the letters that commands contain, and of unusual characters. */
const words = fc.oneof(
  fc.constantFrom("Look", "go  to table 1", "take", "look\u200b"),
  fc.string({
    unit: fc.constantFrom(...Array.from("lok gt12\u001c\u0085\u00a0\ufeff\u2028\u0130\ud83dß")),
  }),
);

/** All visible properties of a state. */
function view(state: GameState): Readonly<Record<string, unknown>> {
  const { observation, admissibleCommands, isWon, world } = state;
  return { observation, admissibleCommands: [...admissibleCommands], isWon, key: world.key };
}

describe("any sequence of commands", () => {
  it("answers every admissible command, and lists them sorted without repeats", () => {
    fc.assert(
      fc.property(walk, (choices) => {
        const state = game.start();
        for (const choice of choices) {
          const commands = state.admissibleCommands;
          expect([...new Set(commands)].sort(compareCodePoints)).toEqual(commands);
          expect(state.step(commands[choice % commands.length]!)).toBe(true);
          expect(state.observation).not.toBe("Nothing happens.");
        }
      }),
    );
  });

  it("changes only the answer for a command that is not admissible", () => {
    fc.assert(
      fc.property(walk, words, (choices, command) => {
        const state = game.start();
        take(state, choices);
        fc.pre(!state.admissibleCommands.includes(pythonStrip(command)));
        const before = view(state);
        expect(state.step(command)).toBe(false);
        expect(state.observation).toBe("Nothing happens.");
        expect(view(state)).toEqual({ ...before, observation: "Nothing happens." });
      }),
    );
  });

  it("does not affect clones, which behave the same way", () => {
    fc.assert(
      fc.property(walk, walk, walk, (first, second, other) => {
        const state = game.start();
        take(state, first);
        const clone = state.clone();
        const before = view(clone);
        expect(before).toEqual(view(state));
        const commands = take(state, second);
        expect(view(clone)).toEqual(before);
        const third = clone.clone();
        take(third, other);
        for (const command of commands) clone.step(command);
        expect(view(clone)).toEqual(view(state));
      }),
    );
  });

  it("does not depend on earlier episodes", () => {
    fc.assert(
      fc.property(walk, (choices) => {
        const fresh = loadGame(smallHouse, "house");
        const state = fresh.start();
        const commands = take(state, choices);
        const again = [...replayGame(game, commands, { maxSteps: Infinity })];
        expect(again).toEqual([...replayGame(fresh, commands, { maxSteps: Infinity })]);
        const last = again.at(-1)!;
        expect(last).toMatchObject({ obs: state.observation, won: state.isWon });
      }),
    );
  });

  it("changes its world like the operators", () => {
    fc.assert(
      fc.property(walk, (choices) => {
        const state = game.start();
        let world = game.initialWorld;
        for (const command of take(state, choices)) {
          world = world.apply(world.operators().find((operator) => operator.command === command)!);
        }
        expect(world.key).toBe(state.world.key);
        expect(world.isGoal).toBe(state.isWon);
        expect(world.facts("in")).toEqual(state.world.facts("in"));
        expect(world.facts("seen")).toEqual(state.world.facts("seen"));
      }),
    );
  });

  it("agrees with a test of every operator", () => {
    fc.assert(
      fc.property(houses, walk, (file, choices) => {
        const state = loadGame(file, "house").start();
        take(state, choices);
        const { world } = state;
        expect(world).toBeInstanceOf(GroundWorld);
        if (!(world instanceof GroundWorld)) return;
        expect(state.admissibleCommands).toEqual(world.commandsByScan());
      }),
    );
  });

  it("has equal keys exactly for worlds with the same facts", () => {
    const read = ["at", "opened", "in", "holds", "holdsany", "lit"];
    const factsOf = (world: World): string =>
      JSON.stringify(read.map((predicate) => world.facts(predicate)));
    fc.assert(
      fc.property(walk, walk, (first, second) => {
        const [one, other] = [game.start(), game.start()];
        take(one, first);
        take(other, second);
        const isSame = factsOf(one.world) === factsOf(other.world);
        expect(one.world.key === other.world.key).toBe(isSame);
      }),
    );
  });
});

describe("operators", () => {
  const { names, predicateList, types, actions } = parseDomain(smallHouse.pddl_domain, "house");
  let objects: { id: string; type: string }[] = [];

  /** Lists all assignments of objects to slots. */
  function bindings(action: Action, slots: readonly number[], binding: string[] = []): string[][] {
    const [slot, ...rest] = slots;
    if (slot === undefined) return [binding];
    const type = types.name(action.slotTypes[slot]!);
    return objects
      .filter((object) => type === "object" || object.type === type)
      .flatMap(({ id }) => {
        const bound = [...binding];
        bound[slot] = id;
        return bindings(action, rest, bound);
      });
  }

  /** Finds the operators of a world by trying all objects for all variables. */
  function slowOperators(world: World): string[] {
    const found = new Set<string>();
    for (const action of actions) {
      const parameters = [...action.parameters.keys()];
      for (const condition of action.cases) {
        for (const binding of bindings(action, [...parameters, ...condition.slots])) {
          if (!holds(world, condition, binding) || isVain(action, condition, binding)) continue;
          found.add([action.name, ...parameters.map((slot) => binding[slot])].join(" "));
        }
      }
    }
    return [...found].sort();
  }

  const value = (term: Term, binding: readonly string[]): string =>
    term >= 0 ? binding[term]! : names[~term]!;

  function holds(
    world: World,
    { literals, equalities, rest }: Case,
    binding: readonly string[],
  ): boolean {
    expect(rest).toEqual([]);
    return (
      literals.every(
        ({ predicate, terms, isNegated }) =>
          world.holds(
            predicateList[predicate]!.name,
            ...terms.map((term) => value(term, binding)),
          ) !== isNegated,
      ) &&
      equalities.every(
        ({ left, right, isNegated }) =>
          (value(left, binding) === value(right, binding)) !== isNegated,
      )
    );
  }

  function isVain({ effects }: Action, { literals }: Case, binding: readonly string[]): boolean {
    const write = ({ predicate, terms }: Pick<AtomFormula, "predicate" | "terms">): string =>
      [predicate, ...terms.map((term) => value(term, binding))].join(" ");
    const given = literals.map((literal) => `${literal.isNegated} ${write(literal)}`);
    const added = effects.filter(({ isDelete }) => !isDelete).map(write);
    return effects.every(
      (effect) =>
        !effect.condition &&
        (given.includes(`${effect.isDelete} ${write(effect)}`) ||
          (effect.isDelete && added.includes(write(effect)))),
    );
  }

  it("equal those that a search over all objects finds", () => {
    fc.assert(
      fc.property(houses, fc.array(fc.nat(), { maxLength: 12 }), (file, choices) => {
        objects = typedObjects(file.pddl_problem);
        // Use a fresh game each time, whose operators are created only in the order of this
        // episode.
        const state = loadGame(file, "house").start();
        take(state, choices);
        const fast = state.world
          .operators()
          .map((operator) => [operator.action, ...operator.arguments].join(" "));
        expect([...fast].sort()).toEqual(slowOperators(state.world));
      }),
      { numRuns: 40 },
    );
  });
});

/** Parses the objects of a problem in the simplest possible way. */
function typedObjects(problem: string): { id: string; type: string }[] {
  const words = /\(:objects([^)]*)\)/.exec(problem)![1]!.toLowerCase().split(/\s+/).filter(Boolean);
  const objects: { id: string; type: string }[] = [];
  let untyped: string[] = [];
  for (let at = 0; at < words.length; at++) {
    if (words[at] !== "-") {
      untyped.push(words[at]!);
      continue;
    }
    const type = words[++at]!;
    objects.push(...untyped.map((id) => ({ id, type })));
    untyped = [];
  }
  return objects;
}

describe("a corrupted file", () => {
  const scraps = [
    "(",
    ")",
    "?",
    "-",
    "and",
    "not",
    "(not",
    '"',
    "{",
    "}",
    "#",
    "|",
    "[",
    "\\",
    "é",
  ];
  const more = [
    "exists",
    "forall",
    "?x",
    ":init",
    "when",
    "()",
    "object",
    "\n",
    ";",
    "=",
    "\ud83d",
  ];

  /** Removes a piece of the text, and inserts another piece or garbage in its place. */
  const fault = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 400 })),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    put: fc.oneof(fc.constantFrom(...scraps, ...more), fc.nat({ max: 60 })),
  });

  function damage(
    text: string,
    { at, length, from, put }: typeof fault extends fc.Arbitrary<infer T> ? T : never,
  ): string {
    const start = Math.floor(at * text.length);
    const source = Math.floor(from * text.length);
    const piece = typeof put === "string" ? put : text.slice(source, source + put);
    return text.slice(0, start) + piece + text.slice(start + length);
  }

  /** Plays a few commands of a game that may be invalid. */
  function attempt(text: string, choices: readonly number[]): "played" | "refused" {
    try {
      const file = parseGameFile(text, "faulty");
      const state = loadGame(file, "faulty").start();
      take(state, choices.slice(0, state.admissibleCommands.length === 0 ? 0 : 8));
      return "played";
    } catch (error) {
      const isClear =
        error instanceof GameFileError &&
        /^faulty: (?:.* must .*, got|the file is not valid JSON:) [^\n]+$/.test(error.message);
      if (!isClear) throw error;
      return "refused";
    }
  }

  it("is either playable or rejected with a one-line error", () => {
    const counts = { played: 0, refused: 0 };
    const field = fc.constantFrom(
      "pddl_domain" as const,
      "pddl_problem" as const,
      "grammar" as const,
    );
    fc.assert(
      fc.property(
        field,
        fc.array(fault, { minLength: 1, maxLength: 3 }),
        walk,
        (name, faults, choices) => {
          const text = faults.reduce(damage, smallHouse[name]);
          counts[attempt(JSON.stringify({ ...smallHouse, [name]: text }), choices)]++;
        },
      ),
      { numRuns: 400 },
    );
    expect(Math.min(counts.played, counts.refused)).toBeGreaterThan(0);
  });

  it("is rejected if its JSON is invalid or lacks a field", () => {
    fc.assert(
      fc.property(fault, walk, (one, choices) => {
        attempt(damage(JSON.stringify(smallHouse), one), choices);
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(attempt(text, [])).toBe("refused");
      }),
    );
  });
});
