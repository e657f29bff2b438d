import type { CommandResult, Container } from "../containers/container.ts";
import {
  maxNewFileBytes,
  notesFolder,
  snapshotFunctions,
} from "../preparation/start-tree-script.ts";
import { isLeftover, mayBeBuilt } from "../scaffold/leftovers.ts";

/** A file of the agent that is not in its patch, or not with its change. */
export interface LeftOut {
  /** Relative to the repository; bytes that are not UTF-8 are replaced. */
  readonly path: string;
  /**
   * `ignored`: the repository ignores it, and the official harness takes nothing ignored either.
   * `leftover`: caches and byte code. `size`: it, or all new files together, are too large, or a file that was there grew too much.
   * `unreadable`: git could not read it.
   */
  readonly reason: "ignored" | "leftover" | "size" | "unreadable";
}

/** Changes of an agent. */
export interface ExtractedPatch {
  /** A unified diff, byte for byte; empty where nothing changed, `null` where none can be taken. */
  readonly bytes: Uint8Array | null;
  /** The same as text, to be read: bytes that are not UTF-8 are replaced. */
  readonly patch: string | null;
  /** New files that are not in it. */
  readonly leftOut: readonly LeftOut[];
  /** Why there is none, in one line; absent where there is one. */
  readonly reason?: string;
}

/** The longest patch, bytes. */
const maxPatchBytes = 64 * 2 ** 20;
/** What all new files may take together, bytes. */
const maxNewBytes = 12 * 2 ** 20;
/** The longest list of new files, bytes. */
const maxListBytes = 32 * 2 ** 20;
/** The most files of one folder that are named as left out. */
const maxNamed = 1000;

const git = `export LC_ALL=C GIT_NO_REPLACE_OBJECTS=1 HOME=${notesFolder}
unset GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_NAMESPACE
git() { command git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c safe.directory='*' "$@"; }
${snapshotFunctions}
export GIT_INDEX_FILE=${notesFolder}/index`;

/** Records changes of tracked files, and lists the others: one record each, NUL at its end. */
const listScript = (startTree: string): string => `${git}
find . -xdev -type d -user "$(id -u)" ! -perm -u=rwx -exec chmod u+rwx {} \\; 2>/dev/null
find . -xdev ! -type l -user "$(id -u)" ! -perm -u=r -exec chmod u+r {} + 2>/dev/null
set_aside
rm -f "$GIT_INDEX_FILE"
snap read-tree ${startTree} || { echo "the record of the repository is gone" >&2; exit 1; }
snap add -u --ignore-errors . 1>&2 || true
# Tracked files that output filled: they stay as they were.
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

/** Adds the files that it reads, and prints the difference. */
const diffScript = (startTree: string): string => `${git}
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
  /** Bytes of the path, as Latin-1. */
  readonly path: string;
  readonly size: number;
}

const readable = (path: string): string => Buffer.from(path, "latin1").toString("utf8");

/**
 * Takes the changes since a recorded tree out of a container: bytes as they are on the disk, modes
 * included, new files included unless the repository ignores them, repositories within the repository
 * as plain files. New files that do not fit are left out, those that a build may have made first, then
 * the largest. A change of a file that was there is left out only if the file grew by more than a new
 * file may have.
 *
 * Nothing of the agent's repository is used but its list of tracked files, and the folders of inner
 * repositories are moved away: the container is good for nothing else afterwards.
 * @param startTree - The tree that the preparation recorded.
 */
export async function extractPatch(
  container: Container,
  folder: string,
  startTree: string,
): Promise<ExtractedPatch> {
  const none = (said: CommandResult, leftOut: readonly LeftOut[] = []): ExtractedPatch => ({
    bytes: null,
    patch: null,
    leftOut,
    reason: said.isTimedOut
      ? "the changes could not be listed in time"
      : said.isTruncated
        ? "the changes are too long"
        : lastLine(said.stderr),
  });
  const options = { cwd: folder, timeoutSeconds: 600 };
  const listed = await container.exec(listScript(startTree), {
    ...options,
    maxBytes: maxListBytes,
  });
  if (listed.exitCode !== 0 || listed.isTruncated) return none(listed);
  const { kept, leftOut } = choose(listed.stdout);
  const input = Buffer.from(kept.map(({ path }) => `${path}\0`).join(""), "latin1");
  const diff = await container.exec(diffScript(startTree), {
    ...options,
    input,
    maxBytes: maxPatchBytes,
  });
  if (diff.exitCode !== 0 || diff.isTruncated) return none(diff, leftOut);
  for (const entry of diff.stderr.toString("latin1").split("\0")) {
    const path = /^unreadable ([^]*)$/u.exec(entry)?.[1];
    if (path !== undefined) leftOut.push({ path: readable(path), reason: "unreadable" });
  }
  return { bytes: diff.stdout, patch: diff.stdout.toString("utf8"), leftOut };
}

/** Decides which new files belong to the change. */
function choose(list: Buffer): { readonly kept: readonly NewFile[]; readonly leftOut: LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const leave = (path: string, reason: LeftOut["reason"]): void => {
    if (leftOut.length < maxNamed) leftOut.push({ path: readable(path), reason });
  };
  const candidates = new Map<string, NewFile>();
  const ignored: string[] = [];
  for (const entry of list.toString("latin1").split("\0")) {
    const match = /^(new|ignored|grown) (\d+) ([^]+)$/u.exec(entry);
    if (match === null) continue;
    const path = match[3]!.replace(/^\.\//u, "");
    const size = Number(match[2]);
    if (match[1] === "ignored") ignored.push(path);
    else if (match[1] === "grown") leave(path, "size");
    else if (isLeftover(path)) leave(path, "leftover");
    else if (size > maxNewFileBytes) leave(path, "size");
    else candidates.set(path, { path, size });
  }
  const fits: NewFile[] = [];
  let total = 0;
  const doubt = ({ path }: NewFile): number => (mayBeBuilt(path) ? 1 : 0);
  const order = [...candidates.values()].toSorted((a, b) => doubt(a) - doubt(b) || a.size - b.size);
  for (const file of order) {
    total += file.size;
    if (total <= maxNewBytes) fits.push(file);
    else leave(file.path, "size");
  }
  for (const path of ignored) {
    // Byte code and caches appear wherever something ran.
    if (!candidates.has(path) && !isLeftover(path.endsWith("/") ? `${path}x` : path)) {
      leave(path, "ignored");
    }
  }
  return { kept: fits, leftOut };
}

function lastLine(output: Buffer): string {
  const lines = output.toString("utf8").trim().split("\n");
  return (lines.at(-1) ?? "").slice(0, 300) || "git gave no reason";
}
