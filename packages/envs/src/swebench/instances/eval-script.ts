import { shellWord } from "../../shell-word.ts";
import { splitPatch } from "../evaluation/split-patch.ts";
import { testRules } from "./repository-rules.ts";

/** Marker lines around the output of the tests. */
export const outputMarkers = {
  start: ">>>>> Start Test Output",
  end: ">>>>> End Test Output",
} as const;

/** Default folder of the repository in images. */
export const repositoryFolder = "/testbed";

/** Lines that activate the conda environment of images in SWE-bench's layout. */
export const condaTestbed: readonly string[] = [
  "source /opt/miniconda3/bin/activate",
  "conda activate testbed",
];

/** Suffixes of files in a test patch that are data, not tests to run. */
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
 * Arguments of the test runner: the files that a test patch touches, except data files. For django,
 * the dotted labels of its own runner.
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

/** Parts of an eval script. */
export interface EvalScriptParts {
  readonly repo: string;
  readonly version: string;
  readonly baseCommit: string;
  readonly testPatch: string;
  /** Folder of the repository in the container. */
  readonly folder: string;
  /**
   * Lines that activate the image's environment; repeated after the script has printed the diff.
   */
  readonly activate: readonly string[];
  /** Lines that precede all other commands of the repository. */
  readonly before: readonly string[];
  /** Command that reinstalls the checkout; `""` for none. */
  readonly install: string;
  /** Command that runs the tests, with the test files. */
  readonly testCommand: string;
}

/**
 * Script that applies a test patch and runs its tests, in the format of the 5.x rows. Files that
 * the test patch changes are first restored from the base commit, whatever the agent did to them;
 * files that it only adds are removed. No file list is ever empty, because an empty one would reset
 * the tree.
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
 * Eval script for a SWE-bench row without one, from the repository table.
 * @returns `undefined` for an unknown repository.
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
 * Adds two lines to a script that save the exit code of the test command and print it after the end
 * marker. A script that already has these lines, or has no marker, is returned unchanged.
 */
export function addExitCode(script: string): string {
  if (script.includes("SWEBENCH_TEST_EXIT_CODE")) return script;
  const lines = script.split("\n");
  const end = lines.findIndex((line) => line.startsWith(":") && line.includes(outputMarkers.end));
  if (end === -1) return script;
  lines.splice(end + 1, 0, 'echo ">>>>> Test Exit Code: $SWEBENCH_TEST_EXIT_CODE"');
  lines.splice(end, 0, "SWEBENCH_TEST_EXIT_CODE=$?");
  return lines.join("\n");
}
