import type { Random } from "@turnwise/core";

/**
 * The names of a game's entities.
 *
 * `numbered` is what ALFWorld shows: an id with `_bar_` is called by what stands before the first
 * one (plus `basin` if `basin` is anywhere in the id) and a number. Of the entities with one base,
 * the first in the order of ids gets the highest number. Any other id is its own name, with its
 * marks for `- + . ,` replaced and a space after it. `ids` is what TextWorld shows without
 * ALFWorld: the ids.
 *
 * @param ids - Ids of all objects, sorted.
 * @param isEntity - Whether some initial fact mentions the object; others are called by their id.
 * @param random - Deals the numbers of a base out in random order. Default: by id.
 */
export function entityNames(
  ids: readonly string[],
  isEntity: readonly boolean[],
  naming: "numbered" | "ids",
  random?: Random,
): string[] {
  const names = [...ids];
  if (naming === "ids") return names;
  const entities: number[] = [];
  for (let object = 0; object < ids.length; object++) if (isEntity[object]) entities.push(object);
  const bases = new Map<number, string>();
  const left = new Map<string, number>();
  for (const object of entities) {
    const id = ids[object]!;
    const end = id.indexOf("_bar_");
    if (end < 0) {
      names[object] = `${withoutMarks(id)} `;
      continue;
    }
    const base = withoutMarks(id.slice(0, end)) + (id.includes("basin") ? "basin" : "");
    bases.set(object, base);
    left.set(base, (left.get(base) ?? 0) + 1);
  }
  for (const object of random ? random.shuffle(entities) : entities) {
    const base = bases.get(object);
    if (base === undefined) continue;
    const number = left.get(base)!;
    left.set(base, number - 1);
    names[object] = `${base} ${number}`;
  }
  return names;
}

function withoutMarks(id: string): string {
  if (!id.includes("_")) return id;
  return id
    .replaceAll("_minus_", "-")
    .replaceAll("_plus_", "+")
    .replaceAll("_dot_", ".")
    .replaceAll("_comma_", ",");
}
