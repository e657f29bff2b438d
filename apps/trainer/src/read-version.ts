import { readFileSync } from "node:fs";

/** Version of this program and of the packages released with it. */
export function readVersion(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
