/** Possible outcomes of a test. */
export const testStatuses = ["FAILED", "PASSED", "SKIPPED", "ERROR", "XFAIL"] as const;

/** Outcome of a test. */
export type TestStatus = (typeof testStatuses)[number];

/**
 * Status by test name, in order of first appearance. The status is copied from the log: usually a
 * {@link TestStatus}, but some parsers keep a word that begins with one (`FAILED:`).
 */
export type StatusMap = ReadonlyMap<string, string>;

/** Status at the start of a line, by plain prefix. */
export function leadingStatus(line: string): TestStatus | undefined {
  return testStatuses.find((status) => line.startsWith(status));
}

/** Status at the end of a line. */
export function trailingStatus(line: string): TestStatus | undefined {
  return testStatuses.find((status) => line.endsWith(status));
}
