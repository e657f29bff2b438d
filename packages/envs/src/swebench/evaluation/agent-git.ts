import { notesFolder, snapshotFunctions } from "../preparation/start-tree-script.ts";

/**
 * Prefix of bash scripts that inspect an agent's files with git: it disables hooks and settings of
 * the agent, and defines `snap`. The script must set its own `GIT_INDEX_FILE`.
 */
export const agentGit: string = `export LC_ALL=C GIT_NO_REPLACE_OBJECTS=1 HOME=${notesFolder}
unset GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_NAMESPACE
git() { command git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c safe.directory='*' "$@"; }
${snapshotFunctions}`;
