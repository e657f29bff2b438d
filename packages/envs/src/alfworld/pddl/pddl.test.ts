import { describe, expect, it } from "vitest";
import type { Game } from "../game.ts";
import { loadGame } from "../load-game.ts";
import {
  type SmallGame,
  createAnswerAction,
  smallGame,
  smallGameFile,
} from "../testing/small-game.ts";

/** Loads a game with one action and lists the arguments of its operators at the start. */
function operatorsOf(parts: SmallGame & { pddl: string }): string[] {
  const { pddl, ...rest } = parts;
  const game = smallGame({ ...rest, actions: { act: { type: "act", say: "Done.", pddl } } });
  return game.initialWorld.operators().map((operator) => operator.arguments.join(" "));
}

const things = {
  types: "thing place",
  predicates: "(red ?x) (near ?x ?y) (hot ?x) (done ?x)",
  objects: "a b c - thing p - place",
};

describe("reading", () => {
  it("ignores case, comments and closing parentheses at the end", () => {
    const file = smallGameFile({ ...things, init: "(RED A) ; (red b)\n(Red C)" });
    const game = loadGame({ ...file, pddl_problem: `${file.pddl_problem} )) ; bye` }, "small");
    expect(game.initialWorld.facts("red")).toEqual([["a"], ["c"]]);
  });

  it("accepts a repeated fact", () => {
    const game = smallGame({ ...things, init: "(red a) (red a)" });
    expect(game.initialWorld.facts("red")).toEqual([["a"]]);
  });

  it("skips costs, negated facts, functions and metrics", () => {
    const file = smallGameFile({
      ...things,
      domain: "(:functions (total-cost) - number)",
      init: "(= (total-cost) 0) (not (red b)) (red a)",
      actions: {
        say: { ...createAnswerAction("x"), pddl: ":effect (and (increase (total-cost) 1) (used))" },
      },
    });
    const problem = file.pddl_problem.replace(/\)$/, "(:metric minimize (total-cost)))");
    const game = loadGame({ ...file, pddl_problem: problem }, "small");
    expect(game.initialWorld.facts("red")).toEqual([["a"]]);
    expect(game.start().admissibleCommands).toEqual(["say"]);
  });

  it("splits a word before a question mark", () => {
    const pddl = ":parameters (?x - thing) :precondition (near?x?x) :effect (done ?x)";
    expect(operatorsOf({ ...things, init: "(near b b)", pddl })).toEqual(["b"]);
  });
});

describe("preconditions", () => {
  const where = (precondition: string, init: string): string[] =>
    operatorsOf({
      ...things,
      init,
      pddl: `:parameters (?x - thing) :precondition ${precondition} :effect (done ?x)`,
    });

  it("may be absent or empty", () => {
    expect(where("()", "")).toEqual(["a", "b", "c"]);
    expect(where("(and)", "")).toEqual(["a", "b", "c"]);
    expect(operatorsOf({ ...things, pddl: ":effect (used)" })).toEqual([""]);
  });

  it("support and, or, not, imply and =", () => {
    const init = "(red a) (red b) (hot b) (hot c)";
    expect(where("(and (red ?x) (hot ?x))", init)).toEqual(["b"]);
    expect(where("(or (red ?x) (hot ?x))", init)).toEqual(["a", "b", "c"]);
    expect(where("(not (and (red ?x) (hot ?x)))", init)).toEqual(["a", "c"]);
    expect(where("(imply (red ?x) (hot ?x))", init)).toEqual(["b", "c"]);
    expect(where("(= ?x b)", init)).toEqual(["b"]);
    expect(where("(not (= b ?x))", init)).toEqual(["a", "c"]);
  });

  it("support exists and forall", () => {
    const init = "(near a b) (near b c) (near b a) (near b b) (red a) (red b) (red c)";
    expect(where("(exists (?y - thing) (near ?x ?y))", init)).toEqual(["a", "b"]);
    expect(where("(forall (?y - thing) (near ?x ?y))", init)).toEqual(["b"]);
    expect(where("(not (exists (?y - thing) (near ?x ?y)))", init)).toEqual(["c"]);
    expect(where("(exists (?x - thing) (near ?x ?x))", init)).toEqual(["a", "b", "c"]);
    expect(where("(forall (?p - place) (not (near ?x ?p)))", init)).toEqual(["a", "b", "c"]);
  });

  it("find nothing of a type without members, such as one with a comma", () => {
    expect(where("(exists (?y - thing, ?p - place) (red ?x))", "(red a)")).toEqual([]);
    expect(where("(or (exists (?y - nothing) (red ?x)) (hot ?x))", "(red a) (hot b)")).toEqual([
      "b",
    ]);
  });

  it("may name undeclared objects, for which no fact holds", () => {
    expect(where("(or (near ?x Nowhere) (red ?x))", "(red a)")).toEqual(["a"]);
    expect(where("(not (near ?x Nowhere))", "")).toEqual(["a", "b", "c"]);
  });

  it("are split into many cases if necessary", () => {
    const either = "(or (red ?x) (hot ?x))";
    const clauses = Array.from({ length: 12 }, () => either).join(" ");
    expect(where(`(and ${clauses})`, "(red a) (hot c)")).toEqual(["a", "c"]);
    const eight = Array.from({ length: 80 }, (_, i) => (i === 79 ? "(hot ?x)" : "(red ?x)"));
    expect(where(`(or ${eight.join(" ")})`, "(hot b)")).toEqual(["b"]);
  });
});

