import type { Plugin } from "vite";
import type { ViteUserConfig } from "vitest/config";
import config from "../vitest.config.ts";
import { allMutants } from "./mutants.ts";

/** Exchanges the mutant's text as its file is loaded; no file is changed. */
function plant(): Plugin {
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

const mutated: ViteUserConfig = { ...config, plugins: [plant()] };

export default mutated;
