import { outputMarkers, repositoryFolder, addExitCode } from "../instances/eval-script.ts";
import { shellWord } from "../../shell-word.ts";
import type { SweInstance, SweSmithInstance } from "../instances/instance.ts";

/** Returns the folder of an instance's repository in its image. */
export function getFolder({ folder = repositoryFolder }: SweInstance): string {
  return folder;
}

/** Test run of an instance. */
export interface TestRun {
  readonly script: string;
  /** Time limit of the harness, seconds. */
  readonly timeoutSeconds: number;
}

/**
 * Creates the test run of an instance, to be executed after a patch was applied, as in its harness.
 */
export function testRun(instance: SweInstance): TestRun {
  switch (instance.format) {
    case "swe-bench":
      return { script: addExitCode(instance.evalScript), timeoutSeconds: 1800 };
    case "swe-smith":
      return { script: sweSmithScript(instance), timeoutSeconds: 120 };
    case "r2e-gym":
      return { script: r2eScript, timeoutSeconds: 300 };
    default:
      return instance satisfies never;
  }
}

const r2eScript = `cd ${repositoryFolder}
[ -e /root/.venv ] || ln -s ${repositoryFolder}/.venv /root/.venv
[ -e r2e_tests ] || ln -s /r2e_tests r2e_tests
bash run_tests.sh
`;

function sweSmithScript({ failToPass }: SweSmithInstance): string {
  const files = [...new Set(failToPass.map((id) => id.split("::")[0]!))];
  return `set -uxo pipefail
[ -f /opt/miniconda3/bin/activate ] && { source /opt/miniconda3/bin/activate; conda activate testbed; }
cd ${repositoryFolder}
: '${outputMarkers.start}'
pytest --disable-warnings --color=no --tb=no --verbose ${files.map(shellWord).join(" ")}
: '${outputMarkers.end}'
`;
}

/** Script that sets up the state of the issue, run first in containers of both agent and grader. */
export function checkoutScript(instance: SweInstance): string {
  if (instance.format !== "swe-smith") return "true";
  // One image holds all bugs of a repository, one branch each. If the last commit removed the
  // tests, the grader restores them.
  return `cd ${repositoryFolder} && git checkout -q ${shellWord(instance.id)}`;
}

/** Script for the grader's container only: adds the tests that the agent does not have. */
export function gradingSetupScript(instance: SweInstance): string {
  if (instance.format !== "swe-smith") return "true";
  return `cd ${repositoryFolder} && if git log -1 --format=%s | grep -q 'Remove F2P Tests'; then git checkout -q HEAD~1; fi`;
}

/**
 * Bash script for the agent's start state: the files of the issue, without the tests of R2E-Gym,
 * without files that reveal the fix, and, for SWE-smith, without the commit before the bug. Run in
 * the repository's folder as root.
 */
export function agentSetupScript(instance: SweInstance): string {
  const { hidden = [] } = instance;
  const hide = hidden.length === 0 ? [] : [`rm -rf -- ${hidden.map(shellWord).join(" ")}`];
  if (instance.format === "swe-smith")
    return [checkoutScript(instance), newRoot, ...hide].join("\n");
  if (instance.format !== "r2e-gym") return [checkoutScript(instance), ...hide].join("\n");
  return [
    `[ -e /root/.venv ] || ln -s ${repositoryFolder}/.venv /root/.venv`,
    "find . -name '*.pyc' -delete; find . -name __pycache__ -type d -empty -delete",
    "rm -rf run_tests.sh r2e_tests /r2e_tests",
    ...hide,
  ].join("\n");
}

/** SWE-smith's bug is a commit whose parent contains the fix. */
const newRoot = `identity='-c user.name=turnwise -c user.email=turnwise@localhost -c commit.gpgSign=false'
root=$(git $identity commit-tree 'HEAD^{tree}' -m 'Initial commit') && git update-ref --no-deref HEAD "$root"`;
