import { shellWord } from "../../shell-word.ts";
import { toolFolders } from "../evaluation/leftovers.ts";

/** Folder of the preparation's records in the container. */
export const notesFolder: string = "/var/lib/turnwise";

/**
 * A separate repository over the same files, with objects linked to those of the original
 * repository. Patches are taken with it, so that settings of the agent's repository, or damage to
 * it, have no effect.
 */
export const snapshotRepository: string = `${notesFolder}/repository`;

/** Maximum size of an untracked file in a patch, bytes. */
export const maxNewFileBytes: number = 10 * 2 ** 20;

/**
 * Bash functions for snapshots. `snap` runs git with {@link snapshotRepository} and the index of
 * `GIT_INDEX_FILE`; file modes count, and bytes are not converted. `set_aside` moves the git folders
 * of nested repositories away, so that their files are treated as plain files, and `put_back`
 * restores them.
 */
export const snapshotFunctions: string = `snap() {
  git -c core.fileMode=true -c core.autocrlf=false -c core.sparseCheckout=false -c core.quotePath=true \\
    -c core.symlinks=true -c core.precomposeUnicode=false --git-dir=${snapshotRepository} --work-tree=. "$@"
}
set_aside() {
  aside=$(mktemp -d); numAside=0
  while IFS= read -r -d '' nested; do
    mv -- "$nested" "$aside/$numAside" && printf '%s\\0' "$nested" >> "$aside/list" && numAside=$((numAside + 1))
  done < <(find . -mindepth 2 -xdev -name .git -print0 -prune)
}
put_back() {
  [ -f "$aside/list" ] || return 0
  local at=0
  while IFS= read -r -d '' nested; do mv -- "$aside/$at" "$nested"; at=$((at + 1)); done < "$aside/list"
}`;

/**
 * Records the files of a folder as a tree, including untracked ones: patches are differences from
 * this tree. Ignored files, tool folders and large untracked files are excluded. Writes the name of
 * the tree to `start` and the ignored files to `ignored`, both in {@link notesFolder}.
 */
export function startTreeScript(folder: string): string {
  const excludes = toolFolders.map((name) => `-x ${shellWord(name)}`).join(" ");
  return `cd -P ${shellWord(folder)} || exit 1
trust "$PWD"
own=$(git rev-parse --absolute-git-dir)
rm -rf ${notesFolder}; mkdir -p ${notesFolder} && chmod 755 ${notesFolder}
mkdir -p ${snapshotRepository}/refs/heads ${snapshotRepository}/info
git rev-parse HEAD > ${snapshotRepository}/HEAD
cp -al "$own/objects" ${snapshotRepository}/objects 2>/dev/null ||
  { rm -rf ${snapshotRepository}/objects; cp -a "$own/objects" ${snapshotRepository}/objects; }
[ ! -f "$own/shallow" ] || cp "$own/shallow" ${snapshotRepository}/shallow
[ ! -f "$own/info/exclude" ] || cp "$own/info/exclude" ${snapshotRepository}/info/exclude
echo '* -text -filter -ident !diff !eol !working-tree-encoding' > ${snapshotRepository}/info/attributes
format=$(git config extensions.objectFormat || true)
{ echo '[core]'; echo 'bare = false'; echo "repositoryformatversion = $([ -z "$format" ] && echo 0 || echo 1)"
  [ -z "$format" ] || { echo '[extensions]'; echo "objectFormat = $format"; }; } > ${snapshotRepository}/config
export GIT_INDEX_FILE=${notesFolder}/index
set_aside
snap read-tree HEAD
snap ls-files -s -z | sed -z -n 's/^160000 [^\\t]*\\t//p' | snap update-index -z --force-remove --stdin
snap add -u --ignore-errors . || true
snap ls-files -o --exclude-standard -z ${excludes} |
  { xargs -0 -r stat --printf '%s %n\\0' -- 2>/dev/null || true; } |
  { grep -zE '^([0-9]{1,7}|10[0-4][0-9]{5}) ' || true; } | cut -z -d' ' -f2- |
  snap update-index --add -z --stdin
snap write-tree > ${notesFolder}/start || fail "the files of ${folder} could not be recorded"
snap ls-files -o -i --exclude-standard --directory -z | sort -z > ${notesFolder}/ignored
put_back
unset GIT_INDEX_FILE; rm -f ${notesFolder}/index; rm -rf "$aside" "$HOME"
`;
}
