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
