import { formatCount } from "@turnwise/core";
import type { GridState } from "@turnwise/core";
import type { JSX } from "preact";

const cell = 22;

/** A game on a grid, as a drawing. */
export function GridView({ state }: { readonly state: GridState }): JSX.Element {
  const { width, height, cells, agent, boxes, targets, movesLeft, result } = state;
  const at = (position: number): { readonly x: number; readonly y: number } => ({
    x: cell * (position % width),
    y: cell * Math.floor(position / width),
  });
  const column = (position: number): string =>
    `row ${Math.floor(position / width)}, column ${position % width}`;
  const label = `Grid: agent at ${column(agent)}; boxes at ${boxes.map(column).join("; ") || "none"}; targets at ${targets.map(column).join("; ")}`;
  return (
    <>
      <svg
        class="grid-drawing"
        width={cell * width}
        height={cell * height}
        viewBox={`0 0 ${cell * width} ${cell * height}`}
        role="img"
        aria-label={label}
      >
        {cells.map((kind, position) => (
          <rect key={position} {...at(position)} width={cell} height={cell} class={kind} />
        ))}
        {targets.map((position) => (
          <rect
            key={`target ${position}`}
            x={at(position).x + 5}
            y={at(position).y + 5}
            width={cell - 10}
            height={cell - 10}
            class="target"
          />
        ))}
        {boxes.map((position) => (
          <rect
            key={`box ${position}`}
            x={at(position).x + 3}
            y={at(position).y + 3}
            width={cell - 6}
            height={cell - 6}
            class={targets.includes(position) ? "box placed" : "box"}
          />
        ))}
        <circle
          cx={at(agent).x + cell / 2}
          cy={at(agent).y + cell / 2}
          r={cell / 3.4}
          class="agent"
        />
      </svg>
      <ul class="legend grid-legend">
        {marksOf(state).map(([mark, name]) => (
          <li key={name}>
            <i class={mark} />
            {name}
          </li>
        ))}
      </ul>
      <p>
        {result === "open" ? (
          `${formatCount(movesLeft, "move")} left`
        ) : (
          <span class={result === "won" ? "outcome success" : "outcome failed"}>{result}</span>
        )}
      </p>
    </>
  );
}

/** Marks that a drawing has, with their names. */
function marksOf({ cells, boxes, targets }: GridState): (readonly [string, string])[] {
  const placed = boxes.filter((box) => targets.includes(box)).length;
  return [
    ["agent", "agent"],
    ...(boxes.length > placed ? [["box", "box"] as const] : []),
    ...(placed > 0 ? [["box placed", "box on a target"] as const] : []),
    ...(targets.length > placed ? [["target", boxes.length > 0 ? "target" : "goal"] as const] : []),
    ...(cells.includes("hole") ? [["hole", "hole"] as const] : []),
  ];
}
