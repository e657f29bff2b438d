import { shellWord } from "../../shell-word.ts";

/**
 * Bash functions shared by the scripts of this folder. Git runs without the image's variables,
 * hooks and monitors, and trusts the repository regardless of its owner.
 */
export const gitFunctions = `export LC_ALL=C GIT_NO_REPLACE_OBJECTS=1 GIT_TERMINAL_PROMPT=0 GIT_GRAFT_FILE=/dev/null
fail() { echo "$*" >&2; exit 1; }
git() { command git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c gc.auto=0 "$@"; }
trust() {
  type -P git > /dev/null || fail "git is not installed"
  unset GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_NAMESPACE GIT_OBJECT_DIRECTORY
  export HOME; HOME=$(mktemp -d) || exit 1
  command git config --global --add safe.directory "$1"
  command git config --global --add safe.directory '*'
}`;

/**
 * Lists the commits of a repository that are not ancestors of HEAD, whether or not a ref, log, pack
 * or alternate references them. Prints nothing if there are none.
 */
export const foreignCommits = `foreign_commits() {
  comm -13 <(GIT_NO_REPLACE_OBJECTS=1 GIT_GRAFT_FILE=/dev/null git rev-list HEAD | sort) <(
    git cat-file --batch-all-objects --batch-check='%(objecttype) %(objectname)' |
      sed -n 's/^commit //p' | sort)
}`;

/**
 * Rebuilds the repository at a folder so that it contains HEAD, its ancestors, the objects of the
 * index, and the tags of ancestors. Only these objects are copied, regardless of other references.
 * A linked worktree, or a repository whose git folder is elsewhere, becomes a standalone
 * repository. Other copies of the history on the disk are removed too: alternates, clones, bundles,
 * and files of worktrees that show later commits. Submodules and repositories of other projects are
 * kept.
 *
 * Needs {@link gitFunctions} and {@link foreignCommits}; run by a user who may write all files.
 */