describe("parameters", () => {
  const near = ":parameters (?x ?y - thing) :precondition (near ?x ?y) :effect (done ?x)";

  it("may be bound to the same object", () => {
    expect(operatorsOf({ ...things, init: "(near a a) (near a b)", pddl: near })).toEqual([
      "a a",
      "a b",
    ]);
  });

  it("have a type, but the arguments of facts have none", () => {
    expect(operatorsOf({ ...things, init: "(near a p) (near p a)", pddl: near })).toEqual([]);
    const free = near.replace("?x ?y - thing", "?x ?y");
    expect(operatorsOf({ ...things, init: "(near a p)", pddl: free })).toEqual(["a p"]);
  });

  it("follow the hierarchy of types", () => {
    const hierarchy = {
      ...things,
      types: "thing - object tool - thing hammer - tool",
      objects: "h - hammer t - tool x - thing",
    };
    const act = (type: string): string[] =>
      operatorsOf({ ...hierarchy, pddl: `:parameters (?x - ${type}) :effect (done ?x)` });
    expect(act("hammer")).toEqual(["h"]);
    expect(act("tool")).toEqual(["h", "t"]);
    expect(act("thing")).toEqual(["h", "t", "x"]);
    expect(act("object")).toEqual(["h", "t", "x"]);
  });

  it("may be constants of the domain", () => {
    const domain = "(:constants king - thing)";
    const pddl = ":parameters (?x - thing) :effect (done ?x)";
    expect(operatorsOf({ ...things, domain, pddl })).toEqual(["a", "b", "c", "king"]);
  });
});

/** Performs the commands, and returns the facts of a predicate after each. */
function trace(game: Game, predicate: string, ...commands: string[]): string[][] {
  const state = game.start();
  return commands.map((command) => {
    expect(state.step(command)).toBe(true);
    return state.world.facts(predicate).map((ids) => ids.join(" "));
  });
}

