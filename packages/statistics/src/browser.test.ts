import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";

it("bundles for browsers, without Node's modules, below 65 kB compressed", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL("index.ts", import.meta.url))],
    conditions: ["turnwise-source"],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    metafile: true,
  });
  const stream = new Blob([outputFiles[0]!.contents]).stream();
  const compressed = await new Response(
    stream.pipeThrough(new CompressionStream("gzip")),
  ).arrayBuffer();
  expect(compressed.byteLength).toBeLessThan(65_000);
  const licences = readFileSync(new URL("../THIRD-PARTY.txt", import.meta.url), "utf8");
  const bundled = Object.keys(metafile.inputs).flatMap(
    (path) => /\/node_modules\/((?:@stdlib\/)?[^/@.]+)\/[^]*$/u.exec(path)?.[1] ?? [],
  );
  expect(new Set(bundled).size).toBeGreaterThan(100);
  for (const name of new Set(bundled)) expect(licences).toContain(`\n${name} `);
});
