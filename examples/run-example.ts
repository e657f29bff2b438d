import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Output of an example, and the output that its README shows. */
export interface PrintedOutput {
  readonly printed: string;
  readonly promised: string;
}

/**
 * Runs the `main.ts` of an example, and reads the `text` code block of its README.
 * @param folder - Folder of the example, as a file URL: `new URL(".", import.meta.url)`.
 * @throws `Error` if the example fails, or the README has no such block.
 */
export function runExample(folder: URL): PrintedOutput {
  const tsx = fileURLToPath(new URL("../node_modules/tsx/dist/cli.mjs", import.meta.url));
  const main = fileURLToPath(new URL("main.ts", folder));
  const printed = execFileSync(process.execPath, [tsx, "--conditions=turnwise-source", main], {
    encoding: "utf8",
  });
  const readme = readFileSync(new URL("README.md", folder), "utf8");
  const promised = /```text\n([^]*?)```/u.exec(readme)?.[1];
  if (promised === undefined) throw new Error(`${folder.pathname}README.md has no text block`);
  return { printed, promised };
}
