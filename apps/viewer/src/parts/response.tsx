import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { RecordedTurn } from "@turnwise/training/reader";
import type { TokenText } from "../data/token-text.ts";
import { meanAdvantage, tintStrength, tokenValues, type Tint } from "../data/token-values.ts";
import { visibleText } from "../data/visible-text.ts";
import { fixed, short } from "../format.ts";

/** Number of tokens that are drawn at a time: a response can have tens of thousands. */
const tokensAtOnce = 2000;

interface ResponseProps {
  readonly turn: RecordedTurn;
  readonly text: TokenText;
  readonly tint: Tint;
}

/** Tinted tokens of a response; each token shows its values. */
export function Response({ turn, text, tint }: ResponseProps): JSX.Element {
  const { responseTokens } = turn;
  const [limit, setLimit] = useState(tokensAtOnce);
  const pieces = useMemo(() => text.pieces(responseTokens.slice(0, limit)), [text, turn, limit]);
  const values = tokenValues(turn, tint);
  return (
    <div class="response">
      {pieces.map((piece, i) => (
        <span
          key={i}
          class="token"
          style={styleOf(tint, values?.[i])}
          title={describeToken(turn, i)}
        >
          {visibleText(piece)}
        </span>
      ))}
      {responseTokens.length === 0 && <span class="quiet">no tokens</span>}
      {responseTokens.length > limit && (
        <button type="button" class="plain" onClick={() => setLimit(limit + tokensAtOnce)}>
          {responseTokens.length - limit} more tokens
        </button>
      )}
    </div>
  );
}

function styleOf(tint: Tint, value: number | undefined): Record<string, string> {
  if (tint === "none" || value === undefined) return {};
  const { strength, isNegative } = tintStrength(tint, value);
  const share = Math.round(45 * strength);
  const name = isNegative ? "--tint-negative" : "--tint";
  return share === 0
    ? {}
    : { backgroundColor: `color-mix(in srgb, var(${name}) ${share}%, transparent)` };
}

function describeToken(turn: RecordedTurn, i: number): string {
  const parts: string[] = [`token ${turn.responseTokens[i]}`];
  for (const tint of ["entropy", "log-prob", "ratio", "advantage"] as const) {
    const value = tokenValues(turn, tint)?.[i];
    if (value !== undefined) parts.push(`${tint} ${fixed(value, 3)}`);
  }
  return parts.join(" · ");
}

/** Values of the tokens of a response as a table, as a readable form of the tints. */
export function TokenTable({ turn, text }: Omit<ResponseProps, "tint">): JSX.Element {
  const shown = turn.responseTokens.slice(0, tokensAtOnce);
  const pieces = text.pieces(shown);
  const columns = (["entropy", "log-prob", "ratio", "advantage"] as const).flatMap((tint) => {
    const values = tokenValues(turn, tint);
    return values === undefined ? [] : [{ tint, values }];
  });
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Tokens">
      <table class="tokens">
        <thead>
          <tr>
            <th scope="col">token</th>
            <th scope="col" class="number">
              id
            </th>
            {columns.map(({ tint }) => (
              <th scope="col" class="number" key={tint}>
                {tint}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((token, i) => (
            <tr key={i}>
              <td class="code">{visibleText(pieces[i]!)}</td>
              <td class="number">{token}</td>
              {columns.map(({ tint, values }) => (
                <td class="number" key={tint}>
                  {short(values[i])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Values of a turn's credit. */
export function TurnNumbers({ turn }: { readonly turn: RecordedTurn }): JSX.Element {
  const { reward, penalty = 0, score, credit, responseTokens, stopReason } = turn;
  const entropies = credit?.entropies ?? turn.samplerEntropies;
  const entropy =
    credit?.meanTokenEntropy ??
    (entropies === undefined || entropies.length === 0
      ? undefined
      : entropies.reduce((sum, value) => sum + value, 0) / entropies.length);
  const numbers: (readonly [string, string])[] = [
    ["reward", fixed(reward)],
    ...(penalty === 0 ? [] : [["penalty", fixed(penalty)] as const]),
    ...(score === undefined ? [] : [["score", fixed(score)] as const]),
    ["entropy", fixed(entropy, 3)],
    ...(credit === undefined
      ? []
      : ([
          ["base advantage", fixed(meanAdvantage(credit.baseAdvantage))],
          ["coefficient", fixed(credit.coefficient, 3)],
          ["advantage", fixed(meanAdvantage(credit.advantage))],
          ...(credit.samplerRatio === undefined
            ? []
            : [
                [
                  "ratio",
                  `${fixed(credit.samplerRatio.min, 3)} to ${fixed(credit.samplerRatio.max, 3)}`,
                ] as const,
              ]),
        ] as const)),
    ["tokens", String(responseTokens.length)],
    ...(stopReason === undefined || stopReason === "stop-token"
      ? []
      : [["ended by", stopReason] as const]),
  ];
  return (
    <dl class="turn-numbers">
      {numbers.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
