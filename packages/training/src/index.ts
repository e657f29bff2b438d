export { applySettings } from "./apply-settings.ts";
export { chatFormat, missingChatWarning, plainFormat } from "./chat-format.ts";
export { checkMemory, checkSamplingMemory } from "./check-memory.ts";
export { checkModel } from "./check-model.ts";
export { checkConfig, resolveConfig, type TrainConfig } from "./config.ts";
export { checkedDevice } from "./checked-device.ts";
export { defaultEvaluationSplit } from "./environments/alfworld-tasks.ts";
export { openCatalogue, openShop, type ShopSourceOptions } from "./environments/open-shop.ts";
export { openTasks } from "./environments/open-tasks.ts";
export { estimateRun } from "./estimate-run.ts";
export { evaluate, evaluationReport, type EvaluationReport } from "./evaluate.ts";
export { openEvaluatedPolicy, type EvaluatedPolicy } from "./evaluated-policy.ts";
export { InputError, reading } from "./input-error.ts";
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
export { alfworldGrpoAem, alfworldGrpoAemReleased } from "./recipes/alfworld-grpo-aem.ts";
export { algorithms } from "./recipes/algorithms.ts";
export { deepswe, deepsweDemo } from "./recipes/deepswe.ts";
export { languageModelRun } from "./recipes/language-model.ts";
export { webshopGrpoAem, webshopGrpoAemReleased } from "./recipes/webshop-grpo-aem.ts";
export { RunFolder } from "./run-folder.ts";
export { pauseText, policyFolder, StoppedRun } from "./run.ts";
export { SavedEvaluation } from "./saved-evaluation.ts";
export { settingsText } from "./settings-text.ts";
export { stopReasonLines, type StopReason } from "./stop-reasons.ts";
export { closingSummary, evaluationTexts } from "./summary.ts";
export { didYouMean, findSimilarPath } from "./suggest.ts";
export { styled, terminalWidth, type OutputStream } from "./terminal.ts";
export { train } from "./train.ts";
export { versions } from "./versions.ts";
