import type { Random } from "@turnwise/core";

/**
 * Names of a game's entities.
 *
 * `numbered` is the naming of ALFWorld: an id with `_bar_` is named by the text before the first
 * `_bar_` (plus `basin` if the id contains `basin`) and a number. Among entities with the same
 * base, the first in the order of ids gets the highest number. Any other id is used as the name,
 * with the codes for `- + . ,` replaced and a space appended. `ids` is the naming of TextWorld
 * without ALFWorld: names are ids.
 *
 * @param ids - Ids of all objects, sorted.
 * @param isEntity - True if an initial fact mentions the object; other objects are named by their
 *   id.
 * @param random - Random stream for the order of numbers. Default: order of ids.
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
      names[object] = `${removeMarks(id)} `;
      continue;
    }
    const base = removeMarks(id.slice(0, end)) + (id.includes("basin") ? "basin" : "");
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

function removeMarks(id: string): string {
  if (!id.includes("_")) return id;
  return id
    .replaceAll("_minus_", "-")
    .replaceAll("_plus_", "+")
    .replaceAll("_dot_", ".")
    .replaceAll("_comma_", ",");
}
