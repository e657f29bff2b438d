import { splitPatch } from "../scaffold/split-patch.ts";
import { testRules } from "./repository-rules.ts";

/** The lines that enclose the output of the tests. */
export const outputMarkers = {
  start: ">>>>> Start Test Output",
  end: ">>>>> End Test Output",
} as const;

/** Folder of the repository in images, unless an instance names another. */
export const repositoryFolder = "/testbed";

/** Lines that activate the conda environment of images in SWE-bench's layout. */
export const condaTestbed: readonly string[] = [
  "source /opt/miniconda3/bin/activate",
  "conda activate testbed",
];

/** Files of a test patch with these ends are data, not tests to run. */
const dataSuffixes = [
  ".json",
  ".png",
  ".csv",
  ".txt",
  ".md",
  ".jpg",
  ".jpeg",
  ".pkl",
  ".yml",
  ".yaml",
  ".toml",
];

/**
 * What a test runner is told to run: the files that a test patch touches, data files left out. For
 * django the dotted labels of its own runner.
 */
export function testDirectives(repo: string, testPatch: string): string[] {
  const files = splitPatch(testPatch)
    .map(({ newPath }) => newPath)
    .filter((path) => !dataSuffixes.some((suffix) => path.endsWith(suffix)));
  if (repo !== "django/django") return files;
  return files.map((path) =>
    path
      .replace(/\.py$/u, "")
      .replace(/^tests\//u, "")
      .replaceAll("/", "."),
  );
}

/** A word of a shell line; quoted only where it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What a script is made from. */
export interface EvalScriptParts {
  readonly repo: string;
  readonly version: string;
  readonly baseCommit: string;
  readonly testPatch: string;
  /** Where the repository stands in the container. */
  readonly folder: string;
  /** Lines that put the right programs on the path, run again after the diff is shown. */
  readonly activate: readonly string[];
  /** Lines before everything else of the repository. */
  readonly before: readonly string[];
  /** Installs the checkout again; empty for none. */
  readonly install: string;
  /** Runs the tests, files included. */
  readonly testCommand: string;
}

/**
 * The script that applies a test patch and runs its tests, in the form of the 5.x rows. Files that
 * the test patch changes are taken from the base commit first, whatever the agent did to them; files
 * that it only adds are removed, and no file list is ever empty (an empty one would reset the tree).
 */
export function evalScript(parts: EvalScriptParts): string {
  const { baseCommit, testPatch, folder, activate, before, install, testCommand } = parts;
  const touched = splitPatch(testPatch);
  const existing = touched.filter(({ isNew }) => !isNew).map(({ oldPath }) => shellWord(oldPath));
  const added = touched.filter(({ isNew }) => isNew).map(({ newPath }) => shellWord(newPath));
  const reset = [
    ...(existing.length > 0 ? [`git checkout ${baseCommit} ${existing.join(" ")}`] : []),
    ...(added.length > 0 ? [`rm -f ${added.join(" ")}`] : []),
  ];
  const delimiter = "EOF_114329324912";
  return `${[
    "#!/bin/bash",
    "set -uxo pipefail",
    ...activate,
    `cd ${folder}`,
    ...before,
    `git config --global --add safe.directory ${folder}`,
    `cd ${folder}`,
    "git status",
    "git show",
    `git -c core.fileMode=false diff ${baseCommit}`,
    ...activate,
    ...(install === "" ? [] : [install]),
    ...reset,
    `git apply -v - <<'${delimiter}'\n${testPatch}\n${delimiter}`,
    `: '${outputMarkers.start}'`,
    testCommand,
    `: '${outputMarkers.end}'`,
    ...reset,
  ].join("\n")}\n`;
}

/**
 * The script of a SWE-bench row that has none of its own, by the table of repositories.
 * @returns `undefined` where the table does not know the repository.
 */
export function tableEvalScript(
  repo: string,
  version: string,
  baseCommit: string,
  testPatch: string,
): string | undefined {
  const rules = testRules(repo, version);
  if (rules === undefined) return undefined;
  const { install, testCommand, before } = rules;
  return evalScript({
    repo,
    version,
    baseCommit,
    testPatch,
    folder: repositoryFolder,
    activate: condaTestbed,
    before,
    install,
    testCommand: [testCommand, ...testDirectives(repo, testPatch).map(shellWord)].join(" "),
  });
}

/**
 * The script with two lines more: the exit code of the test command is kept, and printed after the
 * end marker. A script that has them already, or has no marker, is returned as it is.
 */
export function withExitCode(script: string): string {
  if (script.includes("SWEBENCH_TEST_EXIT_CODE")) return script;
  const lines = script.split("\n");
  const end = lines.findIndex((line) => line.startsWith(":") && line.includes(outputMarkers.end));
  if (end === -1) return script;
  lines.splice(end + 1, 0, 'echo ">>>>> Test Exit Code: $SWEBENCH_TEST_EXIT_CODE"');
  lines.splice(end, 0, "SWEBENCH_TEST_EXIT_CODE=$?");
  return lines.join("\n");
}
