import type { JSX } from "preact";
import type { RecordedTurn } from "@turnwise/training/reader";
import { meanAdvantage } from "../data/token-values.ts";
import { visibleLine } from "../data/visible-text.ts";
import { fixed } from "../format.ts";

/** Advantage and coefficient at which a bar has its full length. */
const fullAdvantage = 2;
const fullCoefficient = 2;

interface Props {
  readonly turns: readonly RecordedTurn[];
  readonly current: number | undefined;
  readonly onPick: (turn: number) => void;
}

/**
 * Shows a column for each turn: its advantage as a bar up or down, its coefficient as a mark;
 * without credit, its entropy.
 */
export function CreditStrip({ turns, current, onPick }: Props): JSX.Element {
  return (
    <div class="strip" role="group" aria-label="Turns">
      {turns.map((turn, index) => (
        <button
          key={index}
          type="button"
          aria-current={index === current ? "true" : undefined}
          title={describe(turn, index)}
          aria-label={describe(turn, index)}
          onClick={() => onPick(index)}
        >
          <Column turn={turn} />
          <span aria-hidden="true">{index}</span>
        </button>
      ))}
    </div>
  );
}

/** Explanation of the strip. */
export function CreditLegend({ turns }: Pick<Props, "turns">): JSX.Element {
  return (
    <p class="quiet strip-legend">
      {turns.some(({ credit }) => credit !== undefined) ? (
        <>
          Bars: advantage, −{fullAdvantage} to +{fullAdvantage}. Lines: coefficient, 0 to{" "}
          {fullCoefficient}, with 1 in the middle.
        </>
      ) : (
        "Bars: mean entropy of the response, 0 to 1 nats per token."
      )}
    </p>
  );
}

const height = 44;
const middle = height / 2;

function Column({ turn }: { readonly turn: RecordedTurn }): JSX.Element {
  const { credit, samplerEntropies } = turn;
  const advantage = credit === undefined ? 0 : meanAdvantage(credit.advantage);
  const size = Math.min(1, Math.abs(advantage) / fullAdvantage) * (middle - 2);
  const entropies = credit?.entropies ?? samplerEntropies ?? [];
  const entropy =
    entropies.length === 0
      ? 0
      : entropies.reduce((sum, value) => sum + value, 0) / entropies.length;
  const coefficient =
    credit === undefined ? undefined : Math.min(fullCoefficient, credit.coefficient);
  return (
    <svg
      width="20"
      height={height}
      viewBox={`0 0 20 ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <line x1="0" x2="20" y1={middle} y2={middle} class="zero" />
      {credit === undefined ? (
        <rect
          x="4"
          width="12"
          y={height - Math.min(1, entropy) * height}
          height={Math.min(1, entropy) * height}
          class="entropy"
        />
      ) : (
        <rect
          x="4"
          width="12"
          y={advantage < 0 ? middle : middle - size}
          height={size}
          class={advantage < 0 ? "negative" : "positive"}
        />
      )}
      {coefficient !== undefined && (
        <line
          x1="1"
          x2="19"
          y1={height - (coefficient / fullCoefficient) * height}
          y2={height - (coefficient / fullCoefficient) * height}
          class="coefficient"
        />
      )}
    </svg>
  );
}

function describe({ credit, action }: RecordedTurn, index: number): string {
  const numbers =
    credit === undefined
      ? ""
      : `, advantage ${fixed(meanAdvantage(credit.advantage))}, coefficient ${fixed(credit.coefficient)}`;
  return `turn ${index}: ${visibleLine(action, 100)}${numbers}`;
}
