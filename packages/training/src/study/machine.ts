import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { thisMachine } from "@turnwise/policy/doctor";
import { readVersions } from "../read-versions.ts";
import type { StudyCell } from "./cell.ts";

/** Properties of machine and software on which the results of a run may depend. */
export type CellMachine = Pick<StudyCell, "versions" | "platform" | "processor">;

/** Describes this machine and the versions of this program. */
export async function describeMachine(): Promise<CellMachine> {
  const { turnwise, node, platform, processor } = await readVersions();
  const onnxruntime = await readPackageVersion("onnxruntime-node");
  const commit = await readCheckoutCommit();
  return {
    versions: {
      turnwise: String(turnwise),
      node: String(node),
      ...(onnxruntime !== undefined && { onnxruntime }),
      ...(commit !== undefined && { commit }),
    },
    platform: String(platform),
    processor: String(processor),
  };
}

async function readPackageVersion(name: string): Promise<string | undefined> {
  const folder = thisMachine().findPackage(name);
  if (folder === undefined) return undefined;
  const manifest: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return (manifest as { readonly version: string }).version;
}

/**
 * Reads the Git commit of the checkout that contains this file, with `+` if files are changed;
 * `undefined` if there is no checkout.
 */
async function readCheckoutCommit(): Promise<string | undefined> {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  if (/[\\/]node_modules[\\/]/u.test(folder)) return undefined;
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)("git", ["-C", folder, ...args]);
    return stdout.trim();
  };
  try {
    const commit = await git("rev-parse", "--short=12", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return changes === "" ? commit : `${commit}+`;
  } catch {
    return undefined; // Git is not installed, or there is no checkout.
  }
}
