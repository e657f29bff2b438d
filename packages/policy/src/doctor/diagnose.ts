import { join } from "node:path";
import { lowerToOnnx } from "@turnwise/graph/onnx";
import type { Provider } from "@turnwise/graph/onnx";
import { tensorFlowPackages } from "@turnwise/graph/tensorflow";
import { trace } from "@turnwise/graph";
import { cudaProbe } from "./cuda-probe.ts";
import { thisMachine, type Machine, type ScriptResult } from "@turnwise/graph/machine";
import {
  cudaDeviceNeeds,
  cudaNeeds,
  nativeLibraryFile,
  webgpuNeeds,
  type Need,
} from "@turnwise/graph/machine";

/** Result of probing one executor on a machine. */
export interface Diagnosis {
  /** `"reference"`, `"onnx cpu"`, `"onnx webgpu"`, `"onnx cuda"`, `"cuda"`, or `"tensorflow <package>"`. */
  readonly executor: string;
  /** True if a small program ran and returned the right numbers. */
  readonly isUsable: boolean;
  /** Findings: versions, paths, or the library's own error message. */
  readonly detail: string;
  /**
   * Missing requirements; empty if the executor is usable, or if `detail` alone gives the reason.
   */
  readonly needs: readonly Need[];
}

/**
 * Script that takes the package's folder, a provider and a model in base64, and prints the model's
 * output.
 */
const onnxProbe = `
const { folder, provider, model } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const ort = require(folder);
(async () => {
  const options = { executionProviders: [provider], logSeverityLevel: 4 };
  const session = await ort.InferenceSession.create(Buffer.from(model, "base64"), options);
  const x = new ort.Tensor("float32", Float32Array.of(1, 2, 3, 4), [2, 2]);
  const results = await session.run({ x });
  console.log("RESULT " + [...results[session.outputNames[0]].data].join());
})().catch((error) => { console.log("ERROR " + error.message); });
`;

/**
 * Script that takes the folder of koffi and the path of a library, and asks the library for its API
 * table.
 */
const nativeProbe = `
const { folder, file } = JSON.parse(require("fs").readFileSync(0, "utf8"));
try {
  const table = require(folder).load(file).func("OrtGetApiBase", "void *", [])();
  console.log("RESULT " + (table ? "found" : "none"));
} catch (error) {
  console.log("ERROR " + error.message);
}
`;

/** Script that takes the package's folder, and prints its backend and a matrix product. */
const tensorFlowProbe = `
const { folder } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const tf = require(folder);
(async () => {
  await tf.ready();
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const product = await tf.matMul(x, x).data();
  console.log("BACKEND " + tf.getBackend());
  console.log("RESULT " + [...product].join());
})().catch((error) => { console.log("ERROR " + error.message); });
`;

/** The matrix product of [[1, 2], [3, 4]] with itself. */
const expected = "7,10,15,22";

function findLine(result: ScriptResult, mark: string): string | undefined {
  const line = result.stdout.split("\n").find((text) => text.startsWith(`${mark} `));
  return line?.slice(mark.length + 1).trim();
}

/** Describes why a probe failed, in one line. */
function describeFailure(result: ScriptResult): string {
  const error = findLine(result, "ERROR");
  // Remove the source location and the failed condition from the message.
  if (error !== undefined) return error.replace(/^.*was false\. /su, "").replaceAll(/\s+/gu, " ");
  if (result.signal !== null) return `its process was killed by ${result.signal}`;
  const lines = result.stderr.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((text) => /error/iu.test(text)) ?? lines.at(-1);
  return line?.trim() ?? `its process exited with code ${result.code}`;
}

async function probeOnnx(
  machine: Machine,
  folder: string,
  provider: Provider,
): Promise<string | undefined> {
  const program = trace((g) => {
    const x = g.input("x", "float32", [2, 2]);
    return { y: g.matmul(x, x) };
  });
  const model = Buffer.from(lowerToOnnx(program, { provider }).bytes).toString("base64");
  const result = await machine.runScript(onnxProbe, JSON.stringify({ folder, provider, model }));
  const numbers = findLine(result, "RESULT");
  if (numbers === expected) return undefined;
  return numbers === undefined ? describeFailure(result) : `computed a wrong product, ${numbers}`;
}

const onnxPackage: Need = {
  what: "onnxruntime-node",
  remedy:
    "install the package: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node (the variable skips its install script, which downloads CUDA libraries from api.nuget.org and fails where that cannot be reached; neither the CPU nor WebGPU needs it)",
};

/**
 * Describes which binding calls ONNX Runtime on the CPU.
 * @param folder - Folder of onnxruntime-node.
 */
async function nameCaller(machine: Machine, folder: string): Promise<string> {
  const instead = "through the onnxruntime-node binding, which copies outputs";
  const koffi = machine.findPackage("koffi");
  if (koffi === undefined) return `${instead}: koffi is not installed (npm install koffi)`;
  const file = nativeLibraryFile(machine.platform, folder);
  if (file === undefined) return `${instead}: ${machine.platform} is not supported`;
  const result = await machine.runScript(nativeProbe, JSON.stringify({ folder: koffi, file }));
  return findLine(result, "RESULT") === "found"
    ? "through koffi"
    : `${instead}: ${describeFailure(result)}`;
}

