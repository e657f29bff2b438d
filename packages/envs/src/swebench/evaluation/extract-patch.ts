import type { Container } from "../containers/container.ts";
import { repositoryFolder } from "./scripts.ts";

/** The longest patch that is taken out, bytes. */
const maxPatchBytes = 16 * 2 ** 20;

/**
 * What has changed in a container's repository since a commit, new files included. Settings of the
 * repository cannot make this run a program of the agent's choice as a viewer or a hook; and
 * whatever runs, runs inside.
 * @returns `null` where no patch can be had: the repository is broken, or the change too long.
 */
export async function extractPatch(container: Container, since: string): Promise<string | null> {
  const git =
    "git --no-pager -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.fileMode=false";
  const result = await container.exec(
    `${git} add -A 1>&2 && ${git} diff --no-ext-diff --no-textconv --no-color --cached --binary ${since}`,
    { cwd: repositoryFolder, timeoutSeconds: 300, maxBytes: maxPatchBytes },
  );
  if (result.exitCode !== 0 || result.isTruncated) return null;
  return result.stdout.toString("utf8");
}
