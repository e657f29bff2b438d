export {
  bashFormat,
  compactSweFormat,
  compactSweMarkers,
  r2eFormat,
  toolCallFormat,
  type SweFormatOptions,
} from "../scaffold/agent-formats.ts";
export { chatMarkup, plainText, type ChatTemplate } from "../chat-template.ts";
export { sweAudit, sweAuditRecord, type SweAudit, type SweAuditRecord } from "./audit.ts";
export {
  ContainerPool,
  type PoolHost,
  type PoolOptions,
  type PoolStatistics,
} from "../containers/container-pool.ts";
export {
  ContainerError,
  type CommandOptions,
  type CommandResult,
  type OutputBytes,
  type Container,
  type ContainerEngine,
  type ContainerFault,
  type ContainerFile,
  type ContainerPreparation,
  type ContainerShell,
  type ContainerSpec,
} from "../containers/container.ts";
export {
  DockerEngine,
  noEngineHint,
  type DockerEngineOptions,
} from "../containers/docker-engine.ts";
export type { PullOptions } from "../containers/docker-images.ts";
export {
  r2eGymInstance,
  sweBenchImage,
  sweBenchInstance,
  sweSmithInstance,
} from "./instances/adapters.ts";
export {
  multiSweBenchInstance,
  readInstance,
  sweBenchLiveInstance,
  sweBenchProInstance,
  sweGymInstance,
  sweRebenchInstance,
} from "./instances/data-sets.ts";
export {
  evalScript,
  outputMarkers,
  tableEvalScript,
  testDirectives,
  addExitCode,
  type EvalScriptParts,
} from "./instances/eval-script.ts";
export { InstanceError } from "./instances/instance-error.ts";
export type {
  EvalType,
  R2eGymInstance,
  SweBenchInstance,
  SweInstance,
  SweSmithInstance,
} from "./instances/instance.ts";
export { loadInstances, type LoadOptions } from "./instances/load-instances.ts";
export { selectInstances, type SelectOptions } from "./instances/select-instances.ts";
export { loadPredictions, type Prediction } from "./predictions/load-predictions.ts";
export { runReport, type PredictionResult, type RunReport } from "./predictions/run-report.ts";
export { readEvaluationLog, type EvaluationLog } from "./grading/evaluation-log.ts";
export { grade, type Grade } from "./grading/grade.ts";
export { infrastructureSign, type InfrastructureSign } from "./grading/infrastructure.ts";
export { officialReport, type OfficialReport } from "./grading/official-report.ts";
export { logParser, logParserNames, type LogParser } from "./grading/log-parsers.ts";
export type { Resolution, TestLists, TestReport } from "./grading/report.ts";
export { testStatuses, type StatusMap, type TestStatus } from "./grading/status.ts";
export { splitPatch, type FilePatch } from "./evaluation/split-patch.ts";
export {
  cheatingAgent,
  goldAgent,
  idleAgent,
  scriptedAgent,
  type DemoAgent,
} from "./demo/demo-agents.ts";
export { ensureDemoImages } from "./demo/demo-images.ts";
export {
  letterTokenizer,
  playDemo,
  scriptedSampler,
  transcript,
  type DemoEpisode,
} from "./demo/play.ts";
export { demoTasks, type DemoKind, type DemoTask } from "./demo/tasks.ts";
export {
  sweEnvironment,
  sweEnvironmentFactory,
  sweTasks,
  type SweEnvironmentOptions,
  type SweRecord,
} from "./environment.ts";
export {
  evaluatePatch,
  type Evaluation,
  type EvaluationOptions,
  type GradingMode,
  type RestoredFile,
} from "./evaluation/evaluate.ts";
export {
  gradeStrictly,
  type StrictEvidence,
  type StrictGrade,
  type Suspicion,
} from "./strict/grade-strictly.ts";
export type { StrictReason } from "./grading/strict-reason.ts";
export {
  isEnvironmentTampering,
  protectedPaths,
  type ProtectedPath,
  type Protection,
  type TreeChange,
} from "./strict/protected-paths.ts";
export type { StrictRun } from "./strict/run-tests.ts";
export { validateInstance, type Validation } from "./evaluation/validate.ts";
export { EvaluationMemory } from "./evaluation/evaluation-memory.ts";
export {
  extractPatch,
  type ExtractedPatch,
  type ExcludedFile,
} from "./evaluation/extract-patch.ts";
export { compactFilter, classifyEnding, type EpisodeEnding } from "./evaluation/classify-ending.ts";
export { parseBashBlock, writeBashBlock } from "../scaffold/bash-blocks.ts";
export { checkCall, type CheckedCall } from "../scaffold/check-call.ts";
export { clipMiddle, type ClipLimits } from "../scaffold/clip.ts";
export { parseJsonCall, writeJsonCall, type JsonCallOptions } from "../scaffold/json-calls.ts";
export { r2eTools, r2eToolset } from "../scaffold/r2e-tools.ts";
export type { CheckedToolCall, Scaffold } from "../scaffold/scaffold.ts";
export {
  bashScaffold,
  compactScaffold,
  r2eScaffold,
  sweScaffolds,
  toolCallScaffold,
  type ScaffoldName as SweScaffoldName,
} from "../scaffold/scaffolds.ts";
export { createSweTools } from "./served-tools.ts";
export {
  decodeToolCall,
  encodeToolCall,
  type ParsedCall,
  type ToolCall,
} from "../scaffold/tool-call.ts";
export { ToolRunner, type ToolAnswer } from "../scaffold/tool-runner.ts";
export type { ParameterSchema, ToolSchema } from "../scaffold/tool-schemas.ts";
export type { Tool, ToolOutput } from "../scaffold/tools/tool.ts";
export type { ToolOptions, Workspace } from "../scaffold/workspace.ts";
export { parseXmlCall, writeXmlCall, type XmlCallOptions } from "../scaffold/xml-calls.ts";
export { openSwebenchTasks, swebenchTasksSchema, type SwebenchTasks } from "./swebench-tasks.ts";
export { exportHarborTask } from "./harbor/export-instance.ts";
