import type { SokobanRoom, SokobanState } from "./level.ts";

/**
 * Makes a function that names each state of a room by one number.
 * @throws `RangeError` if the room has too many cells and boxes for exact numbers.
 */
export function createStateKeys(
  where: string,
  { width, height, targets }: SokobanRoom,
): (state: SokobanState) => number {
  const numCells = width * height;
  if (numCells ** (targets.length + 1) > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(
      `${where}: boxes must be few enough for a room of ${numCells} cells, got ${targets.length}`,
    );
  }
  return ({ player, boxes }) => boxes.reduce((key, box) => key * numCells + box, player);
}
