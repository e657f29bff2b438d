import { relative } from "node:path";
import { Command } from "commander";
import { createFiles, packageKinds, readKind, writePackage } from "../create-package.ts";
import { quoteForShell } from "../invocation.ts";
import { readVersion } from "../read-version.ts";

/** `turnwise create`: creates a package for a custom part. */
export function buildCreateCommand(): Command {
  return new Command("create")
    .description(
      "create a package with a custom part, such as a modulator, its tests and an experiment",
    )
    .argument("<kind>", `kind of part: ${packageKinds.join(", ")}`)
    .argument("<name>", "name of the package and its part: lower-case words joined by hyphens")
    .option("--out <folder>", "output folder (default: the name)")
    .action(async (word: string, name: string, { out = name }: { readonly out?: string }) => {
      const kind = readKind(word);
      const files = await createFiles(kind, name, readVersion());
      await writePackage(out, files);
      const folder = relative(process.cwd(), out) || ".";
      process.stdout.write(
        [
          `created ${kind} ${name} in ${folder}: ${files.map(({ path }) => path).join(", ")}`,
          `install: cd ${quoteForShell(folder)} && ONNXRUNTIME_NODE_INSTALL=skip npm install`,
          "test:    npm test",
          "train:   npx turnwise train ./experiment.ts",
          "",
        ].join("\n"),
      );
    });
}
