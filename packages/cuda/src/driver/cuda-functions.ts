/** Driver functions that this package calls. Handles and addresses are 64-bit numbers. */
export interface DriverFunctions {
  cuInit(flags: number): number;
  cuDriverGetVersion(version: number): number;
  cuGetErrorName(status: number, text: number): number;
  cuGetErrorString(status: number, text: number): number;
  cuDeviceGetCount(count: number): number;
  cuDeviceGet(device: number, ordinal: number): number;
  cuDeviceGetName(name: number, size: number, device: number): number;
  cuDeviceGetAttribute(value: number, attribute: number, device: number): number;
  cuDevicePrimaryCtxRetain(context: number, device: number): number;
  cuDevicePrimaryCtxRelease_v2(device: number): number;
  cuCtxSetCurrent(context: number): number;
  cuMemGetInfo_v2(free: number, total: number): number;
  cuMemAlloc_v2(address: number, bytes: number): number;
  cuMemFree_v2(address: number): number;
  cuMemHostAlloc(address: number, bytes: number, flags: number): number;
  cuMemFreeHost(address: number): number;
  cuMemcpyHtoDAsync_v2(to: number, from: number, bytes: number, stream: number): number;
  cuMemcpyDtoHAsync_v2(to: number, from: number, bytes: number, stream: number): number;
  cuMemcpyDtoDAsync_v2(to: number, from: number, bytes: number, stream: number): number;
  cuMemsetD8Async(address: number, value: number, count: number, stream: number): number;
  cuStreamCreate(stream: number, flags: number): number;
  cuStreamDestroy_v2(stream: number): number;
  cuStreamSynchronize(stream: number): number;
  cuEventCreate(event: number, flags: number): number;
  cuEventDestroy_v2(event: number): number;
  cuEventRecord(event: number, stream: number): number;
  cuEventQuery(event: number): number;
  cuEventSynchronize(event: number): number;
  cuModuleLoadData(module: number, image: number): number;
  cuModuleUnload(module: number): number;
  cuModuleGetFunction(kernel: number, module: number, name: number): number;
  cuFuncSetAttribute(kernel: number, attribute: number, value: number): number;
  cuStreamBeginCapture_v2(stream: number, mode: number): number;
  cuStreamEndCapture(stream: number, graph: number): number;
  cuGraphInstantiateWithFlags(executable: number, graph: number, flags: number): number;
  cuGraphLaunch(executable: number, stream: number): number;
  cuGraphDestroy(graph: number): number;
  cuGraphExecDestroy(executable: number): number;
  cuLaunchKernel(
    kernel: number,
    gridX: number,
    gridY: number,
    gridZ: number,
    blockX: number,
    blockY: number,
    blockZ: number,
    sharedBytes: number,
    stream: number,
    parameters: number,
    extra: number,
  ): number;
}

/** NVRTC functions that this package calls. */
export interface CompilerFunctions {
  nvrtcGetErrorString(status: number): string;
  nvrtcVersion(major: number, minor: number): number;
  nvrtcGetNumSupportedArchs(count: number): number;
  nvrtcGetSupportedArchs(list: number): number;
  nvrtcCreateProgram(
    program: number,
    source: number,
    name: number,
    numHeaders: number,
    headers: number,
    includeNames: number,
  ): number;
  nvrtcDestroyProgram(program: number): number;
  nvrtcCompileProgram(program: number, numOptions: number, options: number): number;
  nvrtcGetProgramLogSize(program: number, size: number): number;
  nvrtcGetProgramLog(program: number, log: number): number;
  nvrtcGetCUBINSize(program: number, size: number): number;
  nvrtcGetCUBIN(program: number, image: number): number;
  nvrtcGetPTXSize(program: number, size: number): number;
  nvrtcGetPTX(program: number, image: number): number;
}

