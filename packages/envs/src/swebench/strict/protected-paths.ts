import { reservedImportNames } from "./import-names.ts";

/** Reason why strict mode reverts a change of a path before the tests run. */
export type Protection =
  | "test configuration"
  | "start-up code"
  | "package metadata"
  | "shadowed module"
  | "compiled code"
  | "virtual environment"
  | "git metadata"
  | "tests";

/** Files of a repository before and after a patch; paths are relative, with `/`. */
export interface TreeChange {
  /** All files before the patch, tracked or not. */
  readonly before: ReadonlySet<string>;
  /** All files after the patch. */
  readonly after: ReadonlySet<string>;
  /** Files that the patch added, changed or deleted. */
  readonly changed: readonly string[];
  /** Files that the test run rewrites itself, so that changing them is harmless. Default none. */
  readonly rewritten?: ReadonlySet<string>;
  /** Top-level module names of the packages installed in the image. */
  readonly installed: ReadonlySet<string>;
}

/** A path that is restored to its state before the patch. */
export interface ProtectedPath {
  readonly path: string;
  readonly protection: Protection;
}

/** Configuration file names of test runners, in any folder. */
const configurationNames = new Set([
  "pytest.ini",
  ".pytest.ini",
  "pytest.toml",
  ".pytest.toml",
  "tox.ini",
  "tox.toml",
  "setup.cfg",
  "pyproject.toml",
  "conftest.py",
  "noxfile.py",
  "nose.cfg",
  ".noserc",
  "unittest.cfg",
  ".coveragerc",
  ".mocharc",
  ".rspec",
  ".gitattributes",
  ".envrc",
  ".env",
]);
const configurationPattern =
  /^(?:\.mocharc\.\w+|(?:jest|vitest|vite|karma|playwright|cypress|ava|wdio|nightwatch)(?:\.[\w-]+)*\.(?:config|conf)\.\w+|karma\.conf\.\w+|jest\.setup\.\w+|phpunit(?:\.\w+)*\.xml(?:\.dist)?|junit-platform\.properties|nextest\.toml)$/u;

const startUpNames = new Set(["sitecustomize", "usercustomize"]);
const environmentFolders = new Set([".venv", "venv", ".tox", ".nox", ".eggs", "node_modules"]);
/** Folders that are usually on the import path, whether they are packages or not. */
const importFolders = new Set(["", "src", "lib", "python", "bin", "test", "tests", "testing"]);
/** Files that git itself changes when it applies a patch. */
const gitOwn = /^\.git\/(?:index|objects|logs|ORIG_HEAD|FETCH_HEAD|COMMIT_EDITMSG)(?:\/|$)/u;

const testFolder = /^(?:tests?|specs?|__tests__|e2e)$/u;
const testName = /^(?:test_.*|.*_tests?|tests?|.*\.(?:test|spec)|.*Tests?)\.\w+$/u;
const sourceName =
  /\.(?:py|pyx|pyi|[cm]?[jt]sx?|go|rs|java|kt|scala|rb|php|cs|c|cc|cpp|h|hpp|sh)$/u;

/** True if a path is a test, or code next to tests. */
export function isTestCode(path: string): boolean {
  const parts = path.split("/");
  const name = parts.pop()!;
  if (!sourceName.test(name)) return false;
  return testName.test(name) || parts.some((part) => testFolder.test(part));
}

/** Name under which a file or folder can be imported: up to the first dot. */
function moduleName(entry: string): string {
  const dot = entry.indexOf(".");
  return dot <= 0 ? entry : entry.slice(0, dot);
}

/** Protection that follows from the name of a path alone. */
export function protectionByName(path: string): Protection | undefined {
  const parts = path.split("/");
  const name = parts.at(-1)!;
  if (parts.includes(".git")) return gitOwn.test(path) ? undefined : "git metadata";
  if (configurationNames.has(name) || configurationPattern.test(name)) return "test configuration";
  // Python loads a folder, a link or an extension module of that name in the same way.
  if (parts.some((part) => moduleName(part) === "conftest")) return "test configuration";
  if (parts.slice(0, -1).includes(".cargo")) return "test configuration";
  if (parts.some((part) => startUpNames.has(moduleName(part)))) return "start-up code";
  if (name.endsWith(".pth") || name === "pyvenv.cfg" || name.endsWith(".egg-link")) {
    return "start-up code";
  }
  if (parts.some((part) => /\.(?:egg-info|dist-info|egg)$/u.test(part))) return "package metadata";
  if (parts.includes("__pycache__") || /\.py[co]$/u.test(name)) return "compiled code";
  if (parts.some((part) => environmentFolders.has(part))) return "virtual environment";
  return undefined;
}

