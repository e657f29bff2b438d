export { applySettings } from "./apply-settings.ts";
export { chatFormat, missingChatWarning, plainFormat } from "./chat-format.ts";
export { checkMemory, checkSamplingMemory } from "./check-memory.ts";
export { checkModel } from "./check-model.ts";
export { checkConfig, resolveConfig } from "./config.ts";
export { checkedDevice } from "./checked-device.ts";
export { openTasks } from "./environments/open-tasks.ts";
export { estimateRun } from "./estimate-run.ts";
export { evaluate, evaluationReport, type EvaluationReport } from "./evaluate.ts";
export { openEvaluatedPolicy, type EvaluatedPolicy } from "./evaluated-policy.ts";
export { InputError, reading } from "./input-error.ts";
export { makeFolder } from "./make-folder.ts";
export { passCurve } from "./pass-at-k.ts";
export { episodeCounts, showPhases } from "./phase-progress.ts";
export { LostInfrastructure } from "./play-groups.ts";
export {
  bytesText,
  duration,
  jsonReporter,
  percent,
  textReporter,
  type Reporter,
} from "./progress.ts";
export { RunFolder } from "./run-folder.ts";
export { pauseText, policyFolder, StoppedRun } from "./run.ts";
export { SavedEvaluation } from "./saved-evaluation.ts";
export { settingsText } from "./settings-text.ts";
export { stopReasonLines, type StopReason } from "./stop-reasons.ts";
export { closingSummary, evaluationTexts } from "./summary.ts";
export { isSettings, mergeSettings, type Settings } from "./merge-settings.ts";
export { didYouMean, findSimilarPath } from "./suggest.ts";
export { styled, terminalWidth, type OutputStream } from "./terminal.ts";
export { train } from "./train.ts";
export { versions } from "./versions.ts";
export {
  experimentSchema,
  type ExperimentInput,
  type ExperimentSettings,
} from "./experiment/experiment-schema.ts";
export { householdGames, releasedHouseholdGames } from "./experiments/household-games.ts";
export { languageModelRun } from "./experiments/language-model.ts";
export { releasedShopping, shopping } from "./experiments/shopping.ts";
export { deepSweRun, softwareDemo } from "./experiments/software.ts";
export {
  builtInExperiments,
  type ExperimentEntry,
  type ExperimentNeed,
} from "./experiments/registry.ts";
export {
  builtInParts,
  createAlgorithm,
  createModulator,
  noParts,
  splitExperiment,
  type Experiment,
  type Parts,
  type PolicyContext,
  type PolicySource,
  type TaskContext,
} from "./experiment/experiment.ts";
export {
  importModule,
  isModulePath,
  moduleDifference,
  recordModule,
  type ModuleRecord,
} from "./experiment/experiment-module.ts";
export { openExperiment, type OpenedExperiment } from "./experiment/open-experiment.ts";
export { layerSettings, type LayeredSettings, type Overlay } from "./experiment/layer-settings.ts";
export {
  definePart,
  type OptionsSchema,
  type Part,
  type PartLike,
  type PartOptions,
} from "./experiment/part.ts";
export {
  settingDifferences,
  settingRows,
  type SettingDifference,
  type SettingRow,
  type SettingsLayer,
} from "./experiment/setting-rows.ts";
export {
  trainIteration,
  type IterationReport,
  type IterationSettings,
  type TrainerParts,
} from "./iteration.ts";
export { creditRows, toTrainingRows, type CreditedRow, type ResponseCredit } from "./credit.ts";
export type { PolicyTokenizer, TrainingPolicy } from "./training-policy.ts";
export type {
  RatioRange,
  RecordedTrajectory,
  RecordedTurn,
  TrajectoryStatus,
  TurnCredit,
} from "./records/recorded-trajectory.ts";
export { recordEvaluation, recordTrajectories } from "./records/record-trajectories.ts";
