export {
  cellName,
  checkCell,
  readCell,
  studyCellSchema,
  taskOutcomes,
  type CellEvaluation,
  type FailedCell,
  type StudyCell,
} from "./cell.ts";
export { numJobsWithin, type StudyBudget } from "./budget.ts";
export { LockedError } from "./lock.ts";
export { describeMachine, type CellMachine } from "./machine.ts";
export { planCells, type CellPlan } from "./plan-cells.ts";
export { readStudy, type StudyFile } from "./read-study.ts";
export type { CellContext } from "./run-cell.ts";
export { runCellTask, runStartTask, type CellTaskOptions } from "./run-cell-task.ts";
export { primaryMetric, runStudy, type RunStudyOptions, type StudyResult } from "./run-study.ts";
export type { StudyTask } from "./schedule-study.ts";
export { readCells, studyFolder, type StudyFolder } from "./study-folder.ts";
export {
  checkStudy,
  parseSeeds,
  studyArms,
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
export { powerTable, studyPowerTable, type PowerQuestion } from "./report/power-tables.ts";
export { renderTable, type Table, type TableFormat } from "./report/render-table.ts";
export type { StudyFigure } from "./report/study-figures.ts";
export { studyReport, type StudyReport } from "./report/study-report.ts";
export { studyCsv } from "./report/study-rows.ts";
export { familyTables, studyTables } from "./report/study-tables.ts";
export type { ArmSummary, CurvePoint } from "./report/summarize-arm.ts";
export { analyzeFolder, findStudyFolder, writeStudyReport } from "./report/write-report.ts";
