import type { ParameterLayout } from "../model/parameter-layout.ts";
import type { EngineOptions } from "./engine-port.ts";

/**
 * Layout with the engine's maximum sequence length instead of the model's. Checkpoints are written
 * with the model's own limit.
 */
export const limitLayout = ({ layout, maxSequenceTokens }: EngineOptions): ParameterLayout => ({
  ...layout,
  config: { ...layout.config, maxSequenceTokens },
});