async function diagnoseOnnx(machine: Machine, provider: Provider): Promise<Diagnosis> {
  const executor = `onnx ${provider}`;
  const folder = machine.findPackage("onnxruntime-node");
  if (folder === undefined) {
    return { executor, isUsable: false, detail: "not installed", needs: [onnxPackage] };
  }
  // If its libraries are missing, do not try CUDA, because ONNX Runtime would print messages about
  // them.
  const cuda = provider === "cuda" ? cudaNeeds(machine, folder) : [];
  if (cuda.length > 0) return { executor, isUsable: false, detail: "not tried", needs: cuda };
  const error = await probeOnnx(machine, folder, provider);
  if (error === undefined) {
    const caller = provider === "cpu" ? `, called ${await nameCaller(machine, folder)}` : "";
    return { executor, isUsable: true, detail: `computed a product${caller}`, needs: [] };
  }
  const needs = provider === "webgpu" && /adapter/iu.test(error) ? webgpuNeeds(machine) : [];
  return { executor, isUsable: false, detail: error, needs };
}

async function diagnoseCudaDevice(machine: Machine, deviceId: number): Promise<Diagnosis> {
  const executor = "cuda";
  const cuda = machine.findCuda();
  const needs = cudaDeviceNeeds(machine, cuda);
  if (needs.length > 0) return { executor, isUsable: false, detail: "not tried", needs };
  const folder = machine.findPackage("koffi");
  const result = await machine.runScript(cudaProbe, JSON.stringify({ folder, deviceId, ...cuda }));
  const numbers = findLine(result, "RESULT");
  if (numbers === expected) {
    const detail = `computed a product, ${findLine(result, "DEVICE")}`;
    return { executor, isUsable: true, detail, needs: [] };
  }
  const detail =
    numbers === undefined ? describeFailure(result) : `computed a wrong product, ${numbers}`;
  return { executor, isUsable: false, detail, needs: [] };
}

async function diagnoseTensorFlow(machine: Machine, name: string): Promise<Diagnosis> {
  const executor = `tensorflow ${name}`;
  const folder = machine.findPackage(name);
  if (folder === undefined) {
    const remedy =
      name === "@tensorflow/tfjs"
        ? "install the package: npm install @tensorflow/tfjs"
        : `install the package: npm install ${name} (its script downloads TensorFlow 2.9; Node up to 22${name.endsWith("gpu") ? ", CUDA 11.2 and cuDNN 8.1" : ""})`;
    return { executor, isUsable: false, detail: "not installed", needs: [{ what: name, remedy }] };
  }
  const result = await machine.runScript(tensorFlowProbe, JSON.stringify({ folder }));
  const numbers = findLine(result, "RESULT");
  if (numbers === expected) {
    const detail = `computed a product, backend ${findLine(result, "BACKEND")}`;
    return { executor, isUsable: true, detail, needs: [] };
  }
  const detail =
    numbers === undefined ? describeFailure(result) : `computed a wrong product, ${numbers}`;
  return { executor, isUsable: false, detail, needs: [] };
}

/**
 * Checks which executors work on a machine, by a small computation in a separate process for each,
 * and what the others need.
 * @param machine - Machine to check. Default: this machine.
 * @returns One diagnosis per executor, always in the same order, the reference first.
 */
export async function diagnose(machine: Machine = thisMachine()): Promise<readonly Diagnosis[]> {
  const reference: Diagnosis = {
    executor: "reference",
    isUsable: true,
    detail: `float64, part of this package; Node ${machine.nodeVersion}, ${machine.platform}`,
    needs: [],
  };
  const list: Diagnosis[] = [reference];
  for (const provider of ["cpu", "webgpu", "cuda"] as const) {
    list.push(await diagnoseOnnx(machine, provider));
  }
  list.push(await diagnoseCudaDevice(machine, 0));
  for (const name of tensorFlowPackages) list.push(await diagnoseTensorFlow(machine, name));
  return list;
}

/** Diagnoses one provider of ONNX Runtime on this machine. */
export function diagnoseProvider(provider: Provider): Promise<Diagnosis> {
  return diagnoseOnnx(thisMachine(), provider);
}

/**
 * Diagnoses the CUDA executor on this machine.
 * @param deviceId - GPU number. Default 0.
 */
export function diagnoseCuda(deviceId = 0): Promise<Diagnosis> {
  return diagnoseCudaDevice(thisMachine(), deviceId);
}

/** Command to run. */
export interface InstallCommand {
  readonly file: string;
  readonly parameters: readonly string[];
  /** Environment variables to set for the command. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Returns the command that downloads the libraries of ONNX Runtime's CUDA provider: the install
 * script of onnxruntime-node.
 * @throws `Error` if onnxruntime-node is not installed.
 */
export function cudaInstallCommand(machine: Machine = thisMachine()): InstallCommand {
  const folder = machine.findPackage("onnxruntime-node");
  if (folder === undefined) {
    throw new Error("cudaInstallCommand: onnxruntime-node must be installed, got none");
  }
  const script = join(folder, "script", "install.js");
  if (!machine.hasFile(script)) {
    throw new Error(`cudaInstallCommand: onnxruntime-node must have ${script}, got none`);
  }
  return {
    file: process.execPath,
    parameters: [script],
    // Use an environment variable, because npm's configuration would override a parameter.
    environment: { ONNXRUNTIME_NODE_INSTALL: "cuda12" },
  };
}