/**
 * Selects changes that could decide the outcome of tests without changing the tested code: test
 * configuration, start-up code of the interpreter, metadata that registers plug-ins, compiled code,
 * new modules that shadow installed ones, and existing tests. New tests are allowed.
 *
 * A module shadows another one if it is new, has the name of a module of the standard library, a
 * test framework or an installed package, and is in a folder on the import path: the root, a usual
 * source or test folder, or a folder that is not a package.
 */
export function protectedPaths(change: TreeChange): ProtectedPath[] {
  const { before, after, changed, installed, rewritten = new Set() } = change;
  const known = listFolders(before);
  const isPackage = (folder: string): boolean => after.has(`${folder}/__init__.py`);
  const shadows = (path: string): boolean => {
    const parts = path.split("/");
    return parts.some((part, i) => {
      const folder = parts.slice(0, i).join("/");
      const entry = parts.slice(0, i + 1).join("/");
      if (before.has(entry) || known.has(entry)) return false;
      const name = moduleName(part);
      const isModule = i < parts.length - 1 || /\.(?:py|so|pyd|zip)$/u.test(part) || part === name;
      if (!isModule || !(reservedImportNames.has(name) || installed.has(name))) return false;
      return importFolders.has(folder) || !isPackage(folder);
    });
  };
  const found: ProtectedPath[] = [];
  for (const path of changed) {
    const isTest = before.has(path) && !rewritten.has(path) && isTestCode(path);
    const protection =
      protectionByName(path) ?? (isTest ? "tests" : shadows(path) ? "shadowed module" : undefined);
    if (protection !== undefined) found.push({ path, protection });
  }
  return found;
}

function listFolders(paths: ReadonlySet<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

/** Files that are written when a checkout is reinstalled or modules are imported. */
const reinstalled =
  /\.egg-link$|\.(?:egg-info|dist-info)(?:\/.*)?$|\/easy-install\.pth$|\/__editable__[^/]*$|\/__pycache__(?:\/.*)?$|\.py[co]$/u;
const frameworkPackage =
  /\/(?:site|dist)-packages\/(pytest|_pytest|py|pluggy|iniconfig|nose|nose2|mock|tox|coverage|hypothesis|xdist|execnet)(?:\/.*)?\.(?:py|so)$/u;
const standardLibrary = /\/lib\/python[\d.]+\/(?!(?:site|dist)-packages\/).*\.(?:py|so|zip)$/u;
const startUpFile =
  /\.pth$|\/(?:sitecustomize|usercustomize)\.py$|^\/etc\/(?:profile|bash|environment|ld\.so|passwd|gitconfig|pip)|\/\.(?:bashrc|bash_profile|profile|bash_login|zshrc|pydistutils\.cfg|pythonrc\.py)$/u;
const program =
  /\/s?bin\/(?:python[\d.]*|pypy[\d.]*|pytest|py\.test|tox|nosetests|bash|sh|dash|env|git|timeout|kill|cat|tar|find|sed|grep|conda|activate|node|npm|npx|yarn|pnpm|go|cargo|rustc|java|mvn|gradle|make|ruby|rspec|bundle|php)$/u;
const sharedLibrary = /^\/(?:usr\/)?lib(?:32|64|x32)?\/(?:.*\/)?[^/]+\.so(?:\.[\d.]+)?$/u;

/**
 * True if a change outside the repository, as the engine reports it, could alter the outcome of
 * tests: a program, a shared library, a start-up file, the standard library or the code of a test
 * framework. Reinstalling the checkout changes none of these files.
 *
 * @param path - Absolute path.
 * @param repository - Folder of the repository, absolute.
 * @param project - Name of the repository. If it is itself a test framework, installing it may change
 *   the code of that framework.
 */
export function isEnvironmentTampering(path: string, repository: string, project: string): boolean {
  if (path === repository || path.startsWith(`${repository}/`)) return false;
  if (/^\/(?:tmp|proc|sys|dev|run|var\/tmp)(?:\/|$)/u.test(path)) return false;
  if (reinstalled.test(path)) return false;
  if (startUpFile.test(path)) return true;
  const name = frameworkPackage.exec(path)?.[1] ?? program.exec(path)?.[0].split("/").at(-1);
  if (name !== undefined) return name.replace(/^_|\./gu, "") !== project.replace(/^_|\./gu, "");
  return standardLibrary.test(path) || sharedLibrary.test(path);
}
