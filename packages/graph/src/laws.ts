export { executorLaws, type ExecutorLawOptions } from "./laws/executor-laws.ts";
