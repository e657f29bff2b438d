import { expect, it } from "vitest";
import { findCudaLibraries } from "@turnwise/graph/machine";
import { softwareCuda } from "../../../cuda/src/testing/software-cuda.ts";
import {
  cudaInstallCommand,
  diagnose,
  thisMachine,
  type CudaLibraries,
  type Machine,
  type ScriptResult,
} from "./index.ts";

/** Creates a fake machine with the given files, packages and probe results. */
function computer(
  facts: {
    readonly platform?: string;
    readonly libraries?: readonly string[];
    readonly packages?: readonly string[];
    readonly files?: readonly string[];
    readonly cuda?: Partial<CudaLibraries>;
    readonly answer?: (probe: { readonly provider?: string }) => Partial<ScriptResult>;
  } = {},
): Machine {
  const { libraries = [], packages = [], files = [] } = facts;
  return {
    platform: facts.platform ?? "linux/x64",
    nodeVersion: "20.0.0",
    findLibrary: (file) => (libraries.includes(file) ? `/lib/${file}` : undefined),
    findCuda: () => ({ driver: "libcuda.so.1", compiler: [], products: [], ...facts.cuda }),
    findPackage: (name) => (packages.includes(name) ? `/packages/${name}` : undefined),
    hasFile: (path) => files.includes(path),
    runScript: async (_, input) => ({
      code: 0,
      signal: null,
      stdout: "",
      stderr: "",
      ...facts.answer?.(JSON.parse(input) as { readonly provider?: string }),
    }),
  };
}

const product = { stdout: "BACKEND cpu\nRESULT 7,10,15,22\n" };
const cudaFile =
  "/packages/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so";

it("finds only the reference on an empty computer, and names each missing package", async () => {
  const found = await diagnose(computer());
  expect(found.map(({ executor, isUsable }) => [executor, isUsable])).toEqual([
    ["reference", true],
    ["onnx cpu", false],
    ["onnx webgpu", false],
    ["onnx cuda", false],
    ["cuda", false],
    ["tensorflow @tensorflow/tfjs-node-gpu", false],
    ["tensorflow @tensorflow/tfjs-node", false],
    ["tensorflow @tensorflow/tfjs", false],
  ]);
  expect(found.slice(1).map(({ needs }) => needs[0]!.what)).toEqual([
    "onnxruntime-node",
    "onnxruntime-node",
    "onnxruntime-node",
    "koffi",
    "@tensorflow/tfjs-node-gpu",
    "@tensorflow/tfjs-node",
    "@tensorflow/tfjs",
  ]);
});

it("reports an executor as usable if it computes the right numbers", async () => {
  const found = await diagnose(
    computer({ packages: ["onnxruntime-node", "@tensorflow/tfjs"], answer: () => product }),
  );
  const usable = found.filter(({ isUsable }) => isUsable).map(({ executor }) => executor);
  expect(usable).toEqual(["reference", "onnx cpu", "onnx webgpu", "tensorflow @tensorflow/tfjs"]);
  expect(found.at(-1)!.detail).toBe("computed a product, backend cpu");
});

it("reports how ONNX Runtime is called on the CPU", async () => {
  const detailWith = async (
    packages: readonly string[],
    native: Partial<ScriptResult> = {},
  ): Promise<string> => {
    const answer = (probe: { readonly provider?: string }): Partial<ScriptResult> =>
      probe.provider === undefined ? native : product;
    const list = await diagnose(computer({ packages, answer }));
    return list.find(({ executor }) => executor === "onnx cpu")!.detail;
  };
  const both = ["onnxruntime-node", "koffi"];
  const instead =
    "computed a product, called through the onnxruntime-node binding, which copies outputs";
  expect(await detailWith(both, { stdout: "RESULT found\n" })).toBe(
    "computed a product, called through koffi",
  );
  expect(await detailWith(["onnxruntime-node"])).toBe(
    `${instead}: koffi is not installed (npm install koffi)`,
  );
  expect(await detailWith(both, { stdout: "ERROR no such file\n" })).toBe(
    `${instead}: no such file`,
  );
});

it("does not accept wrong numbers, and reports how a probe ended", async () => {
  const found = await diagnose(
    computer({
      packages: ["onnxruntime-node", "@tensorflow/tfjs"],
      answer: ({ provider }) =>
        provider === "cpu"
          ? { stdout: "RESULT 1,2,3,4\n" }
          : provider === "webgpu"
            ? { code: null, signal: "SIGSEGV" }
            : { code: 1, stderr: "warning: old\nError: no such file\n    at a place\n" },
    }),
  );
  const detail = Object.fromEntries(found.map((each) => [each.executor, each.detail]));
  expect(detail["onnx cpu"]).toBe("computed a wrong product, 1,2,3,4");
  expect(detail["onnx webgpu"]).toBe("its process was killed by SIGSEGV");
  expect(detail["tensorflow @tensorflow/tfjs"]).toBe("Error: no such file");
});

