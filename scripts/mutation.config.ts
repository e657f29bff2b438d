import type { Plugin } from "vite";
import type { ViteUserConfig } from "vitest/config";
import config from "../vitest.config.ts";
import { allMutants } from "./mutants.ts";

/** Creates a plugin that applies a mutant when its file is loaded, without changing the file. */
function createMutantPlugin(): Plugin {
  const mutant = allMutants[Number(process.env["TURNWISE_MUTANT"])];
  return {
    name: "mutant",
    enforce: "pre",
    transform: (code, id) => {
      if (mutant === undefined || !id.endsWith(`packages/${mutant.package}/src/${mutant.file}`))
        return undefined;
      return code.replace(mutant.find, () => mutant.replace);
    },
  };
}

const mutantConfig: ViteUserConfig = { ...config, plugins: [createMutantPlugin()] };

export default mutantConfig;
