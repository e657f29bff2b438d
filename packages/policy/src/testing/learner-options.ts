import type { LearningEngineOptions } from "../learning/learning-engine.ts";
import type { Adapter } from "../model/lora.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

/** Learner options in tests; adapter and value head replace the layout. */
export interface LearnerOverrides extends Partial<
  Omit<LearningEngineOptions, "layout" | "adapter">
> {
  readonly adapter?: Adapter;
  readonly valueHead?: boolean;
}

/** Creates learner options, with the layout that the overrides describe. */
export const learnerOptions = (
  config: ModelConfig,
  { adapter, valueHead, ...rest }: LearnerOverrides,
): Omit<LearnerOverrides, "adapter" | "valueHead"> &
  Pick<LearningEngineOptions, "layout" | "adapter"> => ({
  ...rest,
  layout: parameterLayout(config, { adapter: adapter?.config, valueHead }),
  adapter: adapter?.parameters,
});
