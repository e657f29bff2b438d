import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { findCudaLibraries, type CudaLibraries } from "./cuda-libraries.ts";

/** Result of a script that ran in a child process. */
export interface ScriptResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Lookups on a machine for a diagnosis. */
export interface Machine {
  /** Platform as in `process.platform` and `process.arch`, such as `linux/x64`. */
  readonly platform: string;
  readonly nodeVersion: string;
  /** Path at which the loader finds a shared library; `undefined` if it finds none. */
  findLibrary(file: string): string | undefined;
  /** Finds the libraries of the CUDA executor; `TURNWISE_CUDA_PATH` is searched first. */
  findCuda(): CudaLibraries;
  /** Folder of an installed package; `undefined` if it is not installed. */
  findPackage(name: string): string | undefined;
  hasFile(path: string): boolean;
  /** Runs a Node.js script with the given standard input; kills it after a minute. */
  runScript(script: string, input: string): Promise<ScriptResult>;
}

const timeoutSeconds = 60;

/** Folders that the Linux loader searches in addition to its cache. */
function listLibraryFolders(): readonly string[] {
  return (process.env["LD_LIBRARY_PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
}

/** Paths in the loader's cache, by file name. */
function readLibraryCache(): ReadonlyMap<string, string> {
  const { stdout } = spawnSync("/sbin/ldconfig", ["-p"], { encoding: "utf8" });
  const lines = (stdout ?? "").matchAll(/^\s*(\S+) .*=> (\S+)$/gmu);
  return new Map(Array.from(lines, ([, file, path]) => [file!, path!]));
}

/** Folder of a package as Node.js resolves it from this package. */
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
    // Ignore the error of writing to a script that has ended; the script's output explains why it
    // ended.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Creates the lookups on this machine. */
export function thisMachine(): Machine {
  let cached: ReadonlyMap<string, string> | undefined;
  return {
    platform: `${process.platform}/${process.arch}`,
    nodeVersion: process.versions.node,
    findLibrary: (file) => {
      const folder = listLibraryFolders().find((path) => existsSync(join(path, file)));
      if (folder !== undefined) return join(folder, file);
      cached ??= readLibraryCache();
      return cached.get(file);
    },
    findCuda: () => findCudaLibraries(),
    findPackage,
    hasFile: existsSync,
    runScript,
  };
}
