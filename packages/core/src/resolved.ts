/**
 * A record with every optional setting stated, at every depth: the output of a schema that fills in
 * defaults. Lists stay as they are.
 */
export type Resolved<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]-?: Resolved<Exclude<T[Key], undefined>> }
    : T;