describe("operators without any effect", () => {
  const exist = (pddl: string, init = ""): boolean =>
    operatorsOf({ ...things, init, pddl }).length > 0;

  it("do not exist", () => {
    expect(exist(":parameters () :precondition (used) :effect (used)", "(used)")).toBe(false);
    expect(exist(":parameters () :precondition (not (used)) :effect (not (used))")).toBe(false);
    expect(exist(":parameters () :precondition (used) :effect (and)", "(used)")).toBe(false);
    expect(exist(":parameters () :precondition (used) :effect (increase (x) 1)", "(used)")).toBe(
      false,
    );
  });

  it("exist if they have no effect only in the current state", () => {
    expect(exist(":parameters () :effect (used)", "(used)")).toBe(true);
  });

  it("are determined for each case of a precondition", () => {
    const pddl = ":parameters () :precondition (or (used) (hot a)) :effect (used)";
    // In the case where the effect already holds, the action has no effect; the other case remains.
    expect(exist(pddl, "(used)")).toBe(false);
    expect(exist(pddl, "(hot a)")).toBe(true);
  });

  it("include those that delete and add the same fact", () => {
    const move = `:parameters (?x ?y - thing) :precondition (and (red ?x) (hot ?y))
      :effect (and (not (red ?x)) (red ?y))`;
    expect(operatorsOf({ ...things, init: "(red a) (hot a) (hot b)", pddl: move })).toEqual([
      "a b",
    ]);
  });

  it("may have conditional effects", () => {
    const when = (condition: string): string =>
      `:parameters () :precondition (used) :effect (when ${condition} (not (used)))`;
    expect(exist(when("(not (used))"), "(used)")).toBe(false);
    expect(exist(when("(hot a)"), "(used)")).toBe(false);
    expect(exist(when("(used)"), "(used)")).toBe(true);
  });
});

describe("effects", () => {
  it("delete before they add", () => {
    const game = smallGame({
      ...things,
      init: "(red a)",
      actions: {
        act: {
          ...createAnswerAction("x"),
          pddl: ":effect (and (hot b) (not (red a)) (red a) (hot a))",
        },
      },
    });
    expect(trace(game, "red", "say")).toEqual([["a"]]);
    expect(trace(game, "hot", "say")).toEqual([["a", "b"]]);
  });

  it("may be conditional, on the state before", () => {
    const game = smallGame({
      ...things,
      init: "(red a)",
      actions: {
        act: {
          ...createAnswerAction("x"),
          pddl: ":effect (and (when (red a) (not (red a))) (when (not (red a)) (red a)))",
        },
      },
    });
    expect(trace(game, "red", "say", "say", "say")).toEqual([[], ["a"], []]);
  });

  it("may run over all objects of a type", () => {
    const game = smallGame({
      ...things,
      init: "(red a) (red b) (hot b) (red p)",
      actions: {
        act: {
          ...createAnswerAction("x"),
          pddl: ":effect (forall (?x - thing) (when (red ?x) (and (not (red ?x)) (done ?x))))",
        },
      },
    });
    expect(trace(game, "done", "say")).toEqual([["a", "b"]]);
    expect(trace(game, "red", "say")).toEqual([["p"]]);
  });
});

describe("operators that become possible later", () => {
  it("exist as soon as all facts that they need are true at once", () => {
    const make = (x: string): { type: string; say: string; pddl: string } => ({
      type: `make ${x}`,
      say: "Made.",
      pddl: `:parameters () :precondition (not (red ${x})) :effect (red ${x})`,
    });
    const game = smallGame({
      ...things,
      actions: {
        makea: make("a"),
        makeb: make("b"),
        pair: {
          type: "pair {x} and {y}",
          say: "Paired.",
          pddl: ":parameters (?x ?y - thing) :precondition (and (red ?x) (red ?y)) :effect (used)",
        },
      },
    });
    const state = game.start();
    expect(state.admissibleCommands).toEqual(["make a", "make b"]);
    state.step("make b");
    expect(state.admissibleCommands).toEqual(["make a", "pair b and b"]);
    const clone = state.clone();
    state.step("make a");
    expect(state.admissibleCommands).toEqual([
      "pair a and a",
      "pair a and b",
      "pair b and a",
      "pair b and b",
    ]);
    expect(clone.admissibleCommands).toEqual(["make a", "pair b and b"]);
    expect(game.start().admissibleCommands).toEqual(["make a", "make b"]);
  });

  it("include each operator once, however many variants it has", () => {
    const pddl = ":parameters (?x - thing) :precondition (or (red ?x) (hot ?x)) :effect (done ?x)";
    const game = smallGame({
      ...things,
      init: "(red a) (hot a)",
      actions: {
        act: { type: "act", say: "x", pddl },
        cool: { type: "cool", say: "x", pddl: ":effect (not (red a))" },
        warm: { type: "warm", say: "x", pddl: ":effect (not (hot a))" },
      },
    });
    const acts = (...commands: string[]): string[] => {
      const state = game.start();
      for (const command of commands) state.step(command);
      return state.world
        .operators()
        .flatMap(({ action, arguments: ids }) => (action === "act" ? ids : []));
    };
    expect(acts()).toEqual(["a"]);
    expect(acts("cool")).toEqual(["a"]);
    expect(acts("warm")).toEqual(["a"]);
    expect(acts("cool", "warm")).toEqual([]);
    // All variants of an operator return the same object.
    const one = game.start().world.operators()[0]!;
    const state = game.start();
    state.step("cool");
    expect(state.world.operators()).toContain(one);
    expect(state.world.apply(one).facts("done")).toEqual([["a"]]);
  });
});

