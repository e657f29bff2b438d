import type { ContainerPreparation } from "../../containers/container.ts";
import { shellWord } from "../../shell-word.ts";
import { foreignCommits, gitFunctions, historyScript } from "./history-script.ts";
import { rightsScript } from "./rights-script.ts";
import { notesFolder, snapshotFunctions, startTreeScript } from "./start-tree-script.ts";

/** Time limit for preparing an image, seconds: packing a long history takes minutes. */
const preparationSeconds = 3600;

const functions = [gitFunctions, foreignCommits, snapshotFunctions].join("\n");

/**
 * Prepares an image for an agent, once: the state of the issue, only the history of HEAD, a record
 * of all files, and write access for the user.
 * @param setup - Bash script of the data set, run in the folder first.
 */
export function agentPreparation(folder: string, setup: string): ContainerPreparation {
  const script = [
    // All temporary files are in one folder, which is removed at the end.
    `TMPDIR=$(mktemp -d /tmp/turnwise.XXXXXX) && export TMPDIR`,
    functions,
    `( cd -P ${shellWord(folder)} && trust "$PWD" && { ${setup}\n}; ) 1>&2`,
    `( ${historyScript(folder)} )`,
    `( set -euo pipefail\n${startTreeScript(folder)} )`,
    `( ${rightsScript(folder)} )`,
    `chown -R "$TURNWISE_UID:$TURNWISE_GID" ${notesFolder}`,
    `rm -rf "$TMPDIR"`,
  ];
  return { script: chain(script), timeoutSeconds: preparationSeconds };
}

/**
 * Makes the repository of an image writable for the container's user, once. Used for graders if the
 * repository is not writable.
 */
export function graderPreparation(folder: string): ContainerPreparation {
  return { script: chain([`( ${rightsScript(folder)} )`]), timeoutSeconds: preparationSeconds };
}

/**
 * Runs parts in order until one fails. A part in a subshell does not change the settings of the
 * others.
 */
function chain(parts: readonly string[]): string {
  return parts.map((part) => `${part}\n[ $? = 0 ] || exit 1`).join("\n");
}

/**
 * Checks the result of a preparation, as the container's user: prints HEAD and the recorded tree,
 * or fails with a one-line reason.
 */
export function assertionScript(folder: string): string {
  return `${foreignCommits}
cd -P ${shellWord(folder)} || { echo "no folder ${folder}" >&2; exit 1; }
head=$(git rev-parse -q --verify 'HEAD^{commit}') || { git rev-parse HEAD 2>&1 | head -1 >&2; exit 1; }
foreign=$(set -o pipefail; foreign_commits) || { echo "the commits of ${folder} cannot be listed" >&2; exit 1; }
[ -z "$foreign" ] || { echo "$(echo "$foreign" | wc -l) commits that are not ancestors of HEAD can be read, such as $(echo "$foreign" | head -1)" >&2; exit 1; }
${writableScript}
echo "$head $(cat ${notesFolder}/start)"
`;
}

/** Fails if the user of a container cannot work in the current folder. */
export const writableScript = `for folder in . "$(git rev-parse --absolute-git-dir)" /tmp; do
  [ -w "$folder" ] || { echo "$folder cannot be written by user $(id -u)" >&2; exit 1; }
done
closed=$(find . -xdev ! -type l ! -writable ! -path '*/.git/*' -print -quit)
[ -z "$closed" ] || { echo "$closed cannot be written by user $(id -u)" >&2; exit 1; }`;
