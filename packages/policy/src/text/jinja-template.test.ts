import { expect, test } from "vitest";
import { compileTemplate } from "./jinja-template.ts";

const render = (source: string, variables: Readonly<Record<string, unknown>> = {}): string =>
  compileTemplate(source)(variables);

// Expected results of Jinja 3.1.6 on Python 3, in the sandbox of transformers.
test.each<[string, string, unknown]>([
  ["\n\n  x\n", "lstrip('\\n')", "  x\n"],
  ["\n\n  x\n", "rstrip('\\n')", "\n\n  x"],
  ["\n\n  x\n", "strip()", "x"],
  ["  a b  c  ", "lstrip(' \\n')", "a b  c  "],
  ["xxyxx", "strip('xy')", ""],
  ["xxyxx", "lstrip('x')", "yxx"],
  ["\ufeffx\ufeff", "strip()", "\ufeffx\ufeff"],
  ["\u00a0x\u0085", "strip()", "x"],
  ["<think>a</think>b", "split('</think>')", ["<think>a", "b"]],
  ["a,b,,c", "split(',', 1)", ["a", "b,,c"]],
  ["a,b,,c", "split(',', maxsplit=2)", ["a", "b", ",c"]],
  ["a,b,,c", "rsplit(',', 1)", ["a,b,", "c"]],
  ["  a b  c  ", "split()", ["a", "b", "c"]],
  ["  a b  c  ", "split(none, 1)", ["a", "b  c  "]],
  ["  a b  c  ", "rsplit(none, maxsplit=1)", ["  a b", "c"]],
  ["line1\nline2\r\nline3\u000bz\n", "splitlines()", ["line1", "line2", "line3", "z"]],
  [
    "line1\nline2\r\nline3\u000bz\n",
    "splitlines(keepends=true)",
    ["line1\n", "line2\r\n", "line3\u000b", "z\n"],
  ],
  ["abcabc", "startswith('a', 1)", false],
  ["abcabc", "startswith(('a','x'))", true],
  ["abcabc", "endswith('c')", true],
  ["abcabc", "endswith('a', 1, 3)", false],
  ["abcabc", "find('b', -2)", 4],
  ["abcabc", "rfind('bc')", 4],
  ["abcabc", "count('')", 7],
  ["abcabc", "replace('a','Z',0)", "abcabc"],
  ["abcabc", "replace('','-',2)", "-a-bcabc"],
  ["xxyxx", "replace('x','yy',2)", "yyyyyxx"],
  ["abcabc", "removeprefix('abc')", "abc"],
  ["\n\n  x\n", "removesuffix('\\n')", "\n\n  x"],
  ["<think>a</think>b", "partition('</think>')", ["<think>a", "</think>", "b"]],
  ["<think>a</think>b", "rpartition(',')", ["", "", "<think>a</think>b"]],
  ["-42", "zfill(5)", "-0042"],
  ["42", "center(7)", "   42  "],
  ["\ud83d\ude00a\ud83d\ude00", "find('a')", 1],
  ["\ud83d\ude00a\ud83d\ude00", "center(8,'-')", "--\ud83d\ude00a\ud83d\ude00---"],
  ["Hello wOrLD it's", "title()", "Hello World It'S"],
  ["Hello wOrLD it's", "capitalize()", "Hello world it's"],
  ["-42", "isdigit()", false],
  ["42", "isdigit()", true],
  ["a,b,,c", "join(['p','q','r'])", "pa,b,,cqa,b,,cr"],
])("%j.%s equals Python's result", (text, call, expected) => {
  expect(JSON.parse(render(`{{ text.${call} | tojson }}`, { text }))).toEqual(expected);
});

test.each([
  ["{{ 'a'.lstrip(1) }}", "lstrip: chars must be a string, got 1"],
  ["{{ 'a'.split('') }}", 'split: sep must not be empty, got ""'],
  ["{{ 'a'.split(size=1) }}", "split: keyword argument must be one of [sep, maxsplit], got size"],
  ["{{ 'a'.strip('a', 'b') }}", "strip: must have at most 1 arguments, got 2"],
  ["{{ 'a'.replace('a') }}", "replace: new must be a string, got undefined"],
  ["{{ 'a'.index('b') }}", 'index: sub must be in the text, got "b"'],
])("%s is an error that names the method and the argument", (source, message) => {
  expect(() => render(source)).toThrow(message);
});

test("trims by filter too, and calls methods of results", () => {
  expect(render("[{{ text | trim }}]", { text: "\n x \ufeff" })).toBe("[x \ufeff]");
  expect(render("[{{ text | trim('x') }}]", { text: "xaxx" })).toBe("[a]");
  expect(
    render("{{ text.split('</think>')[-1].lstrip('\\n') }}", { text: "a</think>\n\n b" }),
  ).toBe(" b");
});

test("keeps fields of objects that are named like string methods", () => {
  expect(render("{{ call.index }} {{ call.items() | length }}", { call: { index: 3 } })).toBe(
    "3 1",
  );
});

test("accepts any name as a variable, strftime_now included", () => {
  const source = "{{ strftime_now('%d %b %Y') }}";
  const day = new Date(2024, 6, 6, 15, 4, 5);
  expect(render(source, { strftime_now: (format: string) => `day ${format}` })).toBe(
    "day %d %b %Y",
  );
  expect(render(source, { strftime_now: day })).toBe("06 Jul 2024");
  expect(render(source, { strftime_now: "26 July 2024" })).toBe("26 July 2024");
  expect(
    render("{{ range }} {{ namespace }} {{ true }}", { range: 1, namespace: 2, true: 3 }),
  ).toBe("1 2 3");
  expect(render("{% for i in range(4, 0, -2) %}{{ i }}{% endfor %}")).toBe("42");
});

test("formats dates in English, whatever the format", () => {
  const strftime_now = new Date(2024, 1, 6, 15, 4, 5);
  expect(
    render("{{ strftime_now('%A %-d %B %y, %j, %I:%M:%S %p, %F, 100%%') }}", { strftime_now }),
  ).toBe("Tuesday 6 February 24, 037, 03:04:05 PM, 2024-02-06, 100%");
  expect(() => render("{{ strftime_now('%Q') }}")).toThrow(
    'strftime: format must contain only known directives, got "%Q"',
  );
});
