import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** Lookups on a machine that are needed to find libraries. */
export interface LibrarySearch {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Lists the names in a folder; empty if the folder does not exist. */
  list(folder: string): readonly string[];
  /** Path of a library file from the loader's cache. */
  cached(file: string): string | undefined;
  /** Lists the site-packages folders of the Python on the PATH. */
  pythonFolders(): readonly string[];
}

/** Locations of CUDA's libraries. */
export interface CudaLibraries {
  /** Path of the driver; a bare name is resolved by the loader. */
  readonly driver: string;
  /** Candidates in the order in which to try them: newer versions first. */
  readonly compiler: readonly CudaLibrary[];
  readonly products: readonly CudaLibrary[];
}

/** File of a library. */
export interface CudaLibrary {
  readonly path: string;
  /** CUDA version of the library, which the driver must support. */
  readonly major: number;
  /**
   * Libraries that must be loaded first, because this library opens them by bare name and the
   * loader does not search its folder. NVRTC's built-in functions are in `libnvrtc-builtins`,
   * cuBLAS kernels in
   * `libcublasLt`.
   */
  readonly companions: readonly string[];
}

/** Creates the lookups on this machine. */
export function thisComputer(): LibrarySearch {
  let cache: ReadonlyMap<string, string> | undefined;
  return {
    environment: process.env,
    list: listNames,
    cached: (file) => {
      cache ??= loaderCache();
      return cache.get(file);
    },
    pythonFolders: () => {
      const script =
        "import site; print(*site.getsitepackages(), site.getusersitepackages(), sep='\\n')";
      const { stdout } = spawnSync("python3", ["-c", script], {
        encoding: "utf8",
        timeout: 10_000,
      });
      return (stdout ?? "").split("\n").filter((line) => line !== "");
    },
  };
}

function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A folder that is missing or unreadable has no entries.
    return [];
  }
}

function loaderCache(): ReadonlyMap<string, string> {
  const { stdout } = spawnSync("/sbin/ldconfig", ["-p"], { encoding: "utf8" });
  const lines = (stdout ?? "").matchAll(/^\s*(\S+) .*=> (\S+)$/gmu);
  return new Map(Array.from(lines, ([, file, path]) => [file!, path!]));
}

/**
 * Lists the library folders of NVIDIA's Python packages, such as `nvidia/cu13/lib` and
 * `nvidia/cublas/lib`.
 */
function listWheelFolders(search: LibrarySearch, packages: string): readonly string[] {
  const nvidia = join(packages, "nvidia");
  return search.list(nvidia).map((name) => join(nvidia, name, "lib"));
}

/** Lists the library folders of NVIDIA's packages in a Python environment. */
function listEnvironmentFolders(search: LibrarySearch, root: string): readonly string[] {
  const lib = join(root, "lib");
  return search
    .list(lib)
    .filter((name) => name.startsWith("python3"))
    .flatMap((name) => listWheelFolders(search, join(lib, name, "site-packages")));
}

/**
 * Lists the library folders below a root: a toolkit, a folder of libraries, or a Python
 * environment.
 */
function listLibraryFolders(search: LibrarySearch, root: string): readonly string[] {
  return [
    root,
    join(root, "lib64"),
    join(root, "lib"),
    join(root, "targets/x86_64-linux/lib"),
    join(root, "targets/sbsa-linux/lib"),
    ...listEnvironmentFolders(search, root),
  ];
}

function paths(value: string | undefined): readonly string[] {
  return (value ?? "").split(delimiter).filter((path) => path !== "");
}

/** Lists the default folders of a machine, in addition to those that the loader searches. */
function listDefaultFolders(search: LibrarySearch): readonly string[] {
  const { environment } = search;
  const toolkits = search
    .list("/usr/local")
    .filter((name) => /^cuda(?:-[\d.]+)?$/u.test(name))
    .toSorted()
    .map((name) => join("/usr/local", name));
  const named = ["CUDA_PATH", "CUDA_HOME"].flatMap((name) => paths(environment[name]));
  const python = ["VIRTUAL_ENV", "CONDA_PREFIX"].flatMap((name) => paths(environment[name]));
  return [
    ...[...named, ...toolkits].flatMap((root) => listLibraryFolders(search, root)),
    ...python.flatMap((root) => listLibraryFolders(search, root)),
    ...search.pythonFolders().flatMap((folder) => listWheelFolders(search, folder)),
  ];
}

const compilerFiles: readonly (readonly [string, number])[] = [
  ["libnvrtc.so.13", 13],
  ["libnvrtc.so.12", 12],
  ["libnvrtc.so.11.2", 11],
];
const productFiles: readonly (readonly [string, number])[] = [
  ["libcublas.so.13", 13],
  ["libcublas.so.12", 12],
];

/**
 * Finds the driver, NVRTC and cuBLAS.
 *
 * @param path - Folders to search first, separated as in `PATH`: toolkits, folders of libraries, or
 *   Python environments with NVIDIA's packages. If a library is found there, no other copy of it is
 *   tried. Default: `TURNWISE_CUDA_PATH`.
 */
export function findCudaLibraries(
  path?: string,
  search: LibrarySearch = thisComputer(),
): CudaLibraries {
  const { environment } = search;
  const own = paths(path ?? environment["TURNWISE_CUDA_PATH"]).flatMap((root) =>
    listLibraryFolders(search, root),
  );
  const loader = paths(environment["LD_LIBRARY_PATH"]);
  // Starting Python is slow, so ask it only once, and only if needed.
  let usual: readonly string[] | undefined;
  const inFolders = (file: string, folders: readonly string[]): string | undefined => {
    const folder = folders.find((each) => search.list(each).includes(file));
    return folder === undefined ? undefined : join(folder, file);
  };
  const find = (files: readonly (readonly [string, number])[]): readonly CudaLibrary[] => {
    const found = (where: (file: string) => string | undefined): readonly CudaLibrary[] =>
      files.flatMap(([file, major]) => {
        const at = where(file);
        return at === undefined ? [] : [{ path: at, major, companions: companions(at, search) }];
      });
    const first = found((file) => inFolders(file, own));
    if (first.length > 0) return first;
    return found((file) => {
      const at = inFolders(file, loader) ?? search.cached(file);
      if (at !== undefined) return at;
      usual ??= listDefaultFolders(search);
      return inFolders(file, usual);
    });
  };
  return {
    driver: inFolders("libcuda.so.1", own) ?? findWslDriver(search) ?? "libcuda.so.1",
    compiler: find(compilerFiles),
    products: find(productFiles),
  };
}

/** Finds the driver on WSL, whose folder the loader may not search. */
function findWslDriver(search: LibrarySearch): string | undefined {
  const folder = "/usr/lib/wsl/lib";
  return search.list(folder).includes("libcuda.so.1") ? join(folder, "libcuda.so.1") : undefined;
}

function companions(library: string, search: LibrarySearch): readonly string[] {
  const folder = dirname(library);
  const version = /\.so\.(\d+)/u.exec(library)?.[1];
  const wanted = /libnvrtc/u.test(library)
    ? new RegExp(String.raw`^libnvrtc-builtins\.so\.${version}(?:\.\d+)?$`, "u")
    : new RegExp(String.raw`^libcublasLt\.so\.${version}$`, "u");
  return search
    .list(folder)
    .filter((name) => wanted.test(name))
    .map((name) => join(folder, name));
}
