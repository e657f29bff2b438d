export { parseIndices } from "../environments/parse-option.ts";
export {
  formatCellName,
  checkCell,
  readCell,
  studyCellSchema,
  unpackTaskOutcomes,
  type CellEvaluation,
  type FailedCell,
  type StudyCell,
} from "./cell.ts";
export { estimateCellMemory, computeNumJobs, type StudyBudget } from "./budget.ts";
export { LockedError } from "../files/lock.ts";
export { mergeCells, type MergeResult } from "./merge-cells.ts";
export { describeMachine, type CellMachine } from "./machine.ts";
export { planCells, type CellPlan } from "./plan-cells.ts";
export { connectRay, type RayJob, type RayJobs, type RayJobStatus } from "./ray-jobs.ts";
export { readStudy, type StudyFile } from "./read-study.ts";
export type { CellContext } from "./run-cell.ts";
export { runCellTask, runStartTask, type CellTaskOptions } from "./run-cell-task.ts";
export {
  readPrimaryMetric,
  runStudy,
  type RunStudyOptions,
  type StudyResult,
} from "./run-study.ts";
export { writeSlurmScript, type SlurmOptions } from "./write-slurm-script.ts";
export { readStudyStatus, type ArmStatus, type StudyStatus } from "./read-study-status.ts";
export { submitStudy, type SubmitStudyOptions } from "./submit-study.ts";
export type { StudyTask } from "./schedule-study.ts";
export { readCells, resolveStudyFolder, type StudyFolder } from "./study-folder.ts";
export {
  checkStudy,
  listArms,
  studySchema,
  type Study,
  type StudyArm,
  type StudyInput,
} from "./study-schema.ts";
export {
  analyzeStudy,
  compareStudyArms,
  type AnalyzedStudy,
  type CellState,
  type FamilyAnalysis,
  type PlannedComparison,
  type StudyAnalysis,
} from "./report/analyze-study.ts";
export type { Comparison, KindComparison, PairedCurves } from "./report/compare-arms.ts";
export {
  describeFindings,
  describeLimits,
  describePairing,
  judgeComparison,
  type Finding,
} from "./report/describe-findings.ts";
export { tabulatePower, tabulateStudyPower, type PowerQuestion } from "./report/power-tables.ts";
export { renderTable, type Table, type TableFormat } from "./report/render-table.ts";
export type { StudyFigure } from "./report/study-figures.ts";
export { renderStudyReport, type StudyReport } from "./report/render-study-report.ts";
export { renderStudyCsv } from "./report/study-rows.ts";
export { tabulateFamily, tabulateStudy } from "./report/study-tables.ts";
export type { ArmSummary, CurvePoint } from "./report/summarize-arm.ts";
export { analyzeFolder, findStudyFolder, writeStudyReport } from "./report/write-report.ts";
