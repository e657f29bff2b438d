import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { loadGame } from "../load-game.ts";
import {
  type SmallGame,
  createAnswerAction,
  smallGame,
  smallGameFile,
} from "../testing/small-game.ts";
import { compareCodePoints } from "./code-point-order.ts";
import { entityNames } from "./entity-names.ts";
import { parseGrammarFile } from "./grammar-file.ts";
import { pythonStrip } from "../../python/python-strip.ts";
import { parseSymbols } from "./symbols.ts";

const things = {
  types: "thing place",
  predicates: "(red ?x) (in ?x ?y) (done ?x)",
  objects: "b a c - thing q p - place",
  init: "(in c q) (in a q) (in b p) (in a p) (red b)",
};

/**
 * Returns a game's answer to a command whose action has the given parameters and is always
 * applicable.
 */
function say(text: string, parts: SmallGame = {}, parameters = ""): string {
  const pddl = `:parameters (${parameters}) :effect (used)`;
  const game = smallGame({
    ...things,
    ...parts,
    actions: { say: { ...createAnswerAction(text), pddl } },
  });
  const state = game.start();
  state.step("say");
  return state.observation;
}

describe("lists", () => {
  it("join items with commas, and with a comma and `and` before the last", () => {
    const list = "[{x.id | in(x: thing, y: place)}]";
    expect(say(list, { init: "" })).toBe("nothing");
    expect(say(list, { init: "(in a p)" })).toBe("a");
    expect(say(list, { init: "(in a p) (in b p)" })).toBe("a, and b");
    expect(say(list, { init: "(in a p) (in b p) (in c p)" })).toBe("a, b, and c");
  });

  it("take their separators from the grammar", () => {
    const rules = { list_empty: "void", list_separator: "; ", list_last_separator: " + " };
    expect(say("[{x.id | red(x: thing)}]", { rules, init: "" })).toBe("void");
    // A semicolon cuts the text off, and white space at the start is dropped.
    expect(say("[{x.id | in(x: thing, y: place)}]", { rules })).toBe("aab+ c");
  });

  it("are concatenated without brackets", () => {
    expect(say("{x.id | in(x: thing, y: place)}")).toBe("aabc");
  });

  it("without a query have one item", () => {
    expect(say("[{'x'}]")).toBe("x");
  });
});

describe("queries", () => {
  it("answer in the order of ids, argument by argument, conjunct by conjunct", () => {
    expect(say("[{x.id + y.id | in(x: thing, y: place)}]")).toBe("ap, aq, bp, and cq");
    expect(say("[{y.id + x.id | in(x: thing, y: place) & red(z: thing)}]")).toBe("pa, qa, and qc");
    expect(say("[{x.id + z.id | in(x: thing, y: place) & in(z: thing, y: place)}]")).toBe(
      "ab, ac, ba, and ca",
    );
  });

  it("never bind two variables to one object, including the parameters of the action", () => {
    expect(say("[{x.id | in(x: thing, y: place)}]", {}, "?t - thing")).toBe("b, and c");
    expect(say("[{x.id | in(x: thing, y: place)}]", {}, "?x - thing")).toBe("a, and a");
  });

  it("identify a variable by its name and its type", () => {
    // A variable with another type is another variable, which shadows the first in the rest of the
    // text.
    const hierarchy = {
      types: "tool - thing thing place",
      objects: "a - tool b - thing p - place",
    };
    const text = "[{x.id | in(x: thing, y: place)}]";
    const parts = { ...hierarchy, init: "(in a p) (in b p)" };
    expect(say(text, parts, "?x - tool")).toBe("b");
    expect(say(text.replace("x: thing", "x: tool"), parts, "?x - tool")).toBe("a");
  });

  it("find objects of the given type or a subtype", () => {
    const parts = {
      types: "tool - thing thing place",
      objects: "a - tool b - thing p - place",
      init: "(in a p) (in b p)",
    };
    expect(say("[{x.id | in(x: tool, y: place)}]", parts)).toBe("a");
    expect(say("[{x.id | in(x: thing, y: place)}]", parts)).toBe("a, and b");
    expect(say("[{x.id | in(x: object, y: object)}]", parts)).toBe("a, and b");
    expect(say("[{x.id | in(x: unknown, y: place)}]", parts)).toBe("nothing");
  });

  it("find nothing for unknown predicates, upper-case names and wrong numbers of arguments", () => {
    expect(say("[{x.id | blue(x: thing)}]")).toBe("nothing");
    expect(say("[{x.id | RED(x: thing)}]")).toBe("nothing");
    expect(say("[{x.id | in(x: thing)}]")).toBe("nothing");
    expect(say("[{x.id | not_red(x: thing)}]")).toBe("nothing");
    expect(say("[{x.id | not_in(x: thing, y: place)}]")).toBe("nothing");
  });
});

