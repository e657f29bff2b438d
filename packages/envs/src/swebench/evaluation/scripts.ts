import {
  outputMarkers,
  repositoryFolder,
  shellWord,
  withExitCode,
} from "../instances/eval-script.ts";
import type { SweInstance, SweSmithInstance } from "../instances/instance.ts";

/** Folder of an instance's repository in its image. */
export function folderOf({ folder = repositoryFolder }: SweInstance): string {
  return folder;
}

/** How the tests of an instance are run. */
export interface TestRun {
  readonly script: string;
  /** The harness's own limit, seconds. */
  readonly timeoutSeconds: number;
}

/** The tests of an instance, as its harness runs them, after a patch was applied. */
export function testRun(instance: SweInstance): TestRun {
  switch (instance.format) {
    case "swe-bench":
      return { script: withExitCode(instance.evalScript), timeoutSeconds: 1800 };
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

/**
 * What is done in a container before anything else: the state that the issue is about, for agent and
 * grader alike.
 */
export function checkoutScript(instance: SweInstance): string {
  if (instance.format !== "swe-smith") return "true";
  // One image holds all bugs of a repository, a branch each. Where the last commit took the tests
  // away, the grader gets them back.
  return `cd ${repositoryFolder} && git checkout -q ${shellWord(instance.id)}`;
}

/** What only the grader's container gets: tests that the agent's does not have. */
export function gradingSetupScript(instance: SweInstance): string {
  if (instance.format !== "swe-smith") return "true";
  return `cd ${repositoryFolder} && if git log -1 --format=%s | grep -q 'Remove F2P Tests'; then git checkout -q HEAD~1; fi`;
}

/**
 * Bash that makes the state in which an agent begins: the files of the issue, without the tests of
 * R2E-Gym, without files that tell the fix, and, for SWE-smith, without the commit before the bug. Run
 * in the repository's folder, as root.
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

/** The bug of SWE-smith is a commit: its parent is the fix. */
const newRoot = `identity='-c user.name=turnwise -c user.email=turnwise@localhost -c commit.gpgSign=false'
root=$(git $identity commit-tree 'HEAD^{tree}' -m 'Initial commit') && git update-ref --no-deref HEAD "$root"`;
