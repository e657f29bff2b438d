import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Path of the software CUDA device, or the reason why it was not built. */
export type SoftwareCuda =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

const folder = fileURLToPath(new URL(".", import.meta.url));
const source = join(folder, "software-cuda.cpp");
const header = join(folder, "software-kernel.h");
const library = "libsoftwarecuda.so";
/** File names of the CUDA libraries; all are links to the same software library. */
const names = ["libcuda.so.1", "libnvrtc.so.12", "libcublas.so.12"];
const flags = ["-std=c++17", "-O2", "-fvisibility=hidden", "-shared", "-fPIC", "-Wl,-Bsymbolic"];
/** Compiler flags for kernels. The precompiled header halves the compile time. */
const kernelFlags = [
  "-std=c++17",
  "-O1",
  "-w",
  "-fno-strict-aliasing",
  "-fvisibility=hidden",
  "-fPIC",
];

function compile(parameters: readonly string[]): void {
  execFileSync("g++", parameters, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
}

function build(folder: string): void {
  const parent = join(folder, "..");
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, "build-"));
  try {
    compile([...flags, "-o", join(work, library), source, "-ldl"]);
    const copy = join(work, "software-kernel.h");
    copyFileSync(header, copy);
    compile([...kernelFlags, "-x", "c++-header", copy, "-o", `${copy}.gch`]);
    writeFileSync(join(work, "kernel-flags"), `${kernelFlags.join(" ")}\n`);
    for (const name of names) symlinkSync(library, join(work, name));
    renameSync(work, folder);
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    // If another process has installed the library in the meantime, use that one.
    if (!existsSync(join(folder, library))) throw error;
  }
}

/**
 * Software CUDA device, for tests without a GPU: pass its path to `openCudaDevice`. It is slow, and
 * checks memory accesses strictly. g++ builds it once into the user's cache folder, which also
 * holds compiled kernels.
 */
export function softwareCuda(): SoftwareCuda {
  if (process.platform !== "linux") return { missing: "the software CUDA device needs Linux" };
  const hash = createHash("sha256");
  for (const file of [source, header]) hash.update(readFileSync(file));
  hash.update([...flags, ...kernelFlags].join(" "));
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "turnwise", "software-cuda", hash.digest("hex").slice(0, 16));
  if (existsSync(join(folder, library))) return { path: folder };
  try {
    build(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return { missing: "the software CUDA device needs g++" };
    }
    throw error;
  }
  return { path: folder };
}