it("reports what WebGPU lacks: first the loader, then a driver", async () => {
  const answer = (): Partial<ScriptResult> => ({
    stdout: "ERROR a.cc:136 adapter_result == Success was false. Failed to get a WebGPU adapter\n",
  });
  const needsWith = async (libraries: readonly string[]): Promise<readonly string[]> => {
    const found = await diagnose(computer({ packages: ["onnxruntime-node"], libraries, answer }));
    expect(found[2]!.detail).toBe("Failed to get a WebGPU adapter");
    return found[2]!.needs.map(({ what }) => what);
  };
  const driver = "a Vulkan driver that offers a WebGPU adapter";
  expect(await needsWith([])).toEqual(["libvulkan.so.1", driver]);
  expect(await needsWith(["libvulkan.so.1"])).toEqual([driver]);
});

it("lists the libraries that CUDA lacks without trying it, and tries it if none is missing", async () => {
  const all = [
    "libcuda.so.1",
    "libcudart.so.12",
    "libcublas.so.12",
    "libcublasLt.so.12",
    "libcurand.so.10",
    "libcufft.so.11",
    "libcudnn.so.9",
  ];
  const packages = ["onnxruntime-node"];
  const some = await diagnose(computer({ packages, libraries: all.slice(0, 6) }));
  expect(some[3]!.needs.map(({ what }) => what)).toEqual([
    "libonnxruntime_providers_cuda.so",
    "libcudnn.so.9",
  ]);
  const complete = await diagnose(
    computer({ packages, libraries: all, files: [cudaFile], answer: () => product }),
  );
  expect(complete[3]!.isUsable).toBe(true);
  const elsewhere = await diagnose(computer({ packages, platform: "darwin/arm64" }));
  expect(elsewhere[3]!.needs.map(({ what }) => what)).toEqual(["Linux on x64"]);
});

it("lists what the CUDA executor lacks without trying it", async () => {
  const cudaOf = async (machine: Machine) =>
    (await diagnose(machine)).find(({ executor }) => executor === "cuda")!;
  const none = await cudaOf(computer());
  expect(none.detail).toBe("not tried");
  expect(none.needs.map(({ what }) => what)).toEqual([
    "koffi",
    "libcuda.so.1",
    "libnvrtc.so",
    "libcublas.so",
  ]);
  const compiler = [{ path: "/libnvrtc.so.13", major: 13, companions: [] }];
  const products = [{ path: "/libcublas.so.13", major: 13, companions: [] }];
  const cuda = { compiler, products };
  const facts = { packages: ["koffi"], libraries: ["libcuda.so.1"], cuda };
  const stdout = "DEVICE a GPU\nRESULT 7,10,15,22\n";
  const complete = await cudaOf(computer({ ...facts, answer: () => ({ stdout }) }));
  expect(complete).toMatchObject({ isUsable: true, detail: "computed a product, a GPU" });
  const answer = (): Partial<ScriptResult> => ({ stdout: "ERROR cuInit must succeed, got 100\n" });
  const without = await cudaOf(computer({ ...facts, answer }));
  expect(without).toMatchObject({ isUsable: false, detail: "cuInit must succeed, got 100" });
  const elsewhere = await cudaOf(computer({ ...facts, platform: "darwin/arm64" }));
  expect(elsewhere.needs.map(({ what }) => what)).toEqual(["Linux"]);
});

const software = softwareCuda();
if (software.missing !== undefined) console.warn(`skipped: ${software.missing}`);

it.skipIf(software.missing !== undefined)("computes a product with the software CUDA", async () => {
  const findCuda = (): CudaLibraries => findCudaLibraries(software.path);
  const found = await diagnose({ ...thisMachine(), findCuda });
  expect(found.find(({ executor }) => executor === "cuda")).toEqual({
    executor: "cuda",
    isUsable: true,
    detail: "computed a product, Software CUDA, compute capability 9.0, NVRTC 12.8",
    needs: [],
  });
});

it("runs the install script of onnxruntime-node to install CUDA", () => {
  const script = "/packages/onnxruntime-node/script/install.js";
  const packages = ["onnxruntime-node"];
  expect(cudaInstallCommand(computer({ packages, files: [script] }))).toMatchObject({
    parameters: [script],
    environment: { ONNXRUNTIME_NODE_INSTALL: "cuda12" },
  });
  expect(() => cudaInstallCommand(computer())).toThrow("onnxruntime-node must be installed");
  expect(() => cudaInstallCommand(computer({ packages }))).toThrow(`must have ${script}, got none`);
});

it("finds ONNX Runtime's CPU provider on the computer that runs this test", async () => {
  const found = await diagnose();
  expect(found.find(({ executor }) => executor === "onnx cpu")!.isUsable).toBe(true);
});
