import { notesFolder } from "../preparation/start-tree-script.ts";
import type { AgentRepository } from "../preparation/open-repository.ts";
import { agentGit } from "./agent-git.ts";

/** Maximum size of a diff for display, bytes; the rest is omitted. */
const maxDiffBytes = 2 ** 20;
/** Maximum size of a new file whose content is part of the diff; `maxNewFiles`: maximum number. */
const maxNewFileBytes = 2 ** 20;
const maxNewFiles = 200;

/**
 * Index of all tracked files, created once per container; and the index to which new files are
 * added.
 */
const baseIndex = `${notesFolder}/view-base`;
const viewIndex = `${notesFolder}/view-index`;

const script = (startTree: string): string => `${agentGit}
export GIT_INDEX_FILE=${baseIndex}
[ -f ${baseIndex} ] || snap read-tree ${startTree} || exit 1
snap update-index -q --refresh > /dev/null 2>&1
cp ${baseIndex} ${viewIndex} || exit 1
export GIT_INDEX_FILE=${viewIndex} GIT_LITERAL_PATHSPECS=1
new=()
while IFS= read -r -d '' path; do
  [ -f "$path" ] && [ "$(stat -c %s -- "$path")" -le ${maxNewFileBytes} ] && new+=("$path")
  [ \${#new[@]} -lt ${maxNewFiles} ] || break
done < <(snap ls-files -o --exclude-standard -z)
[ \${#new[@]} -eq 0 ] || snap add -N -- "\${new[@]}" 2> /dev/null
snap --no-pager diff --no-renames --no-ext-diff --no-textconv --no-color \\
  --src-prefix=a/ --dst-prefix=b/ ${startTree} -- | head -c ${maxDiffBytes}
[ "\${PIPESTATUS[0]}" -eq 0 ] || [ "\${PIPESTATUS[0]}" -eq 141 ]
`;

/**
 * Reads the changes since a recorded tree while the agent works: tracked files, and new files that
 * the repository does not ignore. It does not modify the agent's files. (At the end, `extractPatch`
 * extracts the complete patch.)
 * @returns The changes; `missing`: reason why they could not be read, in one line.
 * @throws `ContainerError` if the container failed.
 */
export async function readDiff(
  { container, folder, startTree }: Pick<AgentRepository, "container" | "folder" | "startTree">,
  signal?: AbortSignal,
): Promise<{ readonly diff: string; readonly missing?: string }> {
  const { exitCode, stdout, stderr, isTimedOut } = await container.exec(script(startTree), {
    cwd: folder,
    timeoutSeconds: 60,
    maxBytes: 2 * maxDiffBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  if (exitCode === 0) return { diff: stdout.toString("utf8") };
  const said = stderr.toString("utf8").trim().split("\n").at(-1) ?? "";
  const reason = isTimedOut ? "timed out reading the changes" : said.slice(0, 300);
  return { diff: "", missing: reason === "" ? "git gave no reason" : reason };
}
