export { findCudaLibraries, type CudaLibraries, type CudaLibrary } from "./cuda-libraries.ts";
export { thisMachine, type Machine, type ScriptResult } from "./machine.ts";
export { cudaDeviceNeeds, cudaNeeds, nativeLibraryFile, webgpuNeeds, type Need } from "./needs.ts";
