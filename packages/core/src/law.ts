/**
 * Property that all correct components of one kind have, such as all estimators. A suite is a list of
 * laws; it checks your own component in any test framework: `for (const law of laws) test(law.name, law.check)`.
 */
export interface Law {
  /** The statement, as a sentence. */
  readonly name: string;
  /** Source of the statement: a paper, a formula, a contract. */
  readonly source: string;
  /**
   * Searches for a counterexample.
   * @throws `Error` with the law, its source and the smallest counterexample found.
   */
  readonly check: () => void | Promise<void>;
}

/**
 * Creates a {@link Law} whose errors name it.
 * @param check - Throws if the statement does not hold; for example, a call of fast-check's
 *   `assert`.
 */
export function defineLaw(name: string, source: string, check: () => void | Promise<void>): Law {
  const fail = (error: unknown): never => {
    const details: string[] = [];
    for (let cause = error; cause instanceof Error; cause = cause.cause)
      details.push(cause.message);
    throw new Error(`law "${name}" (${source}) does not hold\n${details.join("\n")}`, {
      cause: error,
    });
  };
  return {
    name,
    source,
    check: () => {
      try {
        const result = check();
        return result instanceof Promise ? result.catch(fail) : result;
      } catch (error) {
        return fail(error);
      }
    },
  };
}