export function historyScript(folder: string): string {
  return `set -euo pipefail
cd -P ${shellWord(folder)} || fail "no folder ${folder}"
trust "$PWD"
top=$(git rev-parse --show-toplevel 2>/dev/null) || fail "no git repository at ${folder}"
cd -P "$top"; top=$PWD
head=$(git rev-parse -q --verify 'HEAD^{commit}') || fail "HEAD of ${folder} names no commit"
gitdir=$(git rev-parse --absolute-git-dir)
common=$(realpath "$(git rev-parse --git-common-dir)")
stores=$(git count-objects -v | sed -n 's/^alternate: //p')
roots=$(git rev-list --max-parents=0 "$head") || fail "ancestors of HEAD are missing in ${folder}"
work=$(mktemp -d); new=$top/.git-$$-new; rm -rf "$new"

# Files of other worktrees, where these show a commit that HEAD does not have.
git worktree list --porcelain | sed -n 's/^worktree //p' | while IFS= read -r other; do
  [ -d "$other" ] && [ "$(realpath "$other")" != "$top" ] || continue
  git -C "$other" merge-base --is-ancestor HEAD "$head" 2>/dev/null ||
    (cd "$other" && git ls-files -z | xargs -0 -r rm -f --)
  [ -f "$other/.git" ] && rm -f "$other/.git"
done || true
for other in "$common"/worktrees/*; do
  [ -d "$other" ] && [ "$(realpath "$other")" != "$gitdir" ] && rm -rf "$other"
done || true

# The index of another worktree names files of its own.
[ "$common" = "$gitdir" ] || rm -f "$common/index" "$common"/sharedindex.*

mkdir -p "$new/objects/info" "$new/objects/pack" "$new/refs/heads" "$new/refs/tags" "$new/info"
echo "ref: refs/heads/work" > "$new/HEAD"
cat "$common/config" > "$new/config"
[ ! -f "$gitdir/config.worktree" ] || cat "$gitdir/config.worktree" >> "$new/config"
setting() { git config --file "$new/config" "$@"; }
setting --name-only --get-regexp '^(remote|branch|include|includeif|url)[.]' | sed 's/[.][^.]*$//' | sort -u |
  while IFS= read -r section; do setting --remove-section "$section" || true; done || true
for name in core.worktree extensions.partialclone extensions.worktreeconfig extensions.refstorage; do
  setting --unset-all "$name" || true
done
setting core.bare false

git for-each-ref --merged "$head" --format='%(objectname) %(refname)' refs/tags > "$work/tags" 2>/dev/null || true
{ echo "$head"; cut -d' ' -f1 "$work/tags"; } > "$work/tips"
git rev-list --objects --indexed-objects --missing=allow-any --stdin < "$work/tips" > "$work/objects" ||
  fail "ancestors of HEAD are missing in ${folder}"
git -c pack.threads=1 pack-objects -q --delta-base-offset "$new/objects/pack/pack" < "$work/objects" > /dev/null ||
  fail "the history of ${folder} could not be packed"
if [ -f "$common/shallow" ]; then
  git rev-list "$head" | sort | comm -12 - <(sort "$common/shallow") > "$new/shallow"
  [ -s "$new/shallow" ] || rm "$new/shallow"
fi
for file in "$gitdir/index" "$gitdir"/sharedindex.*; do [ ! -f "$file" ] || cp -p "$file" "$new/"; done
for file in exclude attributes sparse-checkout; do
  for from in "$common" "$gitdir"; do
    [ ! -f "$from/info/$file" ] || cp "$from/info/$file" "$new/info/$file"
  done
done
for part in hooks modules lfs; do [ ! -d "$common/$part" ] || mv "$common/$part" "$new/$part"; done
git --git-dir="$new" -c core.logAllRefUpdates=false update-ref refs/heads/work "$head"
sed 's#^\\([^ ]*\\) \\(.*\\)$#create \\2 \\1#' "$work/tags" |
  git --git-dir="$new" -c core.logAllRefUpdates=false update-ref --stdin

rm -rf "$gitdir" "$common" "$top/.git"
mv "$new" "$top/.git"
unset GIT_ALTERNATE_OBJECT_DIRECTORIES
printf '%s\\n' "$stores" | while IFS= read -r store; do
  [ -n "$store" ] && [ -d "$store" ] && rm -rf "$store"
done || true

# Other copies of this history: repositories, stores of objects without one, packs, and bundles.
mkdir -p "$work/reader/refs" "$work/reader/objects"; cp "$top/.git/HEAD" "$work/reader/HEAD"
[ -z "$(git config extensions.objectFormat)" ] || cp "$top/.git/config" "$work/reader/config"
find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -type d -name objects -print0 |
  while IFS= read -r -d '' store; do
    copy=\${store%/objects}
    [ "$copy" != "$top/.git" ] && [ "$copy" != "$work/reader" ] || continue
    for id in $head $roots; do
      GIT_OBJECT_DIRECTORY=$store git --git-dir="$work/reader" cat-file -e "$id" 2>/dev/null || continue
      if [ -e "$copy/HEAD" ]; then rm -rf "$copy"; else rm -rf "$store"; fi
      break
    done
  done
find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path "$top/.git" \\) -prune -o -type f -name '*.pack' -print0 |
  while IFS= read -r -d '' pack; do
    [ "$(head -c 4 "$pack" | tr -d '\\0')" = PACK ] || continue
    index=\${pack%.pack}.idx
    [ -f "$index" ] || { index=$work/pack.idx; rm -f "$index"
      git --git-dir="$work/reader" index-pack -o "$index" "$pack" >/dev/null 2>&1 || continue; }
    git --git-dir="$work/reader" show-index < "$index" | cut -d' ' -f2 > "$work/packed"
    if printf '%s\\n' $head $roots | grep -qxFf - "$work/packed"; then rm -f "$pack" "$index"; fi
  done
find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -type f -name '*.bundle' -print0 |
  while IFS= read -r -d '' file; do
    case $(head -c 15 "$file" | tr -d '\\0') in '# v'?' git bundle'*) rm -f "$file";; esac
  done
rm -rf "$work" "$HOME"; trust "$top"
git rev-parse -q --verify 'HEAD^{commit}' > /dev/null || fail "the rebuilt repository of ${folder} has no HEAD"
`;
}
