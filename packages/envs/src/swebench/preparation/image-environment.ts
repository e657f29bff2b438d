import type { Container } from "../containers/container.ts";

/** Variables that belong to a shell or to one command, not to an environment. */
const ownVariables = new Set(["_", "PWD", "OLDPWD", "SHLVL", "PS1", "TERM", "TURNWISE_COMMAND"]);

/** A start-up file that waits for something is given up, seconds. */
const startSeconds = 30;

/** Places of conda, in the order in which they are tried. */
const condaFolders = [
  "/opt/miniconda3",
  "/opt/miniconda",
  "/opt/conda",
  "/opt/anaconda3",
  "/opt/miniforge3",
  "/opt/mambaforge",
  "/root/miniconda3",
  "/root/anaconda3",
  "$HOME/miniconda3",
];

/** Virtual environments, in the order in which they are tried; relative ones are the repository's. */
const venvFolders = [".venv", "venv", "/root/.venv", "/opt/venv", "/venv"];

/**
 * Runs in a shell that has read the user's start-up file. Where that activated nothing but conda's
 * base, the environment by which the data sets go is activated: conda's `testbed`, else a virtual
 * environment of the repository. An image that puts one on its path itself is left alone.
 */
const activation = `
turnwise_is_active() {
  [ -z "\${VIRTUAL_ENV-}" ] || return 0
  [ -z "\${CONDA_DEFAULT_ENV-}" ] || [ "$CONDA_DEFAULT_ENV" = base ] || return 0
  local program; program=$(command -v python || command -v python3) || return 1
  [ -f "\${program%/bin/*}/pyvenv.cfg" ] || case $program in */envs/*/bin/*) true;; *) false;; esac
}
if ! turnwise_is_active; then
  for place in \${CONDA_EXE:+"\${CONDA_EXE%/bin/*}"} ${condaFolders.join(" ")}; do
    turnwise_is_active && break
    [ -f "$place/bin/activate" ] && [ -d "$place/envs/testbed" ] || continue
    . "$place/bin/activate" && conda activate testbed
  done
  for place in ${venvFolders.join(" ")}; do
    turnwise_is_active && break
    [ -f "$place/bin/activate" ] && . "$place/bin/activate"
  done
fi
for name in $(compgen -A function); do
  case $name in conda|mamba|micromamba|deactivate|__conda_*|__mamba_*|__add_sys_prefix_to_path) export -f "$name";; esac
done
env -0 >&3
exit 0
`;

/**
 * Variables by which commands run in the environment that an image defines: those that the user's
 * `.bashrc` sets, as an interactive shell reads it, with the environment of the data sets activated.
 * Functions such as `conda` are among them, in bash's form. Empty for an image that defines none.
 *
 * Taken once, so that commands need not start conda. For a container that no agent has used.
 * @param folder - The repository.
 */
export async function imageEnvironment(
  container: Container,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const plain = await container.exec("env -0", { cwd: folder, timeoutSeconds: startSeconds });
  // Streams but the third go nowhere: start-up files greet people.
  const probe = await container.exec(
    'exec 3>&1 >/dev/null 2>&1; timeout -k 1 20 bash -i -c "$TURNWISE_ACTIVATION" </dev/null',
    {
      cwd: folder,
      env: { TURNWISE_ACTIVATION: activation },
      timeoutSeconds: startSeconds,
    },
  );
  const before = variablesOf(plain.stdout);
  const after = variablesOf(probe.stdout);
  after.delete("TURNWISE_ACTIVATION");
  const path = after.get("PATH");
  if (path !== undefined) after.set("PATH", joinPaths(path, before.get("PATH") ?? ""));
  return Object.fromEntries(
    [...after].filter(([name, value]) => !ownVariables.has(name) && before.get(name) !== value),
  );
}

/** Reads the output of `env -0`. */
function variablesOf(output: Buffer): Map<string, string> {
  const variables = new Map<string, string>();
  for (const entry of output.toString("utf8").split("\0")) {
    const at = entry.indexOf("=");
    if (at > 0) variables.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return variables;
}

/** A search path that keeps every folder of the image's own, at its end where it is missing. */
function joinPaths(path: string, own: string): string {
  const folders = path.split(":");
  return [...folders, ...own.split(":").filter((folder) => !folders.includes(folder))].join(":");
}

/** True for a script that activates an environment by itself: it runs as its harness runs it. */
export function activatesItself(script: string): boolean {
  return /^(?:source|\.) \S*activate\b|^(?:conda|mamba) activate\b/mu.test(script);
}
