import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { findCudaLibraries, type CudaLibraries } from "./cuda-libraries.ts";

/** What came of a script that ran in a process of its own. */
export interface ScriptResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a diagnosis asks a computer. */
export interface Machine {
  /** As in `process.platform` and `process.arch`, such as `linux/x64`. */
  readonly platform: string;
  readonly nodeVersion: string;
  /** Where the loader finds a shared library; `undefined` if it does not. */
  findLibrary(file: string): string | undefined;
  /** Where the CUDA executor finds its libraries, in `TURNWISE_CUDA_PATH` before all other places. */
  findCuda(): CudaLibraries;
  /** The folder of an installed package; `undefined` if there is none. */
  findPackage(name: string): string | undefined;
  hasFile(path: string): boolean;
  /** Runs a script of Node, with standard input. Ends it after a minute. */
  runScript(script: string, input: string): Promise<ScriptResult>;
}

const timeoutSeconds = 60;

/** Folders that the loader of Linux looks into, beside what its cache names. */
function libraryFolders(): readonly string[] {
  return (process.env["LD_LIBRARY_PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
}

/** Paths that the loader's cache holds, by file name. */
function cachedLibraries(): ReadonlyMap<string, string> {
  const { stdout } = spawnSync("/sbin/ldconfig", ["-p"], { encoding: "utf8" });
  const lines = (stdout ?? "").matchAll(/^\s*(\S+) .*=> (\S+)$/gmu);
  return new Map(Array.from(lines, ([, file, path]) => [file!, path!]));
}

/** The package folder that Node finds from a file of this package. */
function findPackage(name: string): string | undefined {
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? [];
  return paths.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function runScript(script: string, input: string): Promise<ScriptResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--input-type=commonjs", "--eval", script], {
      stdio: ["pipe", "pipe", "pipe"],
      timeout: timeoutSeconds * 1000,
    });
    const text = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
    child.on("error", (error) =>
      resolve({ code: null, signal: null, ...text, stderr: error.message }),
    );
    child.on("close", (code, signal) => resolve({ code, signal, ...text }));
    // A script that ends early closes its end; what it wrote says why.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** The computer that this runs on. */
export function thisMachine(): Machine {
  let cached: ReadonlyMap<string, string> | undefined;
  return {
    platform: `${process.platform}/${process.arch}`,
    nodeVersion: process.versions.node,
    findLibrary: (file) => {
      const folder = libraryFolders().find((path) => existsSync(join(path, file)));
      if (folder !== undefined) return join(folder, file);
      cached ??= cachedLibraries();
      return cached.get(file);
    },
    findCuda: () => findCudaLibraries(),
    findPackage,
    hasFile: existsSync,
    runScript,
  };
}
