/**
 * Record with every default filled in, at every depth: the output of a schema with defaults. Lists
 * stay unchanged.
 */
export type Resolved<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]-?: Resolved<Exclude<T[Key], undefined>> }
    : T;
