import { parseDjango, parseSympy } from "./unittest-logs.ts";
import {
  parseMatplotlib,
  parsePytest,
  parsePytestColored,
  parsePytestOptions,
  parseSeaborn,
} from "./pytest-logs.ts";
import type { StatusMap } from "./status.ts";

/** Parses the output of a test run. */
export type LogParser = (log: string) => StatusMap;

/** Parsers by their names in instances (`log_parser`). */
const parsers: ReadonlyMap<string, LogParser> = new Map([
  ["parse_log_pytest", parsePytest],
  ["parse_log_astroid", parsePytest],
  ["parse_log_flask", parsePytest],
  ["parse_log_marshmallow", parsePytest],
  ["parse_log_pvlib", parsePytest],
  ["parse_log_pyvista", parsePytest],
  ["parse_log_sqlfluff", parsePytest],
  ["parse_log_xarray", parsePytest],
  ["parse_log_pytest_options", parsePytestOptions],
  ["parse_log_pydicom", parsePytestOptions],
  ["parse_log_pylint", parsePytestOptions],
  ["parse_log_requests", parsePytestOptions],
  ["parse_log_pytest_v2", parsePytestColored],
  ["parse_log_astropy", parsePytestColored],
  ["parse_log_scikit", parsePytestColored],
  ["parse_log_sphinx", parsePytestColored],
  ["parse_log_django", parseDjango],
  ["parse_log_matplotlib", parseMatplotlib],
  ["parse_log_seaborn", parseSeaborn],
  ["parse_log_sympy", parseSympy],
]);

/** Names that {@link logParser} accepts. */
export const logParserNames: readonly string[] = [...parsers.keys()];

/**
 * Returns a parser by name.
 * @throws `RangeError` for an unknown name.
 */
export function logParser(name: string): LogParser {
  const parser = parsers.get(name);
  if (parser === undefined) {
    throw new RangeError(
      `logParser: name must be one of ${logParserNames.join(", ")}, got ${JSON.stringify(name)}`,
    );
  }
  return parser;
}
