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
    processor: cpus()[0]?.model ?? "unknown",
    numProcessors: cpus().length,
  };
}
