export { applySettings } from "./settings/apply-settings.ts";
export { toChatFormat, describeMissingChat, toPlainFormat } from "./policy/chat-format.ts";
export { checkMemory, checkSamplingMemory } from "./policy/check-memory.ts";
export { checkModel } from "./policy/check-model.ts";
export { checkConfig, resolveConfig } from "./settings/config.ts";
export { checkDevice } from "./policy/check-device.ts";
export { environments, findEnvironment } from "./environments/environments.ts";
export type { BuiltInEnvironment, EnvironmentTasks } from "./environments/environment.ts";
export { openTasks } from "./environments/open-tasks.ts";
export {
  formatTaskArguments,
  listTaskOptions,
  type DescribedOption,
} from "./environments/task-options.ts";
export type { ExperimentNeed } from "./experiments/experiment-need.ts";
export { estimateRun } from "./estimate/estimate-run.ts";
export { evaluate, summarizeEvaluation, type EvaluationReport } from "./evaluation/evaluate.ts";
export type { EvaluatedPolicy } from "./policy/evaluated-policy.ts";
export { openEvaluatedPolicy } from "./policy/open-evaluated-policy.ts";
export { checkExports } from "./settings/check-addresses.ts";
export { exportRun } from "./export/export-run.ts";
export { exportsSchema, type ExportSettings } from "./export/export-schema.ts";
export { openDecoder, type DecodeTokens } from "./export/open-decoder.ts";
export { describeExport, type ExportReport } from "./export/run-export.ts";
export { InputError, readInput } from "./input-error.ts";
export { makeFolder } from "./files/make-folder.ts";
export {
  formatEvaluation,
  toEvaluationRecord,
  type EvaluationContext,
} from "./evaluation/describe-evaluation.ts";
export { listPaperResults } from "./evaluation/list-paper-results.ts";
export { createRunReporter } from "./report/live-screen.ts";
export { countEpisodes, showPhases } from "./report/phase-progress.ts";
export { LostInfrastructure } from "./loop/play-groups.ts";
export { formatBytes, formatDuration, formatPercent } from "./report/format-numbers.ts";
export { createJsonReporter, createTextReporter, type Reporter } from "./report/progress.ts";
export { reloadParts, type ReloadOptions } from "./run/reload-parts.ts";
export { checkRun, type RunCheck } from "./run/check-run.ts";
export { RunFolder, type MetricsLine, type RunCheckpoint } from "./run/run-folder.ts";
export { describePause, policyFolder, StoppedRun } from "./run/run.ts";
export { SavedEvaluation } from "./evaluation/saved-evaluation.ts";
export { formatSettings } from "./settings/format-settings.ts";
export type { StopReason } from "./evaluation/count-stop-reasons.ts";
export { drawSuccessCurve, reportSummary, tabulateEvaluations } from "./report/summary.ts";
export { isSettings, mergeSettings, type Settings } from "./settings/merge-settings.ts";
export { didYouMean, findSimilarPath } from "./settings/suggest.ts";
export { applyStyle, readTerminalWidth, type OutputStream } from "./report/terminal.ts";
export { train } from "./run/train.ts";
export { readVersions } from "./read-versions.ts";
export {
  experimentSchema,
  type ExperimentInput,
  type ExperimentSettings,
} from "./experiment/experiment-schema.ts";
export { householdGames, releasedHouseholdGames } from "./experiments/household-games.ts";
export { createLanguageModelRun } from "./environments/create-language-model-run.ts";
export { releasedShopping, shopping } from "./experiments/shopping.ts";
export { deepSweRun, softwareDemo } from "./experiments/software.ts";
export { builtInExperiments, type ExperimentEntry } from "./experiments/registry.ts";
export {
  findExperiment,
  createExperiment,
  type FoundExperiment,
  createUnknownExperimentError,
} from "./experiments/find-experiment.ts";
export { readSettings } from "./experiment/read-settings.ts";
export {
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
  findSettingDifferences,
  listSettingRows,
  type SettingDifference,
  type SettingRow,
  type SettingsLayer,
} from "./experiment/setting-rows.ts";
export {
  trainIteration,
  type IterationReport,
  type IterationSettings,
  type TrainerParts,
} from "./loop/iteration.ts";
export {
  creditRows,
  toTrainingRows,
  type CreditedRow,
  type ResponseCredit,
} from "./loop/credit.ts";
export type { PolicyTokenizer, TrainingPolicy } from "./policy/training-policy.ts";
export type {
  RatioRange,
  RecordedTrajectory,
  RecordedTurn,
  TrajectoryStatus,
  TurnCredit,
} from "./records/recorded-trajectory.ts";
export { recordEvaluation, recordTrajectories } from "./records/record-trajectories.ts";
