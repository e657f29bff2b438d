/** What a test can come to. */
export const testStatuses = ["FAILED", "PASSED", "SKIPPED", "ERROR", "XFAIL"] as const;

/** What a test can come to. */
export type TestStatus = (typeof testStatuses)[number];

/**
 * Test name to status, in the order in which the tests appear first. A status is what the log says:
 * usually a {@link TestStatus}, but some parsers keep a word that only begins with one (`FAILED:`).
 */
export type StatusMap = ReadonlyMap<string, string>;

/** The status that a line begins with, by plain prefix. */
export function leadingStatus(line: string): TestStatus | undefined {
  return testStatuses.find((status) => line.startsWith(status));
}

/** The status that a line ends with. */
export function trailingStatus(line: string): TestStatus | undefined {
  return testStatuses.find((status) => line.endsWith(status));
}