describe("commands shared by several operators", () => {
  const game = smallGame({
    ...things,
    init: "(red a) (red b)",
    actions: {
      zap: {
        type: "touch",
        say: "Zapped {x.id}.",
        pddl: ":parameters (?x - thing) :precondition (red ?x) :effect (and (done ?x) (not (red ?x)))",
      },
      burn: {
        type: "touch",
        say: "Burnt.",
        pddl: ":precondition (hot a) :effect (used)",
      },
      heat: { type: "heat", say: "Hot.", pddl: ":effect (hot a)" },
    },
  });

  it("are listed once and perform the first operator by action and objects", () => {
    const state = game.start();
    expect(state.admissibleCommands).toEqual(["heat", "touch"]);
    state.step("touch");
    expect(state.observation).toBe("Zapped a.");
    state.step("touch");
    expect(state.observation).toBe("Zapped b.");
    expect(state.step("touch")).toBe(false);
    state.step("heat");
    expect(state.step("touch")).toBe(true);
    expect(state.observation).toBe("Burnt.");
  });

  it("leave all operators available to searches", () => {
    const operators = game.initialWorld.operators();
    expect(operators.map(({ action, arguments: ids }) => `${action} ${ids.join(" ")}`)).toEqual([
      "heat ",
      "zap a",
      "zap b",
    ]);
    expect(game.initialWorld.apply(operators[2]!).facts("done")).toEqual([["b"]]);
  });
});

describe("goals", () => {
  const isGoal = (goal: string, init: string): boolean =>
    smallGame({
      ...things,
      goal,
      init,
      actions: { act: { ...createAnswerAction("x"), pddl: ":effect (hot c)" } },
    }).initialWorld.isGoal;

  it("may be any condition, on facts that change or do not", () => {
    expect(isGoal("(red a)", "(red a)")).toBe(true);
    expect(isGoal("(red b)", "(red a)")).toBe(false);
    expect(isGoal("(and (red a) (not (hot a)))", "(red a)")).toBe(true);
    expect(isGoal("(forall (?x - thing) (hot ?x))", "(hot a) (hot b)")).toBe(false);
    expect(isGoal("(forall (?x - thing) (hot ?x))", "(hot a) (hot b) (hot c)")).toBe(true);
    expect(isGoal("(exists (?x - thing) (forall (?y - place) (near ?x ?y)))", "(near b p)")).toBe(
      true,
    );
    expect(isGoal("(exists (?x - nothing) (red a))", "(red a)")).toBe(false);
    expect(isGoal("(forall (?x - nothing) (red b))", "(red a)")).toBe(true);
    expect(isGoal("(= a a)", "")).toBe(true);
    expect(isGoal("(= a b)", "")).toBe(false);
    expect(isGoal("()", "")).toBe(true);
  });

  it("may name undeclared objects, which are in no fact", () => {
    expect(isGoal("(red somebody)", "(red a)")).toBe(false);
    expect(isGoal("(hot somebody)", "(hot a)")).toBe(false);
    expect(isGoal("(not (hot somebody))", "(hot a)")).toBe(true);
    expect(isGoal("(exists (?x) (near somebody ?x))", "(near a a)")).toBe(false);
    expect(isGoal("(= somebody anybody)", "")).toBe(false);
  });

  it("require two different objects if they say so", () => {
    const goal = `(exists (?x - thing) (and (hot ?x) (exists (?y - thing)
      (and (not (= ?x ?y)) (hot ?y)))))`;
    expect(isGoal(goal, "(hot a)")).toBe(false);
    expect(isGoal(goal, "(hot a) (hot b)")).toBe(true);
  });
});

