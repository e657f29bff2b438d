/**
 * Finds the component of a custom choice.
 * @throws `TypeError` if the component is missing or has another name.
 */
export function findPart<T extends { readonly name: string }>(
  field: "advantages" | "surrogate" | "rolloutCorrection",
  { name }: { readonly name: string },
  part: T | undefined,
): T {
  if (part?.name === name) return part;
  throw new TypeError(
    `compileAlgorithm: parts.${field} must have the name ${name}, as in algorithm.${field}, got ${part?.name ?? "none"}`,
  );
}
