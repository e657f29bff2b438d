/** Maps the values of a record; the keys are unchanged. */
export function mapRecord<Key extends string, From, To>(
  record: Readonly<Record<Key, From>>,
  change: (value: From, key: Key) => To,
): Record<Key, To> {
  const entries = Object.entries<From>(record);
  // Sound because Object.entries only loses the key type.
  return Object.fromEntries(entries.map(([k, v]) => [k, change(v, k as Key)])) as Record<Key, To>;
}
