export {
  ContainerError,
  type CommandOptions,
  type CommandResult,
  type Container,
  type ContainerEngine,
  type ContainerFault,
  type ContainerFile,
  type ContainerShell,
  type ContainerSpec,
} from "./containers/container.ts";
export {
  DockerEngine,
  noEngineHint,
  type DockerEngineOptions,
} from "./containers/docker-engine.ts";
export type { PullOptions } from "./containers/docker-images.ts";
export {
  r2eGymInstance,
  readInstance,
  sweBenchImage,
  sweBenchInstance,
  sweSmithInstance,
} from "./instances/adapters.ts";
export {
  evalScript,
  outputMarkers,
  tableEvalScript,
  testDirectives,
  withExitCode,
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
export { loadInstances } from "./instances/load-instances.ts";
export { selectInstances, type SelectOptions } from "./instances/select-instances.ts";
export { readEvaluationLog, type EvaluationLog } from "./grading/evaluation-log.ts";
export { grade, type Grade } from "./grading/grade.ts";
export { infrastructureSign, type InfrastructureSign } from "./grading/infrastructure.ts";
export { officialReport, type OfficialReport } from "./grading/official-report.ts";
export { logParser, logParserNames, type LogParser } from "./grading/log-parsers.ts";
export type { Resolution, TestLists, TestReport } from "./grading/report.ts";
export { testStatuses, type StatusMap, type TestStatus } from "./grading/status.ts";
export { splitPatch, type FilePatch } from "./scaffold/split-patch.ts";
