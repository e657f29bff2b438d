/** Direction of a move on a grid. */
export type Direction = "Up" | "Down" | "Left" | "Right";

/** All directions. */
export const directions: readonly Direction[] = ["Up", "Down", "Left", "Right"];

/** Change of row and column for each direction. */
export const offsets: Readonly<Record<Direction, readonly [row: number, column: number]>> = {
  Up: [-1, 0],
  Down: [1, 0],
  Left: [0, -1],
  Right: [0, 1],
};

/** Parses a direction in any case; `undefined` for any other text. */
export function readDirection(text: string): Direction | undefined {
  const lower = text.toLowerCase();
  return directions.find((direction) => direction.toLowerCase() === lower);
}
