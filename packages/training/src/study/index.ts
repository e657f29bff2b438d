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
