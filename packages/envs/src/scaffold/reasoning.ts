/** An opening or closing mark of reasoning in a response. */
export interface ReasoningMark {
  /** Start (inclusive) and end (exclusive) offsets of the mark. */
  readonly start: number;
  readonly end: number;
  readonly kind: "open" | "close";
  /** Offset after the mark that closes an opening mark; `undefined` if no mark closes it. */
  readonly closedAt?: number;
}

const tagNames =
  "(?:[a-z]{1,16}[:_])?(?:think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|inner_monologue)";

/**
 * Opening and closing marks of reasoning. The first pair covers `<think>`, `<thinking>`,
 * `<seed:think>` and similar tags; the others are special tokens of Mistral, Kimi, OpenThinker,
 * Cohere, Gemma and gpt-oss.
 */
const pairs: readonly (readonly [open: string, close: string])[] = [
  [String.raw`<(?:${tagNames})(?:\s[^<>]{0,80})?>`, String.raw`<\/(?:${tagNames})\s{0,8}>`],
  [String.raw`\[THINK\]`, String.raw`\[\/THINK\]`],
  ["◁think▷", String.raw`◁\/think▷`],
  [String.raw`<\|begin_of_thought\|>`, String.raw`<\|end_of_thought\|>`],
  [String.raw`<\|START_THINKING\|>`, String.raw`<\|END_THINKING\|>`],
  [String.raw`<\|channel>thought`, String.raw`<channel\|>`],
  [
    String.raw`<\|channel\|>analysis<\|message\|>`,
    String.raw`<\|end\|>|<\|channel\|>(?:final|commentary)`,
  ],
];

const marksPattern = new RegExp(
  pairs.map(([open, close]) => `(${open})|(${close})`).join("|"),
  "giu",
);

/**
 * Index of the pair whose closing marks also end ordinary messages: without an opening mark, such
 * closing marks are ignored.
 */
const channelPair = pairs.length - 1;

/**
 * Finds the reasoning marks of a response, in one pass. Marks in backticks or quotation marks are
 * mentions, and are skipped.
 */
export function findReasoningMarks(response: string): ReasoningMark[] {
  const found: {
    start: number;
    end: number;
    kind: "open" | "close";
    pair: number;
    name: string;
    closedAt?: number;
  }[] = [];
  for (const match of response.matchAll(marksPattern)) {
    if (isQuoted(response, match.index, match.index + match[0].length)) continue;
    const group = match.findIndex((text, i) => i > 0 && text !== undefined) - 1;
    const pair = group >> 1;
    found.push({
      start: match.index,
      end: match.index + match[0].length,
      kind: group % 2 === 0 ? "open" : "close",
      pair,
      name: pair === 0 ? /[a-z:_]+/iu.exec(match[0])![0].toLowerCase() : "",
    });
  }
  // Scan from the end. Track the next closing mark of each name and, for other names, the next closing
  // mark of each kind of pair.
  const nextByName = new Map<string, number>();
  const nextByPair = new Map<number, number>();
  for (const mark of found.toReversed()) {
    const key = `${mark.pair} ${mark.name}`;
    if (mark.kind === "close") {
      nextByName.set(key, mark.end);
      nextByPair.set(mark.pair, mark.end);
    } else {
      const closedAt = nextByName.get(key) ?? nextByPair.get(mark.pair);
      if (closedAt !== undefined) mark.closedAt = closedAt;
    }
  }
  return found.filter(({ kind, pair, start, closedAt }) =>
    kind === "close"
      ? pair !== channelPair
      : // An opening tag within a sentence that is never closed is a mention.
        pair !== 0 || closedAt !== undefined || beginsLine(response, start),
  );
}

const beginsLine = (text: string, start: number): boolean =>
  /(?:^|\n)[^\S\n]*$/u.test(text.slice(Math.max(0, start - 80), start));

function isQuoted(text: string, start: number, end: number): boolean {
  const before = text.charAt(start - 1);
  // Three backticks are a fence, not a quotation.
  return /[`"']/u.test(before) && before === text.charAt(end) && before !== text.charAt(start - 2);
}
