import type { Container } from "../../containers/container.ts";

/** Variables that belong to a shell or a single command, not to the image's environment. */
const ownVariables = new Set([
  "_",
  "PWD",
  "OLDPWD",
  "SHLVL",
  "PS1",
  "TERM",
  "TURNWISE_COMMAND",
  "TURNWISE_START",
  "TURNWISE_ACTIVE",
]);

/** Time limit of a start-up file, seconds. */
const startSeconds = 30;

/** Install folders of conda, in the order in which they are tried. */
const condaFolders = ["/opt", "/root", "$HOME", "/usr/local", ""].flatMap((folder) =>
  ["miniconda3", "miniconda", "conda", "anaconda3", "miniforge3", "mambaforge"].map(
    (name) => `${folder}/${name}`,
  ),
);

/**
 * Virtual environments, in the order in which they are tried; relative ones are in the repository.
 */
const venvFolders = [".venv", "venv", "env", "/root/.venv", "/opt/venv", "/venv", "/opt/.venv"];

/** Printed before the variables, because start-up files may print other text. */
const mark = "TURNWISE_VARIABLES";

/** Prints the variables, including functions such as `conda` in bash's export format. */
const report = `
for name in $(compgen -A function); do
  case $name in conda|mamba|micromamba|deactivate|pyenv|nvm|__conda_*|__mamba_*|__add_sys_prefix_to_path) export -f "$name";; esac
done
printf '\\0${mark}\\0' >&19; "$(type -P env || echo /usr/bin/env)" -0 >&19; kill -KILL $$
`;

/**
 * If the start-up files activated only conda's base environment, activates the environment that the
 * data sets use: conda's `testbed`, else a virtual environment of the repository. An image that has
 * an environment on its path is left unchanged.
 */
const activation = `
turnwise_is_active() {
  [ -z "\${VIRTUAL_ENV-}" ] || return 0
  [ -z "\${CONDA_DEFAULT_ENV-}" ] || [ "$CONDA_DEFAULT_ENV" = base ] || return 0
  local program; program=$(command -v python || command -v python3) || return 1
  [ -f "\${program%/bin/*}/pyvenv.cfg" ] || case $program in */envs/*/bin/*) true;; *) false;; esac
}
if ! turnwise_is_active; then
  for turnwise_prefix in \${CONDA_EXE:+"\${CONDA_EXE%/bin/*}"} ${condaFolders.join(" ")}; do
    turnwise_is_active && break
    [ -f "$turnwise_prefix/bin/activate" ] && [ -d "$turnwise_prefix/envs/testbed" ] || continue
    . "$turnwise_prefix/bin/activate" && conda activate testbed
  done
  for turnwise_prefix in ${venvFolders.join(" ")}; do
    turnwise_is_active && break
    [ -f "$turnwise_prefix/bin/activate" ] && . "$turnwise_prefix/bin/activate"
  done
fi
turnwise_is_active && export TURNWISE_ACTIVE=1
`;

/** Start-up files of interactive shells, and of login shells. */
const shellFiles = ["/etc/bash.bashrc", "~/.bashrc"];
const loginFiles = [
  "/etc/profile",
  "$([ -r ~/.bash_profile ] && echo ~/.bash_profile || { [ -r ~/.bash_login ] && echo ~/.bash_login || echo ~/.profile; })",
];

/**
 * Reads start-up files in an interactive shell, then runs `after` and reports, even if a file
 * ends the shell by `exit`, `exec`, or an error under `set -e`.
 */
const readFiles = (files: readonly string[], after: string): string => `
turnwise_report() {
  trap - EXIT ERR DEBUG RETURN; set +eux; unalias -a; unset -f exec exit env kill command printf trap
  ${after}
  ${report}
}
exec() { [ $# = 0 ] || exit 0; }
trap turnwise_report EXIT
for turnwise_file in ${files.join(" ")}; do [ -r "$turnwise_file" ] && . "$turnwise_file"; done
turnwise_report
`;

/**
 * Variables that make commands run in the environment that an image defines. They are the variables
 * that an interactive shell of the user sets (`.bashrc`), with the environment of the data sets
 * activated. If no environment is active then, the variables that a login shell sets are added.
 * Includes functions such as `conda` in bash's export format. Empty for an image that defines no
 * environment.
 *
 * Read once, so that commands need not start conda. For a container that no agent has used.
 * @param folder - The repository.
 */
export async function imageEnvironment(
  container: Container,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const plain = await container.exec("env -0", { cwd: folder, timeoutSeconds: startSeconds });
  const own = parseVariables(plain.stdout);
  const read = async (
    files: readonly string[],
    after: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Map<string, string> | undefined> => {
    // Other streams are discarded: start-up files print greetings.
    const { stdout } = await container.exec(
      `exec 19>&1 >/dev/null 2>&1; timeout -k 1 20 bash --norc -i -c "$TURNWISE_START" </dev/null`,
      {
        cwd: folder,
        env: { ...env, TURNWISE_START: readFiles(files, after) },
        timeoutSeconds: startSeconds,
      },
    );
    const begin = stdout.indexOf(`\0${mark}\0`);
    return begin === -1 ? undefined : parseVariables(stdout.subarray(begin + mark.length + 2));
  };
  // Ignore start-up files that do not finish.
  const shell = (await read(shellFiles, activation, {})) ?? (await read([], activation, {})) ?? own;
  const first = changes(own, shell);
  if (shell.has("TURNWISE_ACTIVE")) return first;
  const login = await read(loginFiles, "", first);
  return login === undefined ? first : changes(own, login);
}

/** Variables that a shell added or changed. Every folder of the image's own search path is kept. */
function changes(
  own: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  const after = new Map(found);
  const path = after.get("PATH");
  if (path !== undefined) after.set("PATH", joinPaths(path, own.get("PATH") ?? ""));
  return Object.fromEntries(
    [...after].filter(([name, value]) => !ownVariables.has(name) && own.get(name) !== value),
  );
}

/** Parses the output of `env -0`. */
function parseVariables(output: Buffer): Map<string, string> {
  const variables = new Map<string, string>();
  for (const entry of output.toString("utf8").split("\0")) {
    const at = entry.indexOf("=");
    if (at > 0) variables.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return variables;
}

/**
 * Joins two search paths, keeping all folders of the image's own. If a start-up file set the path
 * from scratch, as login shells do, the folders that it added come first and the image's own keep
 * their order.
 */
function joinPaths(path: string, own: string): string {
  const [folders, ownFolders] = [path.split(":"), own.split(":")];
  if (ownFolders.every((folder) => folders.includes(folder))) return path;
  return [...folders.filter((folder) => !ownFolders.includes(folder)), ...ownFolders].join(":");
}

/**
 * True for a script that activates an environment by itself; such a script runs as in its own
 * harness.
 */
export function activatesItself(script: string): boolean {
  return /^(?:source|\.) \S*activate\b|^(?:conda|mamba) activate\b/mu.test(script);
}
