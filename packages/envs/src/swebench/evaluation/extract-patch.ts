import type { CommandResult, Container } from "../../containers/container.ts";
import { maxNewFileBytes, notesFolder } from "../preparation/start-tree-script.ts";
import { agentGit } from "./agent-git.ts";
import { isLeftover, mayBeBuilt } from "./leftovers.ts";

/** File that is excluded from the agent's patch. */
export interface ExcludedFile {
  /** Path relative to the repository; invalid UTF-8 is replaced. */
  readonly path: string;
  /**
   * `ignored`: the repository ignores it; the official harness excludes such files too. `leftover`:
   * caches and byte code. `size`: the file, or all new files together, are too large, or an
   * existing file grew too much. `unreadable`: git could not read it.
   */
  readonly reason: "ignored" | "leftover" | "size" | "unreadable";
}

/** Changes that an agent made. */
export interface ExtractedPatch {
  /** Unified diff, byte for byte; empty if nothing changed, `null` if extraction failed. */
  readonly bytes: Uint8Array | null;
  /** The diff as text for reading; invalid UTF-8 is replaced. */
  readonly patch: string | null;
  /** Files excluded from the diff. */
  readonly excluded: readonly ExcludedFile[];
  /** Reason why extraction failed, in one line; absent if it succeeded. */
  readonly reason?: string;
}

/** Maximum size of a patch, bytes. */
const maxPatchBytes = 64 * 2 ** 20;
/** Maximum total size of all new files, bytes. */
const maxNewBytes = 12 * 2 ** 20;
/** Maximum size of the list of new files, bytes. */
const maxListBytes = 32 * 2 ** 20;
/** Maximum number of excluded files listed per folder. */
const maxNamed = 1000;

/** Lists changes of tracked files and untracked files, one record per file, terminated by NUL. */
const listScript = (startTree: string): string => `${agentGit}
export GIT_INDEX_FILE=${notesFolder}/index
find . -xdev -type d -user "$(id -u)" ! -perm -u=rwx -exec chmod u+rwx {} \\; 2>/dev/null
find . -xdev ! -type l -user "$(id -u)" ! -perm -u=r -exec chmod u+r {} + 2>/dev/null
set_aside
rm -f "$GIT_INDEX_FILE"
snap read-tree ${startTree} || { echo "the record of the repository is gone" >&2; exit 1; }
snap add -u --ignore-errors . 1>&2 || true
# Tracked files that grew by more than the limit, such as logs: leave out their changes.
find . -xdev -name .git -prune -o -type f -size +${maxNewFileBytes}c -print0 |
  while IFS= read -r -d '' path; do
    path=\${path#./}
    read -r mode _ blob before _ < <(snap ls-tree -l ${startTree} -- "$path") || continue
    size=$(stat -c %s -- "$path")
    [ $((size - before)) -gt ${maxNewFileBytes} ] && snap update-index --cacheinfo "$mode,$blob,$path" &&
      printf 'grown %s %s\\0' "$size" "$path"
  done
snap ls-files -o --exclude-standard -z | xargs -0 -r stat --printf 'new %s %n\\0' -- 2>/dev/null
# What the agent put under its own version control, though it is ignored.
snap ls-files -o -i --exclude-standard -z | sort -z > ${notesFolder}/hidden
if [ -e .git ]; then
  { unset GIT_INDEX_FILE
    git ls-files -z; git ls-tree -r -z --name-only HEAD; } 2>/dev/null | sort -zu |
    comm -z -12 - ${notesFolder}/hidden | xargs -0 -r stat --printf 'new %s %n\\0' -- 2>/dev/null
fi
snap ls-files -o -i --exclude-standard --directory -z | sort -z |
  comm -z -23 - ${notesFolder}/ignored | sed -z 's/^/ignored 0 /'
`;

/** Adds the files listed on standard input and prints the diff. */
const diffScript = (startTree: string): string => `${agentGit}
export GIT_INDEX_FILE=${notesFolder}/index
cat > ${notesFolder}/added
if ! snap update-index --add -z --stdin < ${notesFolder}/added 2>/dev/null; then
  while IFS= read -r -d '' path; do
    printf '%s\\0' "$path" | snap update-index --add -z --stdin 2>/dev/null ||
      printf 'unreadable %s\\0' "$path" >&2
  done < ${notesFolder}/added
fi
tree=$(snap write-tree) || exit 1
snap --no-pager diff-tree -r -p --binary --full-index --no-renames --no-ext-diff --no-textconv \\
  --no-color --src-prefix=a/ --dst-prefix=b/ ${startTree} "$tree"
`;

