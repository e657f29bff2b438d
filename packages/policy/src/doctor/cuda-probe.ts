/**
 * Script that computes the matrix product of [[1, 2], [3, 4]] with itself by cuBLAS and copies it
 * with a kernel compiled by NVRTC. Takes the folder of koffi, the libraries found and a device
 * number; prints the device and the result.
 */
export const cudaProbe = `
const { folder, driver, compiler, products, deviceId = 0 } = JSON.parse(require("fs").readFileSync(0, "utf8"));
try {
  const koffi = require(folder);
  const memory = new BigInt64Array(64);
  const at = Number(koffi.address(memory));
  const ints = new Int32Array(memory.buffer);
  const floats = new Float32Array(memory.buffer);
  const call = (library, name, types, ...values) => {
    const status = library.func(name, "int", types.split("").map((t) => (t === "i" ? "int" : "int64")))(...values);
    if (status !== 0) throw new Error(name + " must succeed, got " + status);
    return Number(memory[0]);
  };
  const cuda = koffi.load(driver);
  call(cuda, "cuDriverGetVersion", "l", at);
  const known = Math.floor(ints[0] / 1000);
  const loadOne = (what, files) => {
    const file = files.find(({ major }) => major <= known);
    if (file === undefined) throw new Error("the driver supports CUDA up to " + known + ", but " + what + " is of CUDA " + files[0].major);
    const dlopen = koffi.load(null).func("dlopen", "int64", ["str", "int"]);
    for (const companion of file.companions) dlopen(companion, 2);
    return koffi.load(file.path);
  };
  call(cuda, "cuInit", "i", 0);
  call(cuda, "cuDeviceGetCount", "l", at);
  if (ints[0] === 0) throw new Error("the driver has no device");
  if (deviceId >= ints[0]) throw new Error("the driver has " + ints[0] + " device(s), numbered from 0, and no " + deviceId);
  call(cuda, "cuDeviceGet", "li", at, deviceId);
  const device = ints[0];
  call(cuda, "cuDeviceGetName", "lii", at, 256, device);
  const name = koffi.decode.string(at);
  call(cuda, "cuDeviceGetAttribute", "lii", at, 75, device);
  const major = ints[0];
  call(cuda, "cuDeviceGetAttribute", "lii", at, 76, device);
  const capability = major + "." + ints[0];
  const context = call(cuda, "cuDevicePrimaryCtxRetain", "li", at, device);
  call(cuda, "cuCtxSetCurrent", "l", context);
  const stream = call(cuda, "cuStreamCreate", "li", at, 1);
  const [x, y, z] = [0, 1, 2].map(() => call(cuda, "cuMemAlloc_v2", "ll", at, 16));
  floats.set([1, 2, 3, 4]);
  call(cuda, "cuMemcpyHtoDAsync_v2", "llll", x, at, 16, stream);

  const blas = loadOne("cuBLAS", products);
  const handle = call(blas, "cublasCreate_v2", "l", at);
  call(blas, "cublasSetStream_v2", "ll", handle, stream);
  floats.set([1, 0]);
  call(blas, "cublasGemmEx", "liiiiilliiliilliiii", handle, 0, 0, 2, 2, 2, at, x, 0, 2, x, 0, 2, at + 4, y, 0, 2, 68, -1);

  const nvrtc = loadOne("NVRTC", compiler);
  call(nvrtc, "nvrtcVersion", "ll", at, at + 4);
  const version = ints[0] + "." + ints[1];
  const text = (value) => Buffer.from(value + "\\0");
  const source = text('extern "C" __global__ void same(const float* y, float* z) { z[threadIdx.x] = y[threadIdx.x]; }');
  const option = text("--gpu-architecture=sm_" + capability.replace(".", ""));
  const options = new BigInt64Array(64).fill(koffi.address(option));
  const program = call(nvrtc, "nvrtcCreateProgram", "lllill", at, koffi.address(source), koffi.address(text("same.cu")), 0, 0, 0);
  call(nvrtc, "nvrtcCompileProgram", "lil", program, 1, koffi.address(options));
  const image = Buffer.alloc(call(nvrtc, "nvrtcGetCUBINSize", "ll", program, at));
  call(nvrtc, "nvrtcGetCUBIN", "ll", program, koffi.address(image));
  const module_ = call(cuda, "cuModuleLoadData", "ll", at, koffi.address(image));
  const kernel = call(cuda, "cuModuleGetFunction", "lll", at, module_, koffi.address(text("same")));
  memory.set([1n, BigInt(at + 64), 2n, BigInt(at + 128), 0n]);
  memory.set([BigInt(y), BigInt(z)], 8);
  memory[16] = 16n;
  call(cuda, "cuLaunchKernel", "liiiiiiilll", kernel, 1, 1, 1, 4, 1, 1, 0, stream, 0, at);
  call(cuda, "cuMemcpyDtoHAsync_v2", "llll", at, z, 16, stream);
  call(cuda, "cuStreamSynchronize", "l", stream);
  console.log("DEVICE " + name + ", compute capability " + capability + ", NVRTC " + version);
  console.log("RESULT " + floats.slice(0, 4).join());
} catch (error) {
  console.log("ERROR " + error.message);
}
`;
