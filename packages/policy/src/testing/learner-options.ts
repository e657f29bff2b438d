import type { LearningEngineOptions } from "../learning/learning-engine.ts";
import type { Adapter } from "../model/lora.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

/** Learner options of tests, with an adapter and a value head instead of the layout. */
export interface LearnerOverrides extends Partial<
  Omit<LearningEngineOptions, "layout" | "adapter">
> {
  readonly adapter?: Adapter;
  readonly valueHead?: boolean;
}

/** Builds learner options with the layout that a test's overrides describe. */
export const learnerOptions = (
  config: ModelConfig,
  { adapter, valueHead, ...rest }: LearnerOverrides,
): Omit<LearnerOverrides, "adapter" | "valueHead"> &
  Pick<LearningEngineOptions, "layout" | "adapter"> => ({
  ...rest,
  layout: parameterLayout(config, { adapter: adapter?.config, valueHead }),
  adapter: adapter?.parameters,
});
