/**
 * Record with every default filled in, at every depth: the output type of a schema with defaults.
 * List types are unchanged.
 */
export type Resolved<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]-?: Resolved<Exclude<T[Key], undefined>> }
    : T;
