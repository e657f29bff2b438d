/** The same keys with other values. */
export function mapRecord<Key extends string, From, To>(
  record: Readonly<Record<Key, From>>,
  change: (value: From, key: Key) => To,
): Record<Key, To> {
  const entries = Object.entries<From>(record);
  // Object.entries forgets the keys.
  return Object.fromEntries(entries.map(([k, v]) => [k, change(v, k as Key)])) as Record<Key, To>;
}
