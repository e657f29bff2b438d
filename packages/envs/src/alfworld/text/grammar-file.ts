import { isRecord } from "../../is-record.ts";
import { GameFileError, shown } from "../game-file-error.ts";
import { isPythonSpace } from "../../python/python-strip.ts";

/** A rule as the file gives it. */
export interface RuleSource {
  readonly rhs: string;
  /** A query that must have an answer; `undefined` for none. */
  readonly condition: string | undefined;
}

/** The texts of an action. */
export interface ActionTexts {
  readonly template: string;
  readonly feedback: string;
}

/** A grammar file, split up. */
export interface GrammarSource {
  /** By action name in lower case. */
  readonly actions: ReadonlyMap<string, ActionTexts>;
  /** By symbol, in the order in which they are to be tried. */
  readonly rules: ReadonlyMap<string, readonly RuleSource[]>;
}

/**
 * Splits a grammar file (twl2) into its blocks, `grammar :: """JSON""";` and
 * `action name { template :: "..."; feedback :: "..."; grammar :: """JSON"""; }`, with `#` comments
 * between them. A later block's rules for a symbol come after those of the earlier ones.
 * @param source - What to call it in messages.
 * @throws `GameFileError` with the line.
 */
export function parseGrammarFile(text: string, source: string): GrammarSource {
  const actions = new Map<string, ActionTexts>();
  const rules = new Map<string, RuleSource[]>();
  let at = 0;

  const fail = (rule: string): never => {
    const line = text.slice(0, at).split("\n").length;
    const rest = text.slice(at, at + 40);
    const got = rest === "" ? "the end of the text" : shown(rest);
    throw new GameFileError(`${source} line ${line}: ${rule}, got ${got}`);
  };
  const skip = (): void => {
    for (; at < text.length; at++) {
      if (text[at] === "#") {
        const end = text.indexOf("\n", at);
        at = end < 0 ? text.length - 1 : end;
      } else if (!isPythonSpace(text.charCodeAt(at))) {
        return;
      }
    }
  };
  const token = (expected: string): void => {
    skip();
    if (!text.startsWith(expected, at)) fail(`the grammar must have ${shown(expected)} here`);
    at += expected.length;
  };
  const match = (pattern: RegExp, rule: string): RegExpExecArray => {
    skip();
    pattern.lastIndex = at;
    const found = pattern.exec(text) ?? fail(rule);
    at = pattern.lastIndex;
    return found;
  };
  const word = (): string => match(/[\w/-]+/uy, "the grammar must have a name here")[0];
  const quoted = (): string => match(/"([^"]*)"/y, 'a text must be in "quotes"')[1]!;
  const block = (): string => match(/"""([^]*?)"""/y, 'a block must be in """quotes"""')[1]!;
  const addRules = (json: string, blockAt: number): void => {
    let data: unknown;
    try {
      data = JSON.parse(json);
    } catch {
      at = blockAt;
      fail("a grammar block must hold JSON");
    }
    const wrong = (rule: string, value: unknown): never => {
      throw new GameFileError(`${source}: ${rule}, got ${shown(value)}`);
    };
    if (!isRecord(data)) return wrong("a grammar block must hold an object", data);
    for (const [symbol, list] of Object.entries(data)) {
      if (!isList(list)) return wrong(`rule ${shown(symbol)} must be a list`, list);
      const known = rules.get(symbol) ?? [];
      rules.set(symbol, known);
      for (const rule of list) {
        if (!isRecord(rule)) return wrong(`rule ${shown(symbol)} must hold objects`, rule);
        const { rhs, condition = "" } = rule;
        if (typeof rhs !== "string") {
          return wrong(`rhs of rule ${shown(symbol)} must be a text`, rhs);
        }
        if (typeof condition !== "string") {
          return wrong(`condition of rule ${shown(symbol)} must be a text`, condition);
        }
        known.push({ rhs, condition: condition === "" ? undefined : condition });
      }
    }
  };

  for (skip(); at < text.length; skip()) {
    const start = at;
    const kind = word();
    if (kind === "grammar") {
      token("::");
      skip();
      const blockAt = at;
      addRules(block(), blockAt);
      token(";");
      continue;
    }
    if (kind !== "action") {
      at = start;
      fail("the grammar must consist of blocks `grammar` and `action`");
    }
    const name = word();
    let template: string | undefined;
    let feedback: string | undefined;
    token("{");
    for (skip(); text[at] !== "}"; skip()) {
      const partAt = at;
      const part = word();
      token("::");
      skip();
      const valueAt = at;
      if (part === "template") template = quoted();
      else if (part === "feedback") feedback = quoted();
      else if (part === "pddl") block();
      else if (part === "grammar") {
        const lines = block().split("\n");
        addRules(lines.filter((line) => !line.trimStart().startsWith("#")).join("\n"), valueAt);
      } else {
        at = partAt;
        fail(`action ${name} must consist of template, feedback, pddl and grammar`);
      }
      token(";");
    }
    token("}");
    if (template === undefined || feedback === undefined) {
      return fail(`action ${name} must have a template and a feedback before this`);
    }
    actions.set(name.toLowerCase(), { template, feedback });
  }
  return { actions, rules };
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
