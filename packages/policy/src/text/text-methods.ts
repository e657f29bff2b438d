/**
 * Methods of Python's `str`, as used by chat templates. Indices and widths count code points. The
 * Jinja library implements some of these methods, but ignores most of their arguments.
 */

/** Argument from a template; `undefined` if omitted. */
type Argument = unknown;

/** String method: parameter names, for calls with keyword arguments, and its function. */
interface TextMethod {
  readonly parameters: readonly string[];
  readonly run: (text: string, given: readonly Argument[]) => string | number | boolean | string[];
}

/**
 * Matches the characters that `str.isspace` accepts; JavaScript's `\s` differs in U+001C to U+001F,
 * U+0085 and U+FEFF.
 */
const space =
  "\t\n\u000B\f\r\u001C-\u001F \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000";
const isSpace = new RegExp(`^[${space}]$`, "u");
const spaces = new RegExp(`[${space}]+`, "gu");

/** Matches the characters at which `str.splitlines` splits. */
const lineEnd = "\n\r\u000B\f\u001C-\u001E\u0085\u2028\u2029";
const lineEnds = new RegExp(`\r\n|[${lineEnd}]`, "gu");

const quote = (value: Argument): string => JSON.stringify(value) ?? "undefined";

function asText(method: string, name: string, value: Argument): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${method}: ${name} must be a string, got ${quote(value)}`);
}

function asOptionalText(method: string, name: string, value: Argument): string | undefined {
  return value === undefined || value === null ? undefined : asText(method, name, value);
}

function asNumber(method: string, name: string, value: Argument, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new TypeError(`${method}: ${name} must be a whole number, got ${quote(value)}`);
}

/** Removes characters of a set from the ends of a text; white space by default. */
function strip(text: string, chars: string | undefined, ends: "left" | "right" | "both"): string {
  const set = chars === undefined ? undefined : new Set(chars);
  const isCut = (char: string): boolean => (set ? set.has(char) : isSpace.test(char));
  const points = Array.from(text);
  let begin = 0;
  let end = points.length;
  if (ends !== "right") while (begin < end && isCut(points[begin]!)) begin++;
  if (ends !== "left") while (end > begin && isCut(points[end - 1]!)) end--;
  return points.slice(begin, end).join("");
}

function stripMethod(method: string, ends: "left" | "right" | "both"): TextMethod {
  return {
    parameters: ["chars"],
    run: (text, [chars]) => strip(text, asOptionalText(method, "chars", chars), ends),
  };
}

/** Splits a text into ranges: start and end of each part, and the end of the separator after it. */
function splitRanges(text: string, separator: string | undefined): [number, number][] {
  const parts: [number, number][] = [];
  let begin = 0;
  const matches =
    separator === undefined
      ? Array.from(text.matchAll(spaces), ({ index, 0: match }) => [index, match.length] as const)
      : findAll(text, separator).map((index) => [index, separator.length] as const);
  for (const [index, length] of matches) {
    parts.push([begin, index]);
    begin = index + length;
  }
  parts.push([begin, text.length]);
  return separator === undefined ? parts.filter(([from, to]) => to > from) : parts;
}

/** Start of every non-overlapping occurrence, in UTF-16 code units. */
function findAll(text: string, part: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) {
    places.push(at);
  }
  return places;
}

function splitMethod(method: "split" | "rsplit"): TextMethod {
  return {
    parameters: ["sep", "maxsplit"],
    run: (text, [sep, maxsplit]) => {
      const separator = asOptionalText(method, "sep", sep);
      if (separator === "") throw new RangeError(`${method}: sep must not be empty, got ""`);
      const most = asNumber(method, "maxsplit", maxsplit, -1);
      const parts = splitRanges(text, separator);
      const keep = ([from, to]: [number, number]): string => text.slice(from, to);
      if (most < 0 || parts.length <= most) return parts.map(keep);
      // The last, unsplit part keeps its trailing white space.
      return method === "split"
        ? [...parts.slice(0, most).map(keep), text.slice(parts[most]![0])]
        : [
            text.slice(0, parts[parts.length - 1 - most]![1]),
            ...parts.slice(parts.length - most).map(keep),
          ];
    },
  };
}

function splitLines(text: string, keepsEnds: boolean): string[] {
  const lines: string[] = [];
  let begin = 0;
  for (const { index, 0: end } of text.matchAll(lineEnds)) {
    lines.push(text.slice(begin, keepsEnds ? index + end.length : index));
    begin = index + end.length;
  }
  if (begin < text.length) lines.push(text.slice(begin));
  return lines;
}

/**
 * Selects the part of a text between `start` and `end`, with its offset; `undefined` if `start` is
 * out of range.
 */
function selectRange(
  method: string,
  text: string,
  start: Argument,
  end: Argument,
): { readonly part: string; readonly begin: number } | undefined {
  const points = Array.from(text);
  const place = (name: string, value: Argument, fallback: number): number => {
    const index = asNumber(method, name, value, fallback);
    return index < 0 ? Math.max(0, index + points.length) : index;
  };
  const begin = place("start", start, 0);
  const stop = Math.min(place("end", end, points.length), points.length);
  if (begin > points.length || begin > stop) return undefined;
  return { part: points.slice(begin, stop).join(""), begin };
}

function affixMethod(method: "startswith" | "endswith", name: string): TextMethod {
  return {
    parameters: [name, "start", "end"],
    run: (text, [affix, start, end]) => {
      const found = selectRange(method, text, start, end);
      const affixes = (Array.isArray(affix) ? affix : [affix]).map((each: unknown) =>
        asText(method, name, each),
      );
      if (!found) return false;
      return affixes.some((each) =>
        method === "startswith" ? found.part.startsWith(each) : found.part.endsWith(each),
      );
    },
  };
}

function findMethod(method: "find" | "rfind" | "index" | "rindex"): TextMethod {
  const isLast = method.startsWith("r");
  return {
    parameters: ["sub", "start", "end"],
    run: (text, [sub, start, end]) => {
      const wanted = asText(method, "sub", sub);
      const found = selectRange(method, text, start, end);
      const at = found ? found.part[isLast ? "lastIndexOf" : "indexOf"](wanted) : -1;
      if (found && at >= 0) return found.begin + Array.from(found.part.slice(0, at)).length;
      if (method.endsWith("find")) return -1;
      throw new RangeError(`${method}: sub must be in the text, got ${quote(sub)}`);
    },
  };
}

function replaceFirst(text: string, old: string, by: string, count: number): string {
  if (count === 0) return text;
  const most = count < 0 ? Infinity : count;
  if (old === "") {
    const points = Array.from(text);
    const gaps = points.map((point, i) => (i < most ? by : "") + point).join("");
    return gaps + (points.length < most ? by : "");
  }
  const parts = text.split(old);
  return parts.reduce((done, part, i) => done + (i <= most ? by : old) + part);
}

function partitionMethod(method: "partition" | "rpartition"): TextMethod {
  return {
    parameters: ["sep"],
    run: (text, [sep]) => {
      const separator = asText(method, "sep", sep);
      if (separator === "") throw new RangeError(`${method}: sep must not be empty, got ""`);
      const isFirst = method === "partition";
      const at = isFirst ? text.indexOf(separator) : text.lastIndexOf(separator);
      if (at < 0) return isFirst ? [text, "", ""] : ["", "", text];
      return [text.slice(0, at), separator, text.slice(at + separator.length)];
    },
  };
}

const upperFirst = (text: string): string => {
  const [first = "", ...rest] = Array.from(text);
  return first.toUpperCase() + rest.join("").toLowerCase();
};

function padMethod(method: "ljust" | "rjust" | "center"): TextMethod {
  return {
    parameters: ["width", "fillchar"],
    run: (text, [width, fillchar]) => {
      const fill = asOptionalText(method, "fillchar", fillchar) ?? " ";
      const { length } = Array.from(text);
      const wanted = asNumber(method, "width", width, length);
      const missing = Math.max(0, wanted - length);
      // If the padding is odd, CPython puts the extra character on the left for an odd width.
      const half = Math.floor(missing / 2) + (missing & wanted & 1);
      const left = method === "ljust" ? 0 : method === "rjust" ? missing : half;
      return fill.repeat(left) + text + fill.repeat(missing - left);
    },
  };
}

/** Creates a method that returns true for non-empty text if all its characters match. */
function kindMethod(pattern: RegExp): TextMethod {
  return { parameters: [], run: (text) => pattern.test(text) };
}

const isCased = (text: string): boolean => text.toLowerCase() !== text.toUpperCase();

/** String methods by name. */
export const textMethods: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ["strip", stripMethod("strip", "both")],
  ["lstrip", stripMethod("lstrip", "left")],
  ["rstrip", stripMethod("rstrip", "right")],
  ["split", splitMethod("split")],
  ["rsplit", splitMethod("rsplit")],
  [
    "splitlines",
    { parameters: ["keepends"], run: (text, [keeps]) => splitLines(text, keeps === true) },
  ],
  ["startswith", affixMethod("startswith", "prefix")],
  ["endswith", affixMethod("endswith", "suffix")],
  [
    "removeprefix",
    {
      parameters: ["prefix"],
      run: (text, [prefix]) => {
        const cut = asText("removeprefix", "prefix", prefix);
        return text.startsWith(cut) ? text.slice(cut.length) : text;
      },
    },
  ],
  [
    "removesuffix",
    {
      parameters: ["suffix"],
      run: (text, [suffix]) => {
        const cut = asText("removesuffix", "suffix", suffix);
        return text.endsWith(cut) ? text.slice(0, text.length - cut.length) : text;
      },
    },
  ],
  [
    "replace",
    {
      parameters: ["old", "new", "count"],
      run: (text, [old, by, count]) =>
        replaceFirst(
          text,
          asText("replace", "old", old),
          asText("replace", "new", by),
          asNumber("replace", "count", count, -1),
        ),
    },
  ],
  ["find", findMethod("find")],
  ["rfind", findMethod("rfind")],
  ["index", findMethod("index")],
  ["rindex", findMethod("rindex")],
  [
    "count",
    {
      parameters: ["sub", "start", "end"],
      run: (text, [sub, start, end]) => {
        const wanted = asText("count", "sub", sub);
        const part = selectRange("count", text, start, end)?.part;
        if (part === undefined) return 0;
        return wanted === "" ? Array.from(part).length + 1 : findAll(part, wanted).length;
      },
    },
  ],
  [
    "join",
    {
      parameters: ["iterable"],
      run: (text, [parts]) => {
        const list = typeof parts === "string" ? Array.from(parts) : parts;
        if (!Array.isArray(list)) {
          throw new TypeError(`join: iterable must be a list of strings, got ${quote(parts)}`);
        }
        return list.map((part: unknown, i) => asText("join", `iterable[${i}]`, part)).join(text);
      },
    },
  ],
  ["partition", partitionMethod("partition")],
  ["rpartition", partitionMethod("rpartition")],
  ["upper", { parameters: [], run: (text) => text.toUpperCase() }],
  ["lower", { parameters: [], run: (text) => text.toLowerCase() }],
  ["casefold", { parameters: [], run: (text) => text.replaceAll("ß", "ss").toLowerCase() }],
  ["capitalize", { parameters: [], run: upperFirst }],
  ["title", { parameters: [], run: (text) => text.replaceAll(/\p{Cased}+/gu, upperFirst) }],
  [
    "swapcase",
    {
      parameters: [],
      run: (text) =>
        Array.from(text, (char) =>
          char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase(),
        ).join(""),
    },
  ],
  ["ljust", padMethod("ljust")],
  ["rjust", padMethod("rjust")],
  ["center", padMethod("center")],
  [
    "zfill",
    {
      parameters: ["width"],
      run: (text, [width]) => {
        const sign = /^[+-]/u.exec(text)?.[0] ?? "";
        const missing = asNumber("zfill", "width", width, 0) - Array.from(text).length;
        return sign + "0".repeat(Math.max(0, missing)) + text.slice(sign.length);
      },
    },
  ],
  ["isalpha", kindMethod(/^\p{L}+$/u)],
  ["isalnum", kindMethod(/^[\p{L}\p{N}]+$/u)],
  ["isdigit", kindMethod(/^[\p{Nd}\u00B2\u00B3\u00B9\u2070-\u2079\u2080-\u2089]+$/u)],
  ["isdecimal", kindMethod(/^\p{Nd}+$/u)],
  ["isnumeric", kindMethod(/^\p{N}+$/u)],
  ["isspace", kindMethod(new RegExp(`^[${space}]+$`, "u"))],
  ["isupper", { parameters: [], run: (text) => isCased(text) && text === text.toUpperCase() }],
  ["islower", { parameters: [], run: (text) => isCased(text) && text === text.toLowerCase() }],
]);
