import { relative } from "node:path";
import { Command } from "commander";
import { packageFiles, packageKinds, readKind, writePackage } from "../create-package.ts";
import { quoteForShell } from "../invocation.ts";
import { readVersion } from "../read-version.ts";

/** `turnwise create`: creates a package for a custom part. */
export function createCommand(): Command {
  return new Command("create")
    .description("create a package of your own: a part, its laws as tests, an experiment")
    .argument("<kind>", packageKinds.join(", "))
    .argument("<name>", "name of the package and its part: lower-case words with hyphens")
    .option("--out <folder>", "folder of the package (default: the name)")
    .action(async (word: string, name: string, { out = name }: { readonly out?: string }) => {
      const kind = readKind(word);
      const files = await packageFiles(kind, name, readVersion());
      await writePackage(out, files);
      const folder = relative(process.cwd(), out) || ".";
      process.stdout.write(
        [
          `${kind} ${name} in ${folder}: ${files.map(({ path }) => path).join(", ")}`,
          `install: cd ${quoteForShell(folder)} && ONNXRUNTIME_NODE_INSTALL=skip npm install`,
          "test:    npm test",
          "train:   npx turnwise train ./experiment.ts",
          "",
        ].join("\n"),
      );
    });
}
