import { isRecord } from "../../is-record.ts";
import { GameFileError, formatValue } from "../game-file-error.ts";
import { isPythonSpace } from "../../python/python-strip.ts";

/** Rule as written in the file. */
export interface RuleSource {
  readonly rhs: string;
  /** Query that must have an answer; `undefined` if there is no condition. */
  readonly condition: string | undefined;
}

/** Texts of an action. */
export interface ActionTexts {
  readonly template: string;
  readonly feedback: string;
}

/** A parsed grammar file. */
export interface GrammarSource {
  /** Texts by action name in lower case. */
  readonly actions: ReadonlyMap<string, ActionTexts>;
  /** Rules by symbol, in the order in which they are tried. */
  readonly rules: ReadonlyMap<string, readonly RuleSource[]>;
}

/**
 * Parses a grammar file (twl2) into its blocks, `grammar :: """JSON""";` and `action name {
 * template :: "..."; feedback :: "..."; grammar :: """JSON"""; }`, with `#` comments between them.
 * If several blocks have rules for a symbol, the rules of later blocks are appended.
 * @param source - Name of the grammar, for messages.
 * @throws `GameFileError` with the line.
 */
export function parseGrammarFile(text: string, source: string): GrammarSource {
  const actions = new Map<string, ActionTexts>();
  const rules = new Map<string, RuleSource[]>();
  let at = 0;

  const fail = (rule: string): never => {
    const line = text.slice(0, at).split("\n").length;
    const rest = text.slice(at, at + 40);
    const got = rest === "" ? "the end of the text" : formatValue(rest);
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
    if (!text.startsWith(expected, at)) fail(`the grammar must have ${formatValue(expected)} here`);
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
  const readQuoted = (): string => match(/"([^"]*)"/y, 'a text must be in "quotes"')[1]!;
  const block = (): string => match(/"""([^]*?)"""/y, 'a block must be in """quotes"""')[1]!;
  const addRules = (json: string, blockAt: number): void => {
    let data: unknown;
    try {
      data = JSON.parse(json);
    } catch {
      at = blockAt;
      fail("a grammar block must be valid JSON");
    }
    const failRule = (rule: string, value: unknown): never => {
      throw new GameFileError(`${source}: ${rule}, got ${formatValue(value)}`);
    };
    if (!isRecord(data)) return failRule("a grammar block must be an object", data);
    for (const [symbol, list] of Object.entries(data)) {
      if (!isList(list)) return failRule(`rule ${formatValue(symbol)} must be a list`, list);
      const known = rules.get(symbol) ?? [];
      rules.set(symbol, known);
      for (const rule of list) {
        if (!isRecord(rule))
          return failRule(`rule ${formatValue(symbol)} must contain objects`, rule);
        const { rhs, condition = "" } = rule;
        if (typeof rhs !== "string") {
          return failRule(`rhs of rule ${formatValue(symbol)} must be a string`, rhs);
        }
        if (typeof condition !== "string") {
          return failRule(`condition of rule ${formatValue(symbol)} must be a string`, condition);
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
      if (part === "template") template = readQuoted();
      else if (part === "feedback") feedback = readQuoted();
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
