import {
  serveEnvironments,
  serveLines,
  type ServedEnvironment,
  type ServeLinesOptions,
  type ServeOptions,
  type ServerEvent,
} from "@turnwise/envs/serve";
import {
  didYouMean,
  environments,
  InputError,
  isModulePath,
  readInput,
  type BuiltInEnvironment,
} from "@turnwise/training";
import { serveBuiltIn, serveModule, type ServeTaskOptions } from "@turnwise/training/serve";
import { Command, Option } from "commander";
import { waitForStop } from "../interrupts.ts";
import { addAddressOptions, type AddressFlags } from "./address-options.ts";
import { parseCount, parsePort, parsePositive, parseWholeNumber } from "./arguments.ts";
import { addTaskOptions, applyTaskOptions } from "./environments.ts";
import { buildServeAdvantagesCommand } from "./serve-advantages.ts";

interface ServeFlags extends ServeTaskOptions, AddressFlags, Readonly<Record<string, unknown>> {
  readonly nemoGym?: number;
  readonly seed: number;
  readonly capacity: number;
  readonly threads: number;
  readonly threadMemory?: number;
  readonly idleSeconds: number;
  readonly lifetimeSeconds: number;
  readonly maxMessageBytes: number;
  readonly rate?: number;
  readonly quiet?: boolean;
  readonly stdio?: boolean;
}

/** Environments of `serve all`: the environments of AEM's paper. */
const allNames: readonly string[] = ["alfworld", "webshop", "swebench"];

/** `turnwise serve`: serves environments to trainers in other languages. */
export function buildServeCommand(): Command {
  const command = addServeOptions(
    new Command("serve")
      .description("serve environments to trainers in other languages, over HTTP and WebSockets")
      .enablePositionalOptions()
      .argument(
        "[environment]",
        `${environments.map(({ name }) => name).join(", ")}, all (${allNames.join(", ")}), or path of a module, such as ./mine.ts`,
      ),
  ).action(async (name: string | undefined, options: ServeFlags) => {
    await serve(await openNamed(name, options), options);
  });
  command.addCommand(buildServeAdvantagesCommand());
  for (const environment of environments) {
    const named = new Command(environment.name).description(`serve ${environment.description}`);
    command.addCommand(
      addServeOptions(addTaskOptions(named, environment)).action(async (options: ServeFlags) => {
        await serve([openBuiltIn(environment, options)], options);
      }),
    );
  }
  return command;
}

/** Adds the options that all servers share. */
function addServeOptions(command: Command): Command {
  const seconds = (flag: string, text: string, value: number): Option =>
    new Option(`--${flag} <number>`, text).argParser(parsePositive).default(value);
  return addAddressOptions(command, 8000)
    .addOption(
      new Option(
        "--nemo-gym <port>",
        "TCP port of a second server, for NeMo-Gym; 0: any free port (default: none)",
      ).argParser(parsePort),
    )
    .addOption(
      new Option("--seed <number>", "seed of the tasks").argParser(parseWholeNumber).default(1),
    )
    .addOption(
      new Option(
        "--num-tasks <number>",
        "maximum number of tasks per split (default: all tasks of a file; of generated tasks, 1024 training and 256 held-out tasks)",
      ).argParser(parseCount),
    )
    .addOption(
      new Option(
        "--max-turns <number>",
        "maximum number of turns per episode (default: the paper's)",
      ).argParser(parseCount),
    )
    .addOption(
      new Option(
        "--success-reward <number>",
        "reward of success (default: the experiment's)",
      ).argParser(parsePositive),
    )
    .addOption(
      new Option("--capacity <number>", "maximum number of sessions")
        .argParser(parseCount)
        .default(256),
    )
    .addOption(
      new Option("--threads <number>", "threads of each environment")
        .argParser(parseCount)
        .default(2),
    )
    .addOption(
      new Option(
        "--thread-memory <megabytes>",
        "heap limit of a thread (default: Node's)",
      ).argParser(parseCount),
    )
    .addOption(seconds("idle-seconds", "close a session after this time without calls", 3600))
    .addOption(seconds("lifetime-seconds", "close a session at this age", 86_400))
    .addOption(
      new Option("--max-message-bytes <number>", "size limit of a message")
        .argParser(parseCount)
        .default(1 << 20),
    )
    .addOption(
      new Option(
        "--rate <number>",
        "maximum number of requests and messages per second from one address (default: no limit)",
      ).argParser(parsePositive),
    )
    .option(
      "--stdio",
      "serve the parent process by JSON lines on standard input and output, without a port",
    )
    .option("--quiet", "log only errors");
}

/**
 * Creates the served environment of a built-in environment, with the tasks that the options choose.
 */
function openBuiltIn(environment: BuiltInEnvironment, options: ServeFlags): ServedEnvironment {
  const { serving } = environment;
  const experiment = applyTaskOptions(environment, options.seed, options, serving.tasks);
  return serveBuiltIn(environment, experiment as never, options);
}

async function openNamed(
  name: string | undefined,
  options: ServeFlags,
): Promise<readonly ServedEnvironment[]> {
  if (name === "all") {
    return environments
      .filter((environment) => allNames.includes(environment.name))
      .map((environment) => openBuiltIn(environment, options));
  }
  if (name !== undefined && isModulePath(name)) {
    return [await serveModule(name, options.seed, options)];
  }
  const names = [...environments.map((environment) => environment.name), "all"];
  throw new InputError(
    `serve: environment must be one of ${names.join(", ")}, or a module's path such as ./mine.ts, got ${name ?? "none"}${didYouMean(name ?? "", names)}`,
  );
}

async function serve(
  served: readonly ServedEnvironment[],
  { host, port, token, capacity, threads, idleSeconds, lifetimeSeconds, ...options }: ServeFlags,
): Promise<void> {
  const { threadMemory, maxMessageBytes, quiet, stdio, nemoGym, rate } = options;
  const settings: ServeLinesOptions = {
    capacity,
    numThreads: threads,
    idleSeconds,
    lifetimeSeconds,
    maxMessageBytes,
    ...(threadMemory !== undefined && { memoryMegabytes: threadMemory }),
    onEvent: (event) => {
      if (quiet !== true || isFault(event)) log(event);
    },
  };
  if (stdio === true) {
    await readInput(() => serveLines(served, process.stdin, writeLine, settings));
    return;
  }
  const address: ServeOptions = {
    host,
    port,
    ...(nemoGym !== undefined && { nemoGymPort: nemoGym }),
    ...(token !== undefined && { token }),
    ...(rate !== undefined && { rate }),
  };
  const server = await readInput(() => serveEnvironments(served, { ...settings, ...address }));
  const names = served.map(({ name }) => name).join(", ");
  process.stdout.write(`${server.address}  ${names} (Ctrl-C stops)\n`);
  if (server.nemoGymAddress !== undefined) {
    process.stdout.write(`${server.nemoGymAddress}  for NeMo-Gym\n`);
  }
  await waitForStop();
  await server.close();
}

/** Writes to standard output, and waits until the output is accepted. */
function writeLine(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(line, (error) => (error ? reject(error) : resolve()));
  });
}

/** Writes a line of the log: JSON, with the time. Turns are counted in `/metrics`, not logged. */
function log(event: ServerEvent): void {
  if (event.event === "turn") return;
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
}

function isFault(event: ServerEvent): boolean {
  return (
    event.event === "thread ended" ||
    event.event === "environment unavailable" ||
    (event.event === "episode ended" && event.outcome === "failed")
  );
}
