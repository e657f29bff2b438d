/** Creates the bash command that applies a patch to the repository of the working directory. */
export function createApplyCommand(patch: string): string {
  return `git apply -v - <<'END_OF_PATCH'\n${patch.replace(/\n?$/u, "\n")}END_OF_PATCH`;
}
