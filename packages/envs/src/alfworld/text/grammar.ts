import { GameFileError, formatValue } from "../game-file-error.ts";
import type { Action, Domain } from "../pddl/domain.ts";
import { type CompiledQuery, compileQuery } from "./compiled-query.ts";
import { type TextExpression, parseExpression, listVariables } from "./expression.ts";
import type { GrammarSource } from "./grammar-file.ts";
import { parseQuery } from "./query.ts";
import { type GrammarSymbol, type Item, parseSymbols } from "./symbols.ts";
import type { Render, Scope, TextContext } from "./text-context.ts";
import { findUsedVariables } from "./used-variables.ts";

// Maximum number of rule expansions in a text; the longest text of a released game needs about 60.
const maxExpansions = 20_000;
const maxDepth = 100;

/**
 * Grammar that is compiled for a domain and shared by its games. Rules are compiled on first use,
 * once for each set of variables in scope.
 */
export class Grammar {
  readonly #domain: Domain;
  readonly #texts: GrammarSource;
  readonly #hasOwnTask: boolean;
  readonly #rules = new Map<string, Render>();
  readonly #templates = new Map<Action, Render>();
  readonly #feedbacks = new Map<Action, Render>();
  readonly #commandSlots = new Map<Action, readonly number[]>();
  #numExpressions = 0;
  /** Current game, for messages. */
  #gameName: string;
  #numExpansions = 0;
  #depth = 0;

