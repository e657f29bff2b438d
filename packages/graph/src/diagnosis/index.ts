export type { CudaLibraries, CudaLibrary } from "../cuda/libraries.ts";
export { cudaInstallCommand, diagnose, diagnoseProvider, type Diagnosis } from "./diagnose.ts";
export { thisMachine, type Machine, type ScriptResult } from "./machine.ts";
export type { Need } from "./needs.ts";