describe("rules", () => {
  it("are tried in turn until a condition has an answer", () => {
    const rules = {
      what: [
        { condition: "red(x: place)", rhs: "place" },
        { condition: "red(x: thing) & in(x: thing, y: place)", rhs: "thing" },
        { rhs: "none" },
      ],
    };
    expect(say("#what#", { rules })).toBe("thing");
    expect(say("#what#", { rules, init: "(red b)" })).toBe("none");
  });

  it("bind no variables in their condition", () => {
    const rules = { what: [{ condition: "red(x: thing)", rhs: "{x.id}" }] };
    expect(() => say("#what#", { rules })).toThrow(
      'small: grammar: expression in rule "what" must use variables in scope, got "x"',
    );
  });

  it("are named by all text between the marks, including arguments", () => {
    const rules = { "two(x, y)": "{x.id} of {y.id}" };
    expect(say("[{#two(x, y)# | in(x: thing, y: place) & red(x: thing)}]", { rules })).toBe(
      "b of p",
    );
  });

  it("of later blocks follow those of earlier ones", () => {
    const grammar = parseGrammarFile(
      `grammar :: """{"a": [{"rhs": "1"}]}""";
       # a comment
       action Say { template :: "say"; feedback :: "#a#";
         grammar :: """{
           # a comment within
           "a": [{"rhs": "2", "weight": 3}]}""";
         pddl :: """ignored""";
       }`,
      "g",
    );
    expect(grammar.rules.get("a")).toEqual([
      { rhs: "1", condition: undefined },
      { rhs: "2", condition: undefined },
    ]);
    expect(grammar.actions.get("say")).toEqual({ template: "say", feedback: "#a#" });
  });
});

describe("expressions", () => {
  it("are attributes, texts, concatenations and alternatives", () => {
    const value = (expression: string): string => say(`{${expression} | red(x: thing)}`);
    expect(value("x")).toBe("b");
    expect(value("x.name")).toBe("b");
    expect(value("x.id + x.type")).toBe("bthing");
    expect(value("x.indefinite + ' ' + x.name")).toBe("a b");
    expect(value("x.definite")).toBe("the");
    expect(value("'' or x.name or x.id")).toBe("b");
  });

  it("of any other form are rejected", () => {
    for (const expression of ["x.colour", "x +", "x y", "1", "x.name.upper()"]) {
      expect(() => say(`{${expression} | red(x: thing)}`)).toThrow(/^small: grammar: /);
    }
  });
});

describe("right-hand sides", () => {
  const shape = (text: string): string =>
    parseSymbols(text)
      .map((symbol) => (symbol.kind === "text" ? symbol.text : `<${symbol.kind}>`))
      .join("");

  it("lose white space, or a comment line, at their very start", () => {
    expect(shape("\n  Hello\n  you\n")).toBe("Hello\n  you\n");
    expect(shape("\u0085\u00a0x")).toBe("x");
    expect(shape("// note\n  Hello")).toBe("  Hello");
    expect(shape("// note")).toBe("");
    expect(shape("Hello // you")).toBe("Hello // you");
  });

  it("lose tabs before a symbol, not those within a text", () => {
    expect(shape("\t\nx")).toBe("\nx");
    expect(shape("a\tb\t{x}\t\tc")).toBe("a\tb\t<each>c");
  });

  it("lose quotation marks around plain text", () => {
    expect(shape('say "hello" now')).toBe("say hello now");
  });

  it("are cut off at the first character that is not a symbol", () => {
    for (const cut of [
      "; b",
      "| b",
      "< b",
      "> b",
      "[b] c",
      "# b",
      "} b",
      '" b',
      "{} b",
      "{x[1]} b",
    ]) {
      expect(shape(`a ${cut}`)).toBe("a ");
    }
    expect(shape("{x} (in the {y})} more")).toBe("<each> (in the <each>)");
  });

  it("may be empty", () => {
    expect(shape("")).toBe("");
    expect(say("a#none#b", { rules: { none: "" } })).toBe("ab");
  });

  it("have the line breaks of the file, in texts of actions too", () => {
    expect(say("\nCommands:\n  say: say it\n")).toBe("Commands:\n  say: say it\n");
  });
});

