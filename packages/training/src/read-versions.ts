import { readFile } from "node:fs/promises";
import { cpus } from "node:os";

/** Reads software versions and machine properties for the manifest of a run. */
export async function readVersions(): Promise<Record<string, unknown>> {
  const manifest = JSON.parse(
    await readFile(new URL("../package.json", import.meta.url), "utf8"),
  ) as { version: string };
  return {
    turnwise: manifest.version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: await describeProcessor(),
    numProcessors: cpus().length,
  };
}

/**
 * Model of the processor and, on Linux, its widest vector instructions: `AMD EPYC (avx512f)`. Some
 * virtual machines hide the model, and sums of floats depend on the vector width.
 */
async function describeProcessor(): Promise<string> {
  const model = cpus()[0]?.model.trim() || "unknown";
  const flags = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const vectors = ["avx512f", "avx2", "asimd"].find((name) =>
    new RegExp(`\\b${name}\\b`, "u").test(flags),
  );
  return vectors === undefined ? model : `${model} (${vectors})`;
}
