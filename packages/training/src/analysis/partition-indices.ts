/** Groups the indices of equal keys, in the order of first appearance. */
export function partitionIndices(keys: readonly unknown[]): number[][] {
  const members = new Map<unknown, number[]>();
  for (const [i, key] of keys.entries()) {
    const known = members.get(key);
    if (known === undefined) members.set(key, [i]);
    else known.push(i);
  }
  return [...members.values()];
}
