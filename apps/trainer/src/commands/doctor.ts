import { spawn } from "node:child_process";
import { createReferenceExecutor, type Executor } from "@turnwise/graph";
import { createCudaExecutor } from "@turnwise/cuda";
import { cudaInstallCommand, diagnose, type Diagnosis } from "@turnwise/policy/doctor";
import { measureConformance, type ConformanceResult } from "@turnwise/graph/laws";
import { createOnnxExecutor, type Provider } from "@turnwise/graph/onnx";
import { createTensorFlowExecutor, type TensorFlowPackage } from "@turnwise/graph/tensorflow";
import { Command, Option } from "commander";
import { InputError } from "@turnwise/training";

interface DoctorOptions {
  readonly json?: boolean;
  readonly conformance?: boolean;
  readonly install?: "cuda";
}

/** `turnwise doctor`: lists the executors that work on this machine, and what the others lack. */
export function buildDoctorCommand(): Command {
  return new Command("doctor")
    .description("list the executors that work on this machine, and what the others need")
    .option("--json", "print JSON")
    .option(
      "--conformance",
      "also check every operation on each usable executor (takes one to two minutes)",
    )
    .addOption(
      new Option(
        "--install <provider>",
        "first download the libraries of a provider with the install script of onnxruntime-node",
      ).choices(["cuda"]),
    )
    .action(async (options: DoctorOptions) => {
      if (options.install === "cuda") await installCuda();
      const found = await diagnose();
      if (options.install === "cuda") checkInstalled(found);
      const checked = options.conformance === true ? await checkAll(found) : undefined;
      if (options.json === true) {
        const result = checked === undefined ? found : { executors: found, conformance: checked };
        process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
        return;
      }
      process.stdout.write(formatDiagnoses(found));
      if (checked !== undefined) process.stdout.write(`\n${formatConformance(checked)}`);
    });
}

/** Results of the executor laws, by executor. */
export type Conformance = Readonly<Record<string, readonly ConformanceResult[]>>;

/** Creates the executor of a diagnosis. */
function createExecutor(name: string): Executor {
  const [library, rest] = [name.slice(0, name.indexOf(" ")), name.slice(name.indexOf(" ") + 1)];
  // Use at least two threads, to find kernels with race conditions.
  if (library === "onnx") return createOnnxExecutor({ provider: rest as Provider, threads: 2 });
  if (library === "tensorflow") {
    return createTensorFlowExecutor({ packages: [rest as TensorFlowPackage] });
  }
  return name === "cuda" ? createCudaExecutor() : createReferenceExecutor();
}

async function checkAll(found: readonly Diagnosis[]): Promise<Conformance> {
  const results: Record<string, readonly ConformanceResult[]> = {};
  for (const { executor } of found.filter(({ isUsable }) => isUsable)) {
    results[executor] = await measureConformance(createExecutor(executor));
  }
  return results;
}

/**
 * Formats a Markdown table of laws by executors. A cell shows the largest relative error if the law
 * holds. Failures are listed below the table.
 */
export function formatConformance(results: Conformance): string {
  const executors = Object.keys(results);
  const laws = results[executors[0]!]!.map(({ law }) => law);
  const failures: string[] = [];
  const cell = (executor: string, i: number): string => {
    const { law, holds, maxError, message } = results[executor]![i]!;
    if (!holds) {
      failures.push(`${executor}: ${law}: ${message.replaceAll(/\s+/gu, " ")}`);
      return "fails";
    }
    return maxError === 0 ? "exact" : maxError.toExponential(0);
  };
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = laws.map((law, i) =>
    line([
      law.replace("agrees with the interpreter: ", ""),
      ...executors.map((executor) => cell(executor, i)),
    ]),
  );
  const head = [line(["law", ...executors]), line(["---", ...executors.map(() => "---")])];
  return `${[...head, ...rows, ...failures].join("\n")}\n`;
}

/** Formats one line for each executor, and one for each requirement that it lacks. */
export function formatDiagnoses(found: readonly Diagnosis[]): string {
  const width = Math.max(...found.map(({ executor }) => executor.length));
  const lines = found.flatMap(({ executor, isUsable, detail, needs }) => [
    `${isUsable ? "yes" : "no "}  ${executor.padEnd(width)}  ${detail}`,
    ...needs.map(({ what, remedy }) => `     ${" ".repeat(width)}  needs ${what}: ${remedy}`),
  ]);
  return `${lines.join("\n")}\n`;
}

/**
 * Checks that the library was downloaded, because the install script may succeed without
 * downloading anything.
 */
function checkInstalled(found: readonly Diagnosis[]): void {
  const library = "libonnxruntime_providers_cuda.so";
  const cuda = found.find(({ executor }) => executor === "onnx cuda");
  if (cuda?.needs.some(({ what }) => what === library) !== true) return;
  throw new InputError(
    `doctor: the install script of onnxruntime-node did not download ${library}; it needs access to api.nuget.org`,
  );
}

async function installCuda(): Promise<void> {
  const { file, parameters, environment } = cudaInstallCommand();
  const child = spawn(file, parameters, {
    env: { ...process.env, ...environment },
    // The script's output goes to standard error, because standard output may be JSON.
    stdio: ["ignore", process.stderr, process.stderr],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) {
    throw new InputError(
      `doctor: the install script of onnxruntime-node failed with exit code ${code}; it needs access to api.nuget.org`,
    );
  }
}
