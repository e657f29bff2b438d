import { isPythonSpace } from "../../python/python-strip.ts";

/** Part of the right-hand side of a grammar rule. */
export type GrammarSymbol =
  | { readonly kind: "text"; readonly text: string }
  /** `#rule#`: the text of a rule */
  | { readonly kind: "rule"; readonly rule: string }
  /** `{expression}`, or `{expression | query}`, which is repeated for each answer. */
  | { readonly kind: "each"; readonly item: Item; readonly query: string | undefined }
  /** `[expression]` or `[expression | query]`: the items are joined to a list of words. */
  | { readonly kind: "list"; readonly item: Item; readonly query: string | undefined };

/** Content of `{...}`: a rule's text, or the value of an expression. */
export type Item =
  | { readonly kind: "rule"; readonly rule: string }
  | { readonly kind: "expression"; readonly expression: string };

const ruleName = /#\t*([\p{L}\p{N}_()/!<>\-\s,.]+)#/uy;
const expressionText = /[^|[\]{}\n<>]+/y;
const queryText = /\s*\|\s*([^;|{}\n[\]#]+)/y;
const literalText = /[^;|"<>[\]#{}]*/y;
const quotedText = /"([^;|"<>[\]#{}]*)"/y;

/**
 * Splits a right-hand side into symbols, with the quirks of TextWorld's parser: white space or a
 * `//` line at the very start is dropped, as are tabs before a symbol and quotation marks around
 * plain text. From the first character that matches no rule on, the text is silently cut off.
 */
export function parseSymbols(text: string): GrammarSymbol[] {
  const symbols: GrammarSymbol[] = [];
  let at = skipStart(text);
  while (at < text.length) {
    while (text.charCodeAt(at) === 9) at++;
    const parsed = parseSymbol(text, at);
    if (!parsed || parsed.end === at) break;
    const last = symbols.at(-1);
    if (parsed.symbol.kind === "text" && last?.kind === "text") {
      symbols[symbols.length - 1] = { kind: "text", text: last.text + parsed.symbol.text };
    } else {
      symbols.push(parsed.symbol);
    }
    at = parsed.end;
  }
  return symbols;
}

function skipStart(text: string): number {
  // After a tab, this is no longer the very start of the text.
  if (text.startsWith("\t")) return 0;
  let at = 0;
  if (text.startsWith("//")) {
    const end = text.indexOf("\n");
    return end < 0 ? text.length : end + 1;
  }
  while (at < text.length && isPythonSpace(text.charCodeAt(at))) at++;
  return at;
}

function parseSymbol(
  text: string,
  at: number,
): { readonly symbol: GrammarSymbol; readonly end: number } | undefined {
  const first = text[at];
  if (first === "[") {
    const inner = parseBraces(text, skipTabs(text, at + 1));
    const end = inner && skipTabs(text, inner.end);
    if (!inner || text[end!] !== "]") return undefined;
    return { symbol: { ...inner.symbol, kind: "list" }, end: end! + 1 };
  }
  if (first === "{") return parseBraces(text, at);
  if (first === "#") {
    const match = matchAt(ruleName, text, at);
    if (!match) return undefined;
    return { symbol: { kind: "rule", rule: match[1]! }, end: ruleName.lastIndex };
  }
  if (first === '"') {
    const match = matchAt(quotedText, text, at);
    if (!match) return undefined;
    return { symbol: { kind: "text", text: match[1]! }, end: quotedText.lastIndex };
  }
  const match = matchAt(literalText, text, at)!;
  return { symbol: { kind: "text", text: match[0] }, end: literalText.lastIndex };
}

/** Parses `{expression}`, `{expression | query}`, `{#rule#}` or `{#rule# | query}`. */
function parseBraces(
  text: string,
  start: number,
): { readonly symbol: Extract<GrammarSymbol, { kind: "each" }>; readonly end: number } | undefined {
  if (text[start] !== "{") return undefined;
  let at = skipTabs(text, start + 1);
  let item: Item;
  const rule = matchAt(ruleName, text, at);
  if (rule) {
    item = { kind: "rule", rule: rule[1]! };
    at = ruleName.lastIndex;
  } else {
    const match = matchAt(expressionText, text, at);
    if (!match) return undefined;
    item = { kind: "expression", expression: match[0].trim() };
    at = expressionText.lastIndex;
  }
  let query: string | undefined;
  const given = matchAt(queryText, text, at);
  if (given) {
    query = given[1]!;
    at = queryText.lastIndex;
  }
  at = skipTabs(text, at);
  if (text[at] !== "}") return undefined;
  return { symbol: { kind: "each", item, query }, end: at + 1 };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function skipTabs(text: string, at: number): number {
  while (text.charCodeAt(at) === 9) at++;
  return at;
}
