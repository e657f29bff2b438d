import { join } from "node:path";
import type { CudaLibraries } from "./cuda-libraries.ts";
import type { Machine } from "./machine.ts";

/** Missing requirement of an executor. */
export interface Need {
  /** Missing driver, library or package. */
  readonly what: string;
  /** Instructions to install it. */
  readonly remedy: string;
}

/** Libraries that ONNX Runtime's CUDA provider links to, and the packages that contain them. */
const cudaLibraries: readonly (readonly [string, string])[] = [
  ["libcuda.so.1", "install NVIDIA's driver (Debian: nvidia-driver)"],
  ["libcudart.so.12", "install the CUDA 12 runtime (cuda-cudart-12-*)"],
  ["libcublas.so.12", "install cuBLAS of CUDA 12 (libcublas-12-*)"],
  ["libcublasLt.so.12", "install cuBLAS of CUDA 12 (libcublas-12-*)"],
  ["libcurand.so.10", "install cuRAND of CUDA 12 (libcurand-12-*)"],
  ["libcufft.so.11", "install cuFFT of CUDA 12 (libcufft-12-*)"],
  ["libcudnn.so.9", "install cuDNN 9 for CUDA 12 (libcudnn9-cuda-12)"],
];

/** Lists possible reasons for a missing WebGPU adapter. */
export function webgpuNeeds(machine: Machine): readonly Need[] {
  const needs: Need[] = [];
  if (machine.platform.startsWith("linux/")) {
    if (machine.findLibrary("libvulkan.so.1") === undefined) {
      needs.push({ what: "libvulkan.so.1", remedy: "install the Vulkan loader (libvulkan1)" });
    }
    needs.push({
      what: "a Vulkan driver that offers a WebGPU adapter",
      remedy:
        "install the GPU's driver; without a GPU, Mesa 24 or later (mesa-vulkan-drivers), and name it in VK_DRIVER_FILES if the loader does not find it",
    });
  } else {
    needs.push({ what: "a WebGPU adapter", remedy: "install the GPU's driver" });
  }
  return needs;
}

/** Lists missing requirements of the CUDA executor. @param cuda - Libraries that were found. */
export function cudaDeviceNeeds(machine: Machine, cuda: CudaLibraries): readonly Need[] {
  if (!machine.platform.startsWith("linux/")) {
    const remedy = "use the webgpu provider of ONNX Runtime elsewhere";
    return [{ what: "Linux", remedy }];
  }
  const needs: Need[] = [];
  const place = "name its folder in TURNWISE_CUDA_PATH if it is not found";
  if (machine.findPackage("koffi") === undefined) {
    needs.push({ what: "koffi", remedy: "install the package: npm install koffi" });
  }
  if (cuda.driver === "libcuda.so.1" && machine.findLibrary(cuda.driver) === undefined) {
    needs.push({ what: cuda.driver, remedy: "install NVIDIA's driver (Debian: nvidia-driver)" });
  }
  if (cuda.compiler.length === 0) {
    const remedy = `install NVRTC of CUDA 12 or 13 (cuda-nvrtc-13-*, or Python's nvidia-cuda-nvrtc); ${place}`;
    needs.push({ what: "libnvrtc.so", remedy });
  }
  if (cuda.products.length === 0) {
    const remedy = `install cuBLAS of CUDA 12 or 13 (libcublas-13-*, or Python's nvidia-cublas); ${place}`;
    needs.push({ what: "libcublas.so", remedy });
  }
  return needs;
}

/**
 * Lists missing requirements of ONNX Runtime's CUDA provider.
 * @param folder - Folder of onnxruntime-node.
 */
export function cudaNeeds(machine: Machine, folder: string): readonly Need[] {
  if (machine.platform !== "linux/x64") {
    return [
      {
        what: "Linux on x64",
        remedy: `use the webgpu provider: onnxruntime-node has no CUDA for ${machine.platform}`,
      },
    ];
  }
  const needs: Need[] = [];
  const file = join(folder, "bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so");
  if (!machine.hasFile(file)) {
    needs.push({
      what: "libonnxruntime_providers_cuda.so",
      remedy: "turnwise doctor --install cuda (runs onnxruntime-node's own install script)",
    });
  }
  for (const [what, remedy] of cudaLibraries) {
    if (machine.findLibrary(what) === undefined) needs.push({ what, remedy });
  }
  return needs;
}

/**
 * Location of ONNX Runtime's library in onnxruntime-node.
 * @param folder - Folder of onnxruntime-node.
 */
export function nativeLibraryFile(platform: string, folder: string): string | undefined {
  const names: Readonly<Record<string, string>> = {
    linux: "libonnxruntime.so.1",
    win32: "onnxruntime.dll",
  };
  const name = names[platform.split("/")[0]!];
  return name === undefined ? undefined : join(folder, "bin/napi-v6", platform, name);
}