describe("broken files", () => {
  const good = smallGameFile({
    ...things,
    init: "(red a)",
    actions: { say: createAnswerAction("x") },
  });
  const broken = (change: { domain?: [string, string]; problem?: [string, string] }): string => {
    const domain = good.pddl_domain.replace(...(change.domain ?? ["", ""]));
    const problem = good.pddl_problem.replace(...(change.problem ?? ["", ""]));
    try {
      loadGame({ ...good, pddl_domain: domain, pddl_problem: problem }, "f");
      return "no error";
    } catch (error) {
      return String(error);
    }
  };

  it("are reported with field, line, rule and value", () => {
    expect(broken({ problem: ["(red a)", "(rad a)"] })).toBe(
      'GameFileError: f: pddl_problem line 2: an initial fact must begin with a declared predicate, got "rad"',
    );
    expect(broken({ problem: ["(red a)", "(red z)"] })).toBe(
      'GameFileError: f: pddl_problem line 2: an argument of red must be a declared object, got "z"',
    );
    expect(broken({ problem: ["(red a)", "(red a b)"] })).toBe(
      'GameFileError: f: pddl_problem line 2: red must have 1 argument, got "2 of them"',
    );
    expect(broken({ problem: ["p - place", "p - palace"] })).toBe(
      'GameFileError: f: pddl_problem line 2: the type of objects must be declared, got "palace"',
    );
    expect(broken({ problem: ["a b c", "a b a"] })).toBe(
      'GameFileError: f: pddl_problem line 2: objects must be declared once, got "a"',
    );
    expect(broken({ problem: ["(:goal ())", ""] })).toBe(
      "GameFileError: f: pddl_problem line 2: the problem must have :goal, got the end of the text",
    );
    expect(broken({ problem: ["(:goal ())", "(:goal (red ?x))"] })).toBe(
      'GameFileError: f: pddl_problem line 2: a variable must be a parameter or belong to a quantifier, got "?x"',
    );
    expect(broken({ problem: ["(:goal ())", "(:goal (not (red a) (red b)))"] })).toBe(
      'GameFileError: f: pddl_problem line 2: not must have 1 argument, got "(not (red a) (red b))"',
    );
    expect(broken({ problem: ["(:goal ())", "(:goal ()) (:derived (red a) (hot a))"] })).toContain(
      'a section of the problem must be :domain, :objects, :init or :goal, got ":derived"',
    );
    expect(broken({ domain: ["(define", "(undefined"] })).toBe(
      'GameFileError: f: pddl_domain line 1: the domain must begin with (define, got "(undefined (domain small) (:requirements :adl :typing) (...',
    );
    expect(broken({ domain: ["(used))", "(used)"] })).toContain("this list must be closed");
    expect(broken({ domain: [":effect", ":effort"] })).toBe(
      'GameFileError: f: pddl_domain line 6: action say must have :parameters, :precondition and :effect, got ":effort"',
    );
    expect(broken({ domain: ["(:types", "(:typos"] })).toContain("a section must be one of domain");
    expect(broken({ problem: [")", "(".repeat(500)] })).toContain("at most 200 deep");
  });

  it("are reported if they have too many operators", () => {
    const objects = Array.from({ length: 300 }, (_, i) => `o${i}`).join(" ");
    const pddl = ":parameters (?a ?b ?c ?d - thing) :effect (done ?a)";
    expect(() =>
      smallGame({
        ...things,
        objects: `${objects} - thing`,
        actions: { act: { ...createAnswerAction("x"), pddl } },
      }),
    ).toThrow("small: pddl_domain action act must have at most 200000 operators, got more");
    const never = ":parameters (?a ?b ?c ?d - thing) :precondition (= ?d p) :effect (done ?a)";
    expect(() =>
      smallGame({
        ...things,
        objects: `${objects} - thing p - place`,
        actions: { act: { ...createAnswerAction("x"), pddl: never } },
      }),
    ).toThrow("the search for operators must take at most 5000000 steps");
  });
});
