import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Lists the installed dependencies that have an install script, by name. */
function listInstallScripts(): string[] {
  const store = "node_modules/.pnpm";
  const { packages } = parse(read("pnpm-lock.yaml")) as { packages: Record<string, unknown> };
  const found = new Set<string>();
  for (const entry of readdirSync(join(root, store))) {
    // In a folder such as `@scope+name@1.0.0_peers`, the package itself is next to links to its
    // dependencies.
    const [, stored, version] = /^(@?[^@]+)@([^_]+)/u.exec(entry) ?? [];
    const name = stored?.replace("+", "/");
    // Skip packages of an earlier lockfile, which stay in the store for a while.
    if (name === undefined || !(`${name}@${version}` in packages)) continue;
    const { scripts = {} } = JSON.parse(
      read(`${store}/${entry}/node_modules/${name}/package.json`),
    ) as { scripts?: Record<string, string> };
    if (["preinstall", "install", "postinstall"].some((one) => one in scripts)) found.add(name);
  }
  return [...found].sort();
}

it("lists every dependency with an install script in docs/security.md, and runs none", () => {
  const [, listed = ""] =
    /^Dependencies with an install script: (.*)\.$/mu.exec(read("docs/security.md")) ?? [];
  expect(listed.split(", ").map((name) => name.replaceAll("`", ""))).toEqual(listInstallScripts());
  expect(read(".npmrc").split("\n")).toContain("ignore-scripts=true");
  const workspace = parse(read("pnpm-workspace.yaml")) as Record<string, unknown>;
  expect(workspace).not.toHaveProperty("onlyBuiltDependencies");
  expect(workspace).not.toHaveProperty("dangerouslyAllowAllBuilds");
});
