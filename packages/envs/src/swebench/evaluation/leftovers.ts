/** Folders that tools create; they contain no sources. */
export const toolFolders: readonly string[] = [
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".hypothesis",
  ".ipynb_checkpoints",
  ".tox",
  ".nox",
  ".eggs",
  ".venv",
  "node_modules",
];

const folders = new Set(toolFolders);

/**
 * True for a new file that a tool left: byte code, caches, virtual environments, rejected hunks,
 * coverage data. Names such as `build/` or `.log` are no evidence: projects keep sources under
 * them.
 */
export function isLeftover(path: string): boolean {
  const parts = path.split("/");
  const name = parts.at(-1)!;
  return (
    parts.slice(0, -1).some((part) => folders.has(part) || part.endsWith(".egg-info")) ||
    /\.(?:py[co]|orig|rej)$|^\.coverage(?:\..*)?$|^\.DS_Store$/u.test(name)
  );
}

/**
 * True for a new file that a build may have left. Such files are dropped first if a patch cannot
 * keep all files.
 */
export function mayBeBuilt(path: string): boolean {
  return (
    /(?:^|\/)(?:build|dist|htmlcov|target|out|tmp)\//u.test(path) ||
    /\.(?:so|o|a|dylib|dll|class|whl|log|zip|gz|tar|bin|dat|pkl|npy)$/u.test(path)
  );
}
