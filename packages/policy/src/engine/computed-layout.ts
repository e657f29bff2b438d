import type { ParameterLayout } from "../model/parameter-layout.ts";
import type { EngineOptions } from "./engine-port.ts";

/**
 * Layout of an engine with the maximum length that it computes, instead of the model's. Folders are
 * written with the model's.
 */
export const computedLayout = ({ layout, maxSequenceTokens }: EngineOptions): ParameterLayout => ({
  ...layout,
  config: { ...layout.config, maxSequenceTokens },
});
