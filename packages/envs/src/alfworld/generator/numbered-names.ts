/**
 * Returns the class of an id as it occurs in names, such as `sinkbasin` for the basin of a sink.
 */
function baseName(id: string): string {
  const base = id.slice(0, id.indexOf("_bar_"));
  return id.includes("basin") ? `${base}basin` : base;
}

/**
 * Assigns the names that ids have in texts. The last id of each class in code-point order gets
 * number 1, the one before it number 2, and so on.
 * @param ids - Ids in the benchmark's format; case is ignored.
 * @returns Name of each id, such as `mug 2`.
 */
export function assignNames(ids: readonly string[]): Map<string, string> {
  const numGiven = new Map<string, number>();
  const lowered = ids.map((id) => [id.toLowerCase(), id] as const);
  lowered.sort(([a], [b]) => (a < b ? 1 : a > b ? -1 : 0));
  return new Map(
    lowered.map(([lower, id]) => {
      const base = baseName(lower);
      const number = (numGiven.get(base) ?? 0) + 1;
      numGiven.set(base, number);
      return [id, `${base} ${number}`];
    }),
  );
}
