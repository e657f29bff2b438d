import * as library from "@huggingface/jinja";
import { strftime } from "./strftime.ts";
import { textMethods } from "./text-methods.ts";

/** Node of a parsed template. */
interface Statement {
  readonly type: string;
}

/** Runtime value of a template. */
interface Value {
  readonly type: string;
  readonly value: unknown;
}

/** Variable scope with a parent. */
interface Scope {
  /** Declares a name. @returns Its value, converted from plain data. */
  set(name: string, plain: unknown): Value;
  setVariable(name: string, value: Value): Value;
}

/** The part of the Jinja library that is used; its own types do not resolve under NodeNext. */
interface JinjaLibrary {
  readonly Environment: new (parent?: Scope) => Scope;
  readonly Interpreter: new (scope: Scope) => {
    run(program: Statement): Value;
    evaluate(statement: Statement | undefined, scope: Scope): Value;
  };
  readonly tokenize: (
    source: string,
    options: { readonly lstrip_blocks: boolean; readonly trim_blocks: boolean },
  ) => unknown;
  readonly parse: (tokens: unknown) => Statement;
}

const { Environment, Interpreter, parse, tokenize }: JinjaLibrary = library;

/** Method call: `object.name(args)`. */
interface MethodCall extends Statement {
  readonly callee: { readonly object: Statement; readonly property: { readonly value: string } };
  readonly args: readonly Statement[];
}

interface KeywordArgument extends Statement {
  readonly key: { readonly value: string };
  readonly value: Statement;
}

/** Filter: `operand | name`, or `operand | name(args)`. */
interface Filter extends Statement {
  readonly operand: Statement;
  readonly filter: Statement & {
    readonly value?: unknown;
    readonly callee?: { readonly value: unknown };
    readonly args?: readonly Statement[];
  };
}

function isMethodCall(statement: Statement): statement is MethodCall {
  if (statement.type !== "CallExpression" || !("callee" in statement)) return false;
  const { callee } = statement;
  return (
    typeof callee === "object" &&
    callee !== null &&
    "type" in callee &&
    callee.type === "MemberExpression" &&
    "computed" in callee &&
    callee.computed === false &&
    "property" in callee &&
    typeof callee.property === "object" &&
    callee.property !== null &&
    "value" in callee.property &&
    typeof callee.property.value === "string"
  );
}

const isKeywordArgument = (statement: Statement): statement is KeywordArgument =>
  statement.type === "KeywordArgumentExpression";

const isFilter = (statement: Statement): statement is Filter =>
  statement.type === "FilterExpression";

/**
 * Filters that exist as string methods too; the library's versions of these filters differ from
 * Jinja's.
 */
const filterMethods: Readonly<Record<string, string>> = { trim: "strip", capitalize: "capitalize" };

const toValue = (plain: unknown): Value => new Environment().set("value", plain);

/** Converts a runtime value to plain data. */
const toPlain = ({ value }: Value): unknown => (Array.isArray(value) ? value.map(toPlain) : value);

/** Interpreter of the library, extended so that string methods accept all their arguments. */
class TemplateInterpreter extends Interpreter {
  override evaluate(statement: Statement | undefined, environment: Scope): Value {
    if (statement !== undefined && isMethodCall(statement)) {
      const { callee, args } = statement;
      const text = textMethods.has(callee.property.value)
        ? this.evaluate(callee.object, environment)
        : undefined;
      if (text?.type === "StringValue") {
        return this.#callMethod(String(text.value), callee.property.value, args, environment);
      }
    }
    if (statement !== undefined && isFilter(statement)) {
      const { operand, filter } = statement;
      const name = String(filter.callee?.value ?? filter.value);
      const method = Object.hasOwn(filterMethods, name) ? filterMethods[name] : undefined;
      const text = method === undefined ? undefined : this.evaluate(operand, environment);
      if (method !== undefined && text?.type === "StringValue") {
        return this.#callMethod(String(text.value), method, filter.args ?? [], environment);
      }
    }
    return super.evaluate(statement, environment);
  }

  #callMethod(text: string, name: string, args: readonly Statement[], environment: Scope): Value {
    const { parameters, run } = textMethods.get(name)!;
    const given: unknown[] = [];
    for (const arg of args) {
      const value = toPlain(this.evaluate(isKeywordArgument(arg) ? arg.value : arg, environment));
      if (!isKeywordArgument(arg)) {
        given.push(value);
        continue;
      }
      const place = parameters.indexOf(arg.key.value);
      if (place < 0) {
        throw new TypeError(
          `${name}: keyword argument must be one of [${parameters.join(", ")}], got ${arg.key.value}`,
        );
      }
      given[place] = value;
    }
    if (given.length > parameters.length) {
      throw new TypeError(
        `${name}: must have at most ${parameters.length} arguments, got ${given.length}`,
      );
    }
    return toValue(run(text, given));
  }
}

/** Creates the global scope with the names that every template has. */
function createGlobals(): Scope {
  const globals = new Environment();
  const named: Readonly<Record<string, unknown>> = {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    raise_exception: (message: unknown) => {
      throw new Error(String(message));
    },
    range,
    strftime_now: (format: string) => strftime(new Date(), format),
  };
  for (const [name, value] of Object.entries(named)) globals.setVariable(name, toValue(value));
  return globals;
}

/** Implements Python's `range`. */
function range(first: number, second?: number, step = 1): number[] {
  if (step === 0) throw new RangeError("range: step must not be 0, got 0");
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return Array.from({ length }, (_, i) => start + i * step);
}

/**
 * Compiles a chat template. It supports the language of the Jinja library, and in addition all
 * arguments of Python's string methods. Variables passed at rendering may have any name.
 *
 * `strftime_now` may be set to a function of a format, to a `Date` to format, or to a string used
 * for any format.
 * @throws `Error` for a template with a syntax error.
 */
export function compileTemplate(
  source: string,
): (variables: Readonly<Record<string, unknown>>) => string {
  const program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  const globals = createGlobals();
  return (variables) => {
    const environment = new Environment(globals);
    for (const [name, value] of Object.entries(variables)) {
      environment.setVariable(name, toValue(name === "strftime_now" ? createClock(value) : value));
    }
    return String(new TemplateInterpreter(environment).run(program).value);
  };
}

/** Creates the function by which a template gets the date. */
function createClock(value: unknown): unknown {
  if (value instanceof Date) return (format: string) => strftime(value, format);
  if (typeof value === "string") return () => value;
  return value;
}