describe("the memory of actions", () => {
  const switches = (condition: string): string[] => {
    const game = smallGame({
      ...things,
      rules: {
        state: [
          { condition: "done(x: thing)", rhs: "on" },
          { condition: "not_done(x: thing)", rhs: "off" },
          { rhs: "unknown" },
        ],
      },
      actions: {
        switch: {
          type: "switch",
          say: "#state#",
          pddl: `:parameters (?x - thing) :precondition (red ?x) :effect ${condition}`,
        },
        wait: {
          type: "wait",
          say: "#state#",
          pddl: ":parameters (?x - thing) :precondition (red ?x) :effect (used)",
        },
      },
    });
    const state = game.start();
    return ["wait", "switch", "wait"].map((command) => {
      state.step(command);
      return state.observation;
    });
  };

  it("tells texts which facts an action added or deleted", () => {
    expect(switches("(done ?x)")).toEqual(["unknown", "on", "on"]);
    expect(switches("(not (done ?x))")).toEqual(["unknown", "off", "off"]);
  });

  it("includes conditional effects whether or not their condition held, deletions last", () => {
    expect(switches("(when (done ?x) (not (done ?x)))")).toEqual(["unknown", "off", "off"]);
    expect(
      switches("(and (when (done ?x) (not (done ?x))) (when (not (done ?x)) (done ?x)))"),
    ).toEqual(["unknown", "off", "off"]);
  });
});

describe("numbered names", () => {
  const all = (ids: readonly string[]): boolean[] => ids.map(() => true);

  it("count down along the ids of a base", () => {
    const ids = ["cup_bar_1", "cup_bar_2", "cup_bar_3", "mug_bar_9"];
    expect(entityNames(ids, all(ids), "numbered")).toEqual(["cup 3", "cup 2", "cup 1", "mug 1"]);
  });

  it("recognize basins wherever the id contains basin", () => {
    const ids = ["bathtub_bar_1_bar_sinkbasin", "sink_bar_1", "sink_bar_1_bar_sinkbasin"];
    expect(entityNames(ids, all(ids), "numbered")).toEqual([
      "bathtubbasin 1",
      "sink 1",
      "sinkbasin 1",
    ]);
  });

  it("keep ids of another form, with a blank appended", () => {
    const ids = ["agent1", "cuptype", "loc_minus_1_dot_5"];
    expect(entityNames(ids, all(ids), "numbered")).toEqual(["agent1 ", "cuptype ", "loc-1.5 "]);
  });

  it("do not count objects that no initial fact mentions", () => {
    const ids = ["cup_bar_1", "cup_bar_2"];
    expect(entityNames(ids, [false, true], "numbered")).toEqual(["cup_bar_1", "cup 1"]);
  });

  it("can be in random order, the same for the same seed", () => {
    const ids = Array.from({ length: 9 }, (_, i) => `cup_bar_${i}`);
    const names = entityNames(ids, all(ids), "numbered", createRandom(1));
    expect([...names].sort()).toEqual([...entityNames(ids, all(ids), "numbered")].sort());
    expect(names).not.toEqual(entityNames(ids, all(ids), "numbered"));
    expect(names).toEqual(entityNames(ids, all(ids), "numbered", createRandom(1)));
  });
});

describe("Python's text operations", () => {
  it("strips Python's white space", () => {
    expect(
      pythonStrip(
        " \t\n\v\f\r\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2000\u200a\u2028x y\u2029\u202f\u205f\u3000",
      ),
    ).toBe("x y");
    expect(pythonStrip("\ufeffx\u200b")).toBe("\ufeffx\u200b");
    expect(pythonStrip(" \n ")).toBe("");
  });

  it("sorts by code point", () => {
    const sorted = ["cabinet 10", "cabinet 2", "cabinet", "\uff5e", "\u{1f600}", "Z", "a"].sort(
      compareCodePoints,
    );
    expect(sorted).toEqual(["Z", "a", "cabinet", "cabinet 10", "cabinet 2", "\uff5e", "\u{1f600}"]);
    expect(compareCodePoints("a", "a")).toBe(0);
  });
});