interface NewFile {
  /** Path in Latin-1, with one character per byte. */
  readonly path: string;
  readonly size: number;
}

const decodePath = (path: string): string => Buffer.from(path, "latin1").toString("utf8");

/**
 * Extracts the changes since a recorded tree from a container: bytes as on disk, file modes, new
 * files that the repository does not ignore, and nested repositories as plain files. If new files
 * exceed the size limit, files are excluded: first those that a build may have created, then the
 * largest. A change of an existing file is excluded only if the file grew by more than the limit
 * for a new file.
 *
 * Of the agent's git repository, only the list of tracked files is used. The git folders of nested
 * repositories are moved, so the container cannot be used afterwards.
 * @param startTree - Tree recorded by the preparation.
 */
export async function extractPatch(
  container: Container,
  folder: string,
  startTree: string,
): Promise<ExtractedPatch> {
  const fail = (said: CommandResult, excluded: readonly ExcludedFile[] = []): ExtractedPatch => ({
    bytes: null,
    patch: null,
    excluded,
    reason: said.isTimedOut
      ? "timed out listing the changes"
      : said.isTruncated
        ? "the changes are too large"
        : lastLine(said.stderr),
  });
  const options = { cwd: folder, timeoutSeconds: 600 };
  const listed = await container.exec(listScript(startTree), {
    ...options,
    maxBytes: maxListBytes,
  });
  if (listed.exitCode !== 0 || listed.isTruncated) return fail(listed);
  const { kept, excluded } = choose(listed.stdout);
  const input = Buffer.from(kept.map(({ path }) => `${path}\0`).join(""), "latin1");
  const diff = await container.exec(diffScript(startTree), {
    ...options,
    input,
    maxBytes: maxPatchBytes,
  });
  if (diff.exitCode !== 0 || diff.isTruncated) return fail(diff, excluded);
  for (const entry of diff.stderr.toString("latin1").split("\0")) {
    const path = /^unreadable ([^]*)$/u.exec(entry)?.[1];
    if (path !== undefined) excluded.push({ path: decodePath(path), reason: "unreadable" });
  }
  return { bytes: diff.stdout, patch: diff.stdout.toString("utf8"), excluded };
}

/** Selects the new files that are part of the patch. */
function choose(list: Buffer): {
  readonly kept: readonly NewFile[];
  readonly excluded: ExcludedFile[];
} {
  const excluded: ExcludedFile[] = [];
  const exclude = (path: string, reason: ExcludedFile["reason"]): void => {
    if (excluded.length < maxNamed) excluded.push({ path: decodePath(path), reason });
  };
  const candidates = new Map<string, NewFile>();
  const ignored: string[] = [];
  for (const entry of list.toString("latin1").split("\0")) {
    const match = /^(new|ignored|grown) (\d+) ([^]+)$/u.exec(entry);
    if (match === null) continue;
    const path = match[3]!.replace(/^\.\//u, "");
    const size = Number(match[2]);
    if (match[1] === "ignored") ignored.push(path);
    else if (match[1] === "grown") exclude(path, "size");
    else if (isLeftover(path)) exclude(path, "leftover");
    else if (size > maxNewFileBytes) exclude(path, "size");
    else candidates.set(path, { path, size });
  }
  const fits: NewFile[] = [];
  let total = 0;
  const rank = ({ path }: NewFile): number => (mayBeBuilt(path) ? 1 : 0);
  const order = [...candidates.values()].toSorted((a, b) => rank(a) - rank(b) || a.size - b.size);
  for (const file of order) {
    total += file.size;
    if (total <= maxNewBytes) fits.push(file);
    else exclude(file.path, "size");
  }
  for (const path of ignored) {
    // Exclude byte code and caches, which appear wherever code was run.
    if (!candidates.has(path) && !isLeftover(path.endsWith("/") ? `${path}x` : path)) {
      exclude(path, "ignored");
    }
  }
  return { kept: fits, excluded };
}

function lastLine(output: Buffer): string {
  const lines = output.toString("utf8").trim().split("\n");
  return (lines.at(-1) ?? "").slice(0, 300) || "git gave no reason";
}
