import { evalScript } from "../instances/eval-script.ts";
import type { SweBenchInstance } from "../instances/instance.ts";
import { commitHash } from "./git-hash.ts";
import { depot, spans, wording, type DemoLibrary } from "./libraries.ts";
import { fileDiff } from "./text-diff.ts";

/** Type of a task. */
export type DemoKind = "fix" | "feature" | "regression";

interface TaskPlan {
  readonly name: string;
  readonly kind: DemoKind;
  readonly issue: string;
  readonly library: DemoLibrary;
  readonly file: string;
  /** Code in the correct library. */
  readonly fixedCode: string;
  /** Faulty code that replaces it in the agent's repository. */
  readonly brokenCode: string;
  readonly testFile: string;
  /** Tests that are appended to the test file. */
  readonly tests: string;
  readonly failToPass: readonly string[];
}

/** A demo task. */
export interface DemoTask {
  readonly instance: SweBenchInstance;
  readonly kind: DemoKind;
  /** Files of the agent's repository. */
  readonly files: Readonly<Record<string, string>>;
  /** Edit that fixes the issue, for scripted agents. */
  readonly fix: { readonly file: string; readonly from: string; readonly to: string };
}

const plans: readonly TaskPlan[] = [
  {
    name: "spans-touching",
    kind: "fix",
    issue:
      "merge() leaves spans that touch apart\n\nmerge([Span(0, 2), Span(2, 4)]) gives two spans. The numbers have no gap between them, so it should give Span(0, 4).",
    library: spans,
    file: "spans/spans.py",
    fixedCode: "        if merged and span.start <= merged[-1].stop:\n",
    brokenCode: "        if merged and span.start < merged[-1].stop:\n",
    testFile: "tests/test_spans.py",
    tests:
      "\n\ndef test_merge_touching():\n    assert merge([Span(0, 2), Span(2, 4)]) == [Span(0, 4)]\n",
    failToPass: ["test_merge_touching"],
  },
  {
    name: "spans-nested",
    kind: "fix",
    issue:
      "covered() is too small when one span lies within another\n\ncovered([Span(0, 10), Span(2, 3)]) is 3, not 10. merge() seems to lose the end of the longer one.",
    library: spans,
    file: "spans/spans.py",
    fixedCode: "            merged[-1] = Span(merged[-1].start, max(merged[-1].stop, span.stop))\n",
    brokenCode: "            merged[-1] = Span(merged[-1].start, span.stop)\n",
    testFile: "tests/test_spans.py",
    tests:
      "\n\ndef test_merge_nested():\n    assert merge([Span(0, 10), Span(2, 3)]) == [Span(0, 10)]\n\n\ndef test_covered_nested():\n    assert covered([Span(0, 10), Span(2, 3)]) == 10\n",
    failToPass: ["test_merge_nested", "test_covered_nested"],
  },
  {
    name: "spans-contains",
    kind: "feature",
    issue:
      "Allow `number in span`\n\nSpan should answer the `in` operator for numbers: the start belongs to it, the stop does not.",
    library: spans,
    file: "spans/spans.py",
    fixedCode:
      "    def __contains__(self, number):\n        return self.start <= number < self.stop\n\n",
    brokenCode: "",
    testFile: "tests/test_spans.py",
    tests: "\n\ndef test_contains():\n    assert 2 in Span(2, 5)\n    assert 5 not in Span(2, 5)\n",
    failToPass: ["test_contains"],
  },
  {
    name: "wording-long-word",
    kind: "regression",
    issue:
      'wrap() begins with an empty line since the last release\n\nwrap("extraordinary", 5) used to give one line with the word. Now an empty line comes first.',
    library: wording,
    file: "wording/wrap.py",
    fixedCode:
      "        if not line:\n            line = word\n        elif len(line) + 1 + len(word) <= width:\n",
    brokenCode: "        if len(line) + 1 + len(word) <= width:\n",
    testFile: "tests/test_wording.py",
    tests:
      '\n\ndef test_wrap_long_word():\n    assert wrap("extraordinary", 5) == ["extraordinary"]\n',
    failToPass: ["test_wrap", "test_wrap_long_word"],
  },
  {
    name: "wording-acronym",
    kind: "fix",
    issue:
      'snake() takes acronyms apart\n\nsnake("parseHTTP") gives parse_h_t_t_p; it should give parse_http.',
    library: wording,
    file: "wording/case.py",
    fixedCode: "        if letter.isupper() and i > 0 and not name[i - 1].isupper():\n",
    brokenCode: "        if letter.isupper() and i > 0:\n",
    testFile: "tests/test_wording.py",
    tests: '\n\ndef test_snake_acronym():\n    assert snake("parseHTTP") == "parse_http"\n',
    failToPass: ["test_snake_acronym"],
  },
  {
    name: "wording-blank-lines",
    kind: "feature",
    issue:
      'indent() should leave empty lines empty\n\nindent("a\\n\\nb") puts the prefix on the empty line too, which leaves blanks at its end. Lines without text should stay as they are.',
    library: wording,
    file: "wording/wrap.py",
    fixedCode: "prefix + line if line else line for line",
    brokenCode: "prefix + line for line",
    testFile: "tests/test_wording.py",
    tests:
      '\n\ndef test_indent_blank_line():\n    assert indent("a\\n\\nb", "> ") == "> a\\n\\n> b"\n',
    failToPass: ["test_indent_blank_line"],
  },
  {
    name: "depot-last-piece",
    kind: "regression",
    issue:
      "An item with no pieces left is still listed\n\nAfter the last piece was taken, Stock.items() still names the item. This worked before take() was rewritten.",
    library: depot,
    file: "depot/stock.py",
    fixedCode: "        if self._counts[item] == 0:\n            del self._counts[item]\n",
    brokenCode: "",
    testFile: "tests/test_depot.py",
    tests:
      '\n\ndef test_items_without_pieces():\n    stock = Stock()\n    stock.add("nut")\n    stock.take("nut")\n    assert stock.items() == []\n',
    failToPass: ["test_items_without_pieces"],
  },
  {
    name: "depot-lost-cents",
    kind: "fix",
    issue:
      "split() loses cents\n\nsplit(10, 3) gives [3, 3, 3]. The sum must be the amount: [4, 3, 3].",
    library: depot,
    file: "depot/money.py",
    fixedCode: "    return [base + 1 if i < rest else base for i in range(shares)]\n",
    brokenCode: "    return [base for i in range(shares)]\n",
    testFile: "tests/test_depot.py",
    tests: "\n\ndef test_split_rest():\n    assert split(10, 3) == [4, 3, 3]\n",
    failToPass: ["test_split_rest"],
  },
];