describe("sharing", () => {
  const file = smallGameFile({
    ...things,
    actions: { say: createAnswerAction("#task# [{x.id | red(x: thing)}]") },
  });
  const withGoal = (goal: string): { goal: string; says: string } => {
    const grammar = file.grammar.replace("have fun", goal);
    const game = loadGame({ ...file, grammar }, goal);
    const state = game.start();
    state.step("say");
    return { goal: game.goal, says: state.observation };
  };

  it("keeps the goals apart in games that differ in nothing else", () => {
    for (const goal of ["be good", "be better", "a", ""]) {
      expect(withGoal(goal)).toEqual({ goal, says: `Your task is to: ${goal}. b` });
    }
  });

  it("expands goals with grammar symbols", () => {
    expect(withGoal("use #list_empty#")).toEqual({
      goal: "use nothing",
      says: "Your task is to: use nothing. b",
    });
    expect(withGoal("stop; here").says).toBe("Your task is to: stop b");
    expect(withGoal('say \\"hi\\"').says).toBe("Your task is to: say hi. b");
    expect(withGoal("be good").says).toBe("Your task is to: be good. b");
  });
});

describe("broken grammars", () => {
  const file = smallGameFile({ ...things, actions: { say: createAnswerAction("Hello") } });
  const broken = (from: string, to: string): string => {
    try {
      const state = loadGame({ ...file, grammar: file.grammar.replace(from, to) }, "f").start();
      state.step("say");
      return `no error: ${state.observation}`;
    } catch (error) {
      return String(error);
    }
  };

  it("are reported with line, rule and value", () => {
    expect(broken("grammar ::", "grammer ::")).toContain(
      "GameFileError: f: grammar line 1: the grammar must consist of blocks `grammar` and `action`",
    );
    expect(broken('{"intro"', "{intro")).toContain(
      "f: grammar line 1: a grammar block must be valid JSON",
    );
    expect(broken('"intro":[', '"intro":{"x":[').replace(/got.*/s, "")).toContain(
      "must be valid JSON",
    );
    expect(broken('[{"rhs":"nothing"}]', "7")).toBe(
      'GameFileError: f: grammar: rule "list_empty" must be a list, got 7',
    );
    expect(broken('[{"rhs":"nothing"}]', "[{}]")).toBe(
      'GameFileError: f: grammar: rhs of rule "list_empty" must be a string, got undefined',
    );
    expect(broken("action say", "action sing")).toBe(
      "GameFileError: f: grammar: must have texts for action say of pddl_domain, got none",
    );
    expect(broken('feedback :: "Hello";', "")).toContain(
      "f: grammar line 2: action say must have a template and a feedback before this",
    );
    expect(broken('"Hello"', '"#bye#"')).toBe(
      'GameFileError: f: grammar: must have the rule "#bye#", got none',
    );
    expect(broken('"Hello"', '"{x.id}"')).toBe(
      'GameFileError: f: grammar: expression in feedback of action say must use variables in scope, got "x"',
    );
    expect(broken('"Hello"', '"{x.id | red x}"')).toBe(
      'GameFileError: f: grammar: query in feedback of action say must be facts joined by &, got "red x"',
    );
    expect(broken("Hello. #task#", "#intro#")).toContain('the expansion of rule "intro" must end');
    expect(broken("Hello. #task#", "#intro##intro#")).toContain(
      'the expansion of rule "intro" must end',
    );
    expect(broken('"say";', '"say [{x.id | done(x: thing)}]";')).toBe("no error: Nothing happens.");
  });

  it("must not make commands depend on changeable facts", () => {
    expect(() =>
      smallGame({
        ...things,
        actions: {
          act: { type: "act on [{x.id | done(x: thing)}]", say: "x", pddl: ":effect (done a)" },
        },
      }),
    ).toThrow("template of action act must not depend on facts that change");
  });

  it("may have rules that never apply, but not symbols without an applicable rule", () => {
    expect(
      say("#what#", {
        rules: { what: [{ condition: "red(x: place)", rhs: "{y}" }, { rhs: "ok" }] },
      }),
    ).toBe("ok");
    expect(() =>
      say("#what#", { rules: { what: [{ condition: "red(x: place)", rhs: "no" }] } }),
    ).toThrow('small: grammar: rule "what" must have an alternative that applies, got none');
  });
});
