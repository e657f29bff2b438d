export {
  cudaInstallCommand,
  diagnose,
  diagnoseCuda,
  diagnoseProvider,
  type Diagnosis,
} from "./diagnose.ts";
export {
  thisMachine,
  type CudaLibraries,
  type CudaLibrary,
  type Machine,
  type Need,
  type ScriptResult,
} from "@turnwise/graph/machine";
