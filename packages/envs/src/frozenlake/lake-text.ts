import type { Lake } from "./lake.ts";

/** Symbols of RAGEN's FrozenLake, and their meanings as stated in its prompt. */
export const lakeSymbols = {
  P: "player",
  _: "empty",
  O: "hole",
  G: "goal",
  X: "player in hole",
  "√": "player on goal",
} as const;

type Symbol = keyof typeof lakeSymbols;

/** Draws a lake with its player in RAGEN's symbols, one line per row. */
export function writeLake({ width, height, holes, goal }: Lake, player: number): string {
  const symbolAt = (cell: number): Symbol => {
    if (cell === player) return holes[cell] === true ? "X" : cell === goal ? "√" : "P";
    return holes[cell] === true ? "O" : cell === goal ? "G" : "_";
  };
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => symbolAt(row * width + column)).join(""),
  ).join("\n");
}

/**
 * Parses a lake drawn in RAGEN's symbols, in rows of equal length, with the player at the start.
 * @throws `RangeError` naming the error in the drawing.
 *
 * @example
 * readLake("P_\nOG").goal; // 3
 */
export function readLake(text: string): Lake {
  const rows = text.split("\n").map((row) => Array.from(row));
  const [height, width] = [rows.length, rows[0]!.length];
  const refuse = (rule: string, got: string | number): never => {
    throw new RangeError(`readLake: ${rule}, got ${got}`);
  };
  const uneven = rows.findIndex((row) => row.length !== width);
  if (uneven !== -1) {
    refuse(`row ${uneven} must have as many cells as row 0 (${width})`, rows[uneven]!.length);
  }
  const cells = rows.flat();
  const known: readonly string[] = ["P", "_", "O", "G"] satisfies Symbol[];
  const unknown = cells.find((symbol) => !known.includes(symbol));
  if (unknown !== undefined) refuse(`symbols must be among ${known.join(" ")}`, unknown);
  const only = (symbol: Symbol): number => {
    const found = cells.filter((one) => one === symbol).length;
    if (found !== 1) refuse(`a lake must have one ${lakeSymbols[symbol]}`, found);
    return cells.indexOf(symbol);
  };
  return {
    width,
    height,
    holes: cells.map((symbol) => symbol === "O"),
    start: only("P"),
    goal: only("G"),
  };
}