const commitMessage = "Begin";

function createTask(plan: TaskPlan): DemoTask {
  const { name, kind, issue, library, file, fixedCode, brokenCode, testFile, tests } = plan;
  const correct = library[file]!;
  const broken = correct.replace(fixedCode, () => brokenCode);
  const files = { ...library, [file]: broken };
  const baseCommit = commitHash(files, commitMessage);
  const oldTests = library[testFile]!;
  const testPatch = fileDiff(testFile, oldTests, oldTests + tests);
  const failToPass = plan.failToPass.map((test) => `${testFile}::${test}`);
  const passToPass = [...(oldTests + tests).matchAll(/^def (test_\w+)/gmu)]
    .map((match) => `${testFile}::${match[1]!}`)
    .filter((id) => !failToPass.includes(id));
  const repo = `demo/${name.split("-")[0]!}`;
  const instance: SweBenchInstance = {
    format: "swe-bench",
    id: `demo__${name}`,
    repo,
    version: "1.0",
    baseCommit,
    // Include the commit in the name, so that an image of an older version of the task is never
    // used.
    image: `turnwise-demo/${name}:2-${baseCommit.slice(0, 12)}`,
    problemStatement: issue,
    goldPatch: fileDiff(file, broken, correct),
    testPatch,
    failToPass,
    passToPass,
    evalScript: evalScript({
      repo,
      version: "1.0",
      baseCommit,
      testPatch,
      folder: "/testbed",
      activate: [],
      before: [],
      install: "",
      testCommand: `python3 -m pytest -rA ${testFile}`,
    }),
    logParser: "parse_log_pytest",
    evalType: "pass_and_fail",
    createdAt: "2026-01-01T00:00:00Z",
  };
  // An edit must match a text that occurs exactly once, even if the task removed code. Add
  // preceding lines until it does.
  const at = correct.indexOf(fixedCode);
  let start = at;
  const anchorText = (): string => (correct.slice(start, at) + brokenCode).trim();
  while (start > 0 && (anchorText() === "" || broken.split(anchorText()).length !== 2)) {
    start = correct.lastIndexOf("\n", start - 2) + 1;
  }
  const lead = correct.slice(start, at);
  return { instance, kind, files, fix: { file, from: lead + brokenCode, to: lead + fixedCode } };
}

/**
 * Tasks of the demo. They are small, written for this purpose, and tested with their gold patch and
 * with an empty patch.
 */
export const demoTasks: readonly DemoTask[] = plans.map(createTask);

/** Message of the repository's only commit. */
export const demoCommitMessage: string = commitMessage;
