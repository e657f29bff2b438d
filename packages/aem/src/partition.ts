/** Lists the indices of each group's members; groups are in the order of their first members. */
export function partition(groups: readonly (number | string)[]): number[][] {
  const members = new Map<number | string, number[]>();
  groups.forEach((group, index) => {
    const known = members.get(group);
    if (known === undefined) members.set(group, [index]);
    else known.push(index);
  });
  return [...members.values()];
}
