export { writeAnalysis, type AnalysisFigure, type AnalysisReport } from "./analysis-report.ts";
export { openAnalyzedRun, type AnalyzedOrigin, type AnalyzedRun } from "./analyzed-run.ts";
export {
  analyzeCost,
  reportCost,
  type CostAnalysis,
  type CostOptions,
  type IterationCost,
} from "./cost.ts";
export { paperFigures } from "./paper-figures.ts";
export {
  analyzePressure,
  reportPressure,
  type PressureAnalysis,
  type PressureArm,
  type PressureCurve,
  type PressureOptions,
} from "./pressure.ts";
export {
  analyzeProxy,
  reportProxy,
  type ProxyAgreement,
  type ProxyAnalysis,
  type ProxyOptions,
  type ProxyState,
  type ProxySummary,
} from "./proxy.ts";
export { readTrainingRecords, type TrainingRecord } from "./training-records.ts";
export {
  analyzeTransition,
  reportTransition,
  transitionMetrics,
  type SeedDifferences,
  type TransitionAnalysis,
  type TransitionArm,
  type TransitionDifference,
  type TransitionMetric,
  type TransitionPoint,
} from "./transition.ts";
export {
  analyzeUncertainty,
  reportUncertainty,
  type MeasureAgreement,
  type UncertaintyAnalysis,
  type UncertaintyOptions,
} from "./uncertainty.ts";