/** cuBLAS functions that this package calls. */
export interface ProductFunctions {
  cublasGetStatusString(status: number): string;
  cublasCreate_v2(handle: number): number;
  cublasDestroy_v2(handle: number): number;
  cublasSetStream_v2(handle: number, stream: number): number;
  cublasSetWorkspace_v2(handle: number, address: number, bytes: number): number;
  cublasSetMathMode(handle: number, mode: number): number;
  cublasGemmEx(
    handle: number,
    transposeA: number,
    transposeB: number,
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: number,
    aType: number,
    lda: number,
    b: number,
    bType: number,
    ldb: number,
    beta: number,
    c: number,
    cType: number,
    ldc: number,
    computeType: number,
    algorithm: number,
  ): number;
  cublasGemmStridedBatchedEx(
    handle: number,
    transposeA: number,
    transposeB: number,
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: number,
    aType: number,
    lda: number,
    strideA: number,
    b: number,
    bType: number,
    ldb: number,
    strideB: number,
    beta: number,
    c: number,
    cType: number,
    ldc: number,
    strideC: number,
    batchCount: number,
    computeType: number,
    algorithm: number,
  ): number;
}

/** Parameter types of C functions, one letter per parameter; spaces are ignored. */
type Prototypes<Functions> = Readonly<Record<keyof Functions, string>>;

// `i` is an int or an enumeration, `u` an unsigned int, `b` an unsigned char, `l` anything with 64
// bits: pointers, handles, device addresses, size_t. All functions return an int, except functions
// marked `text`, which return a string.

export const driverPrototypes: Prototypes<DriverFunctions> = {
  cuInit: "u",
  cuDriverGetVersion: "l",
  cuGetErrorName: "i l",
  cuGetErrorString: "i l",
  cuDeviceGetCount: "l",
  cuDeviceGet: "l i",
  cuDeviceGetName: "l i i",
  cuDeviceGetAttribute: "l i i",
  cuDevicePrimaryCtxRetain: "l i",
  cuDevicePrimaryCtxRelease_v2: "i",
  cuCtxSetCurrent: "l",
  cuMemGetInfo_v2: "l l",
  cuMemAlloc_v2: "l l",
  cuMemFree_v2: "l",
  cuMemHostAlloc: "l l u",
  cuMemFreeHost: "l",
  cuMemcpyHtoDAsync_v2: "l l l l",
  cuMemcpyDtoHAsync_v2: "l l l l",
  cuMemcpyDtoDAsync_v2: "l l l l",
  cuMemsetD8Async: "l b l l",
  cuStreamCreate: "l u",
  cuStreamDestroy_v2: "l",
  cuStreamSynchronize: "l",
  cuEventCreate: "l u",
  cuEventDestroy_v2: "l",
  cuEventRecord: "l l",
  cuEventQuery: "l",
  cuEventSynchronize: "l",
  cuModuleLoadData: "l l",
  cuModuleUnload: "l",
  cuModuleGetFunction: "l l l",
  cuFuncSetAttribute: "l i i",
  cuStreamBeginCapture_v2: "l i",
  cuStreamEndCapture: "l l",
  cuGraphInstantiateWithFlags: "l l l",
  cuGraphLaunch: "l l",
  cuGraphDestroy: "l",
  cuGraphExecDestroy: "l",
  cuLaunchKernel: "l uuu uuu u l ll",
};

export const compilerPrototypes: Prototypes<CompilerFunctions> = {
  nvrtcGetErrorString: "i text",
  nvrtcVersion: "l l",
  nvrtcGetNumSupportedArchs: "l",
  nvrtcGetSupportedArchs: "l",
  nvrtcCreateProgram: "l l l i l l",
  nvrtcDestroyProgram: "l",
  nvrtcCompileProgram: "l i l",
  nvrtcGetProgramLogSize: "l l",
  nvrtcGetProgramLog: "l l",
  nvrtcGetCUBINSize: "l l",
  nvrtcGetCUBIN: "l l",
  nvrtcGetPTXSize: "l l",
  nvrtcGetPTX: "l l",
};

export const productPrototypes: Prototypes<ProductFunctions> = {
  cublasGetStatusString: "i text",
  cublasCreate_v2: "l",
  cublasDestroy_v2: "l",
  cublasSetStream_v2: "l l",
  cublasSetWorkspace_v2: "l l l",
  cublasSetMathMode: "l i",
  cublasGemmEx: "l ii iii l lii lii l lii ii",
  cublasGemmStridedBatchedEx: "l ii iii l liil liil l liil i ii",
};
