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

/** `turnwise doctor`: says where programs can be run on this computer, and what is missing elsewhere. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("say which executors are usable here, and what each of the others needs")
    .option("--json", "print one JSON list")
    .option("--conformance", "also check every operation on each usable executor; a minute or two")
    .addOption(
      new Option(
        "--install <provider>",
        "first download the libraries of a provider, by onnxruntime-node's own install script",
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
      process.stdout.write(describeDiagnoses(found));
      if (checked !== undefined) process.stdout.write(`\n${conformanceTable(checked)}`);
    });
}

/** Results of the laws of executors, by executor. */
export type Conformance = Readonly<Record<string, readonly ConformanceResult[]>>;

/** The executor that a diagnosis speaks of. */
function createExecutor(name: string): Executor {
  const [library, rest] = [name.slice(0, name.indexOf(" ")), name.slice(name.indexOf(" ") + 1)];
  // Two threads at least: kernels that race do so between threads.
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
 * A Markdown table of laws and executors: the largest relative error where a law holds, and a note
 * of each that does not.
 */
export function conformanceTable(results: Conformance): string {
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

/** One line for each executor, and one for each thing that it needs. */
export function describeDiagnoses(found: readonly Diagnosis[]): string {
  const width = Math.max(...found.map(({ executor }) => executor.length));
  const lines = found.flatMap(({ executor, isUsable, detail, needs }) => [
    `${isUsable ? "yes" : "no "}  ${executor.padEnd(width)}  ${detail}`,
    ...needs.map(({ what, remedy }) => `     ${" ".repeat(width)}  needs ${what}: ${remedy}`),
  ]);
  return `${lines.join("\n")}\n`;
}

/** The script may end well without having done anything. */
function checkInstalled(found: readonly Diagnosis[]): void {
  const library = "libonnxruntime_providers_cuda.so";
  const cuda = found.find(({ executor }) => executor === "onnx cuda");
  if (cuda?.needs.some(({ what }) => what === library) !== true) return;
  throw new InputError(
    `doctor: onnxruntime-node's install script must leave ${library} behind, got none: it downloads from api.nuget.org`,
  );
}

async function installCuda(): Promise<void> {
  const { file, parameters, environment } = cudaInstallCommand();
  const child = spawn(file, parameters, {
    env: { ...process.env, ...environment },
    // What it prints goes to the errors: the output may be JSON.
    stdio: ["ignore", process.stderr, process.stderr],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) {
    throw new InputError(
      `doctor: onnxruntime-node's install script must end with code 0, got ${code}: it downloads from api.nuget.org`,
    );
  }
}
