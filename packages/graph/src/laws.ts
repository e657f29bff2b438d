export { measureConformance, type ConformanceResult } from "./laws/conformance.ts";
export { executorLaws, type ExecutorLawOptions } from "./laws/executor-laws.ts";
export {
  gradientLaws,
  type GradientExample,
  type GradientLawOptions,
} from "./laws/gradient-laws.ts";
