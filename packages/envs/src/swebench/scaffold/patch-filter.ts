import { splitPatch } from "./split-patch.ts";

const productFolders = new Set([
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".hypothesis",
  ".tox",
  ".nox",
  ".eggs",
  ".venv",
  "node_modules",
  "build",
  "dist",
  "htmlcov",
]);

/** Whether a path holds what a build or a test run leaves behind. */
export function isBuildProduct(path: string): boolean {
  const parts = path.split("/");
  const name = parts.at(-1)!;
  return (
    parts.some((part) => productFolders.has(part) || part.endsWith(".egg-info")) ||
    /\.(?:py[cod]|so|o|a|dylib|dll|class|whl|orig|rej|log)$|^\.coverage(?:\..*)?$|^\.DS_Store$/u.test(
      name,
    )
  );
}

/** Whether a path is a test by the usual names. */
export function isTestPath(path: string): boolean {
  const parts = path.split("/");
  const name = parts.at(-1)!;
  return (
    parts.slice(0, -1).some((part) => part === "tests" || part === "testing_tests") ||
    (parts[0] === "testing" && parts.length > 1) ||
    /^(?:test_.*|.*_test|conftest|tests)\.py$/u.test(name)
  );
}

/** A patch that was cleaned, and what was left out of it. */
export interface FilteredPatch {
  readonly patch: string;
  /** Paths that were left out, by reason. */
  readonly removed: { readonly tests: readonly string[]; readonly products: readonly string[] };
}

/**
 * Takes out of a patch what is not the fix: tests, which grading resets anyway, and what builds have
 * left behind. A product counts only where it is a new file: tracked ones are sources.
 * @param keepTests - Leave tests in. Default false.
 */
export function filterPatch(
  patch: string,
  { keepTests = false }: { readonly keepTests?: boolean } = {},
): FilteredPatch {
  const [kept, tests, products]: [string[], string[], string[]] = [[], [], []];
  for (const { text, newPath, isNew } of splitPatch(patch)) {
    if (isNew && isBuildProduct(newPath)) products.push(newPath);
    else if (!keepTests && isTestPath(newPath)) tests.push(newPath);
    else kept.push(text);
  }
  return { patch: kept.join(""), removed: { tests, products } };
}