  /**
   * @param gameName - Name of the game, for messages.
   * @param hasOwnTask - True if each game provides the text of the rule `task`.
   * @throws `GameFileError` if an action of the domain has no texts, or if its command would depend
   *   on facts that change.
   */
  constructor(gameName: string, domain: Domain, texts: GrammarSource, hasOwnTask: boolean) {
    this.#gameName = gameName;
    this.#domain = domain;
    this.#texts = texts;
    this.#hasOwnTask = hasOwnTask;
    for (const { name } of domain.actions) {
      const action = texts.actions.get(name);
      if (!action) this.#fail(`must have texts for action ${name} of pddl_domain`, undefined);
      else if (this.#changes(parseSymbols(action.template), new Set())) {
        this.#fail(
          `template of action ${name} must not depend on facts that change`,
          action.template,
        );
      }
    }
  }

  /** Generates the text of a rule without bound variables. */
  say(rule: string, context: TextContext): string {
    return this.#begin(this.#rule(rule, []), undefined, [], context);
  }

  /** Generates the command text of an action. */
  command(action: Action, binding: readonly number[], context: TextContext): string {
    return this.#begin(this.#actionText("template", action), action, binding, context);
  }

  /** Generates the feedback after an action; `context` is the state after it. */
  feedback(action: Action, binding: readonly number[], context: TextContext): string {
    return this.#begin(this.#actionText("feedback", action), action, binding, context);
  }

  /** Slots of the parameters on which the command text of an action depends. */
  commandSlots(action: Action): readonly number[] {
    let slots = this.#commandSlots.get(action);
    if (!slots) {
      const template = this.#texts.actions.get(action.name)!.template;
      const names = findUsedVariables(parseSymbols(template), this.#scopeOf(action), this.#texts);
      const all = [...action.parameters.keys()];
      slots = names ? all.filter((slot) => names.has(action.parameters[slot]!.name)) : all;
      this.#commandSlots.set(action, slots);
    }
    return slots;
  }

  #begin(
    render: Render,
    action: Action | undefined,
    binding: readonly number[],
    context: TextContext,
  ): string {
    this.#gameName = context.gameName;
    this.#numExpansions = 0;
    this.#depth = 0;
    return render(binding.slice(0, action?.parameters.length), context);
  }

  #actionText(kind: "template" | "feedback", action: Action): Render {
    const cache = kind === "template" ? this.#templates : this.#feedbacks;
    let render = cache.get(action);
    if (!render) {
      const text = this.#texts.actions.get(action.name)![kind];
      const where = `${kind} of action ${action.name}`;
      render = this.#symbols(parseSymbols(text), this.#scopeOf(action), where);
      cache.set(action, render);
    }
    return render;
  }

  #scopeOf({ parameters }: Action): Scope {
    return parameters.map(({ name, type }) => ({ name, type: this.#domain.types.name(type) }));
  }

  #rule(symbol: string, scope: Scope): Render {
    const key = `${symbol}|${scope.map(({ name, type }) => `${name}:${type}`).join(" ")}`;
    let render = this.#rules.get(key);
    if (!render) {
      render = this.#limitExpansion(symbol, this.#compileRule(symbol, scope));
      this.#rules.set(key, render);
    }
    return render;
  }

  /** Creates a rule that is compiled on first use, when it may turn out to be missing. */
  #lazyRule(symbol: string, scope: Scope): Render {
    let render: Render | undefined;
    return (objects, context) => (render ??= this.#rule(symbol, scope))(objects, context);
  }

  #compileRule(symbol: string, scope: Scope): Render {
    if (symbol === "task" && this.#hasOwnTask) return (_objects, { task }) => task ?? "";
    const sources = this.#texts.rules.get(symbol);
    if (!sources || sources.length === 0) {
      return this.#fail(`must have the rule ${formatValue(`#${symbol}#`)}`, undefined);
    }
    const where = `rule ${formatValue(symbol)}`;
    const rules = sources.map(({ rhs, condition }) => {
      let body: Render | undefined;
      return {
        hasAnswer:
          condition === undefined ? undefined : this.#query(condition, scope, where).hasAnswer,
        // Compile lazily, because a rule that never applies may refer to missing rules.
        body: (): Render => (body ??= this.#symbols(parseSymbols(rhs), scope, where)),
      };
    });
    return (objects, context) => {
      for (const { hasAnswer, body } of rules) {
        if (!hasAnswer || hasAnswer(objects, context)) return body()(objects, context);
      }
      return this.#fail(`${where} must have an alternative that applies`, undefined);
    };
  }

  /** Throws for rules whose expansion never ends. */
  #limitExpansion(symbol: string, render: Render): Render {
    return (objects, context) => {
      this.#numExpansions++;
      this.#depth++;
      if (this.#depth > maxDepth || this.#numExpansions > maxExpansions) {
        this.#fail(`the expansion of rule ${formatValue(symbol)} must end`, "an endless recursion");
      }
      const text = render(objects, context);
      this.#depth--;
      return text;
    };
  }

  #symbols(symbols: readonly GrammarSymbol[], scope: Scope, where: string): Render {
    const renders = symbols.map((symbol) => this.#symbol(symbol, scope, where));
    const [first, second, third] = renders;
    if (!first) return () => "";
    if (!second) return first;
    if (!third) return (objects, context) => first(objects, context) + second(objects, context);
    return (objects, context) => {
      let text = "";
      for (let i = 0; i < renders.length; i++) text += renders[i]!(objects, context);
      return text;
    };
  }

  #symbol(symbol: GrammarSymbol, scope: Scope, where: string): Render {
    switch (symbol.kind) {
      case "text": {
        const { text } = symbol;
        return () => text;
      }
      case "rule":
        return this.#lazyRule(symbol.rule, scope);
      default: {
        const { item, query } = symbol;
        if (query === undefined) return this.#item(item, scope, where);
        const { each, inner } = this.#query(query, scope, where);
        const render = this.#item(item, inner, where);
        if (symbol.kind === "each") {
          return (objects, context) => {
            let text = "";
            each(objects, context, () => {
              text += render(objects, context);
              return false;
            });
            return text;
          };
        }
        const empty = this.#lazyRule("list_empty", scope);
        const between = this.#lazyRule("list_separator", scope);
        const beforeLast = this.#lazyRule("list_last_separator", scope);
        return (objects, context) => {
          const items: string[] = [];
          each(objects, context, () => {
            items.push(render(objects, context));
            return false;
          });
          if (items.length === 1) return items[0]!;
          const last = items.pop();
          if (last === undefined) return empty(objects, context);
          const separator = items.length === 1 ? "" : between(objects, context);
          const lastSeparator = beforeLast(objects, context);
          return items.join(separator) + lastSeparator + last;
        };
      }
    }
  }

  #item(item: Item, scope: Scope, where: string): Render {
    if (item.kind === "rule") return this.#lazyRule(item.rule, scope);
    const expression = parseExpression(item.expression);
    if (typeof expression === "string") {
      return this.#fail(`expression in ${where} ${expression}`, item.expression);
    }
    const render = this.#expression(expression, scope, where);
    const [variable, ...others] = new Set(listVariables(expression));
    if (variable === undefined || others.length > 0) return render;
    const slot = scope.findLastIndex(({ name }) => name === variable);
    const index = this.#numExpressions++;
    return (objects, context) => {
      const known = (context.known[index] ??= []);
      const object = objects[slot]!;
      return (known[object] ??= render(objects, context));
    };
  }

  #expression(expression: TextExpression, scope: Scope, where: string): Render {
    switch (expression.kind) {
      case "text": {
        const { text } = expression;
        return () => text;
      }
      case "sum": {
        const parts = expression.parts.map((part) => this.#expression(part, scope, where));
        return (objects, context) => {
          let text = "";
          for (let i = 0; i < parts.length; i++) text += parts[i]!(objects, context);
          return text;
        };
      }
      case "or": {
        const parts = expression.parts.map((part) => this.#expression(part, scope, where));
        return (objects, context) => {
          let text = "";
          for (let i = 0; i < parts.length && text === ""; i++) {
            text = parts[i]!(objects, context);
          }
          return text;
        };
      }
      default: {
        // If several variables have the same name and different types, the last one applies.
        const slot = scope.findLastIndex(({ name }) => name === expression.variable);
        if (slot < 0) {
          return this.#fail(
            `expression in ${where} must use variables in scope`,
            expression.variable,
          );
        }
        switch (expression.attribute) {
          case "name":
            return (objects, { names }) => names[objects[slot]!]!;
          case "id":
            return (objects, { ids }) => ids[objects[slot]!]!;
          case "type":
            return (objects, { typeOf }) => this.#domain.types.name(typeOf[objects[slot]!]!);
          case "indefinite":
            return () => "a";
          default:
            return () => "the";
        }
      }
    }
  }

  /** True if a text can differ between states of the same game. */
  #changes(symbols: readonly GrammarSymbol[], seen: Set<string>): boolean {
    const reads = (query: string | undefined): boolean => {
      const atoms = query === undefined ? [] : parseQuery(query);
      if (typeof atoms === "string") return false;
      return atoms.some(({ predicate: name }) => {
        const { predicates, isChangeable } = this.#domain;
        const predicate = predicates.get(name) ?? predicates.get(name.replace(/^not_/, ""));
        return predicate !== undefined && isChangeable[predicate.index]!;
      });
    };
    const rule = (symbol: string): boolean => {
      if (seen.has(symbol)) return false;
      seen.add(symbol);
      return (this.#texts.rules.get(symbol) ?? []).some(
        ({ rhs, condition }) => reads(condition) || this.#changes(parseSymbols(rhs), seen),
      );
    };
    return symbols.some((symbol) => {
      if (symbol.kind === "text") return false;
      if (symbol.kind === "rule") return rule(symbol.rule);
      return reads(symbol.query) || (symbol.item.kind === "rule" && rule(symbol.item.rule));
    });
  }

  #query(text: string, scope: Scope, where: string): CompiledQuery {
    const parsed = parseQuery(text);
    if (typeof parsed === "string") return this.#fail(`query in ${where} ${parsed}`, text);
    return compileQuery(parsed, scope, this.#domain);
  }

  #fail(rule: string, value: unknown): never {
    const got = value === undefined ? "none" : formatValue(value);
    throw new GameFileError(`${this.#gameName}: grammar: ${rule}, got ${got}`);
  }
}
