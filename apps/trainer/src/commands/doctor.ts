import { spawn } from "node:child_process";
import { cudaInstallCommand, diagnose, type Diagnosis } from "@turnwise/graph/diagnosis";
import { Command, Option } from "commander";
import { InputError } from "../input-error.ts";

interface DoctorOptions {
  readonly json?: boolean;
  readonly install?: "cuda";
}

/** `turnwise doctor`: says where programs can be run on this computer, and what is missing elsewhere. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("say which executors are usable here, and what each of the others needs")
    .option("--json", "print one JSON list")
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
      process.stdout.write(
        options.json === true ? `${JSON.stringify(found, null, 2)}\n` : describeDiagnoses(found),
      );
    });
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
