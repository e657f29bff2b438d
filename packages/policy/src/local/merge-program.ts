import { trace, type Executable, type Program } from "@turnwise/graph";
import { adaptedModules, adapterScale, loraNames, type Adapter } from "../lora.ts";
import type { ModelConfig } from "../model-config.ts";
import type { Parameters } from "../parameters.ts";

/**
 * Puts a low-rank change into one weight: inputs `weight` `[out, in]`, `a` `[rank, in]`, `b`
 * `[out, rank]` and the scalar `scale`; the output is `weight + scale * b a`.
 */
export function mergeProgram(): Program<"merged"> {
  return trace((g) => {
    const weight = g.input("weight", "float32", ["out", "in"]);
    const a = g.input("a", "float32", ["rank", "in"]);
    const b = g.input("b", "float32", ["out", "rank"]);
    const change = g.matmul(g.multiply(b, g.input("scale", "float32", [])), a);
    return { merged: g.add(weight, change) };
  });
}

/**
 * As `mergeAdapter`, by a compiled {@link mergeProgram}, which for large models takes a small part of
 * the time.
 */
export async function mergeBy(
  executable: Executable<"merged">,
  config: ModelConfig,
  parameters: Parameters,
  adapter: Adapter,
): Promise<Parameters> {
  const merged = new Map(parameters);
  const { rank } = adapter.config;
  const scale = { data: Float32Array.of(adapterScale(adapter.config)), shape: [] };
  for (const { module, outputs, inputs } of adaptedModules(config, adapter.config)) {
    const { a, b } = loraNames(module);
    const name = `${module}.weight`;
    const results = await executable.run({
      weight: { data: parameters.get(name)!, shape: [outputs, inputs] },
      a: { data: adapter.parameters.get(a)!, shape: [rank, inputs] },
      b: { data: adapter.parameters.get(b)!, shape: [outputs, rank] },
      scale,
    });
    merged.set(name, results.merged.data);
  }
  // What was trained whole has the name of what it stands in for.
  for (const [name, values] of adapter.parameters) {
    if (parameters.has(name)) merged.set(name, values);
  }
  return merged;
}
