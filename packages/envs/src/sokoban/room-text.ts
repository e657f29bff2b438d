import { sortCells, type SokobanLevel, type SokobanRoom, type SokobanState } from "./level.ts";

/** Symbols of RAGEN's Sokoban, and their meanings as stated in its prompt. */
export const sokobanSymbols = {
  "#": "wall",
  _: "empty",
  O: "target",
  "√": "box on target",
  X: "box",
  P: "player",
  S: "player on target",
} as const;

type Symbol = keyof typeof sokobanSymbols;

/** Draws a room in RAGEN's symbols, one line per row. */
export function writeRoom(room: SokobanRoom, { player, boxes }: SokobanState): string {
  const { width, height, walls, targets } = room;
  const symbolAt = (cell: number): Symbol => {
    const isTarget = targets.includes(cell);
    if (walls[cell] === true) return "#";
    if (cell === player) return isTarget ? "S" : "P";
    if (boxes.includes(cell)) return isTarget ? "√" : "X";
    return isTarget ? "O" : "_";
  };
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => symbolAt(row * width + column)).join(""),
  ).join("\n");
}

/**
 * Parses a room drawn in RAGEN's symbols, in rows of equal length within a closed border of walls.
 * @throws `RangeError` naming the error in the drawing.
 *
 * @example
 * readRoom("#####\n#PXO#\n#####").targets; // [8]
 */
export function readRoom(text: string): SokobanLevel {
  const rows = text.split("\n").map((row) => Array.from(row));
  const [height, width] = [rows.length, rows[0]!.length];
  const refuse = (rule: string, got: string | number): never => {
    throw new RangeError(`readRoom: ${rule}, got ${got}`);
  };
  const uneven = rows.findIndex((row) => row.length !== width);
  if (uneven !== -1) {
    refuse(`row ${uneven} must have as many cells as row 0 (${width})`, rows[uneven]!.length);
  }
  const cells = rows.flat();
  const unknown = cells.find((symbol) => !Object.hasOwn(sokobanSymbols, symbol));
  if (unknown !== undefined) {
    refuse(`symbols must be among ${Object.keys(sokobanSymbols).join(" ")}`, unknown);
  }
  const find = (...symbols: readonly Symbol[]): number[] =>
    cells.flatMap((symbol, cell) => (symbols.includes(symbol as Symbol) ? [cell] : []));
  const players = find("P", "S");
  const boxes = find("X", "√");
  const targets = find("O", "√", "S");
  const gap = cells.findIndex((symbol, cell) => {
    const [row, column] = [Math.floor(cell / width), cell % width];
    const isBorder = row === 0 || column === 0 || row === height - 1 || column === width - 1;
    return isBorder && symbol !== "#";
  });
  if (gap !== -1) refuse("the border must be all wall", `${cells[gap]} in cell ${gap}`);
  if (players.length !== 1) refuse("a room must have one player", players.length);
  if (boxes.length === 0) refuse("a room must have boxes", 0);
  if (boxes.length !== targets.length) {
    refuse("a room must have as many targets as boxes", `${targets.length} and ${boxes.length}`);
  }
  return {
    width,
    height,
    walls: cells.map((symbol) => symbol === "#"),
    targets: sortCells(targets),
    start: { player: players[0]!, boxes: sortCells(boxes) },
  };
}
