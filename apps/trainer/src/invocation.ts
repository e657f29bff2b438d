import { basename, delimiter, dirname, relative, resolve } from "node:path";

/** Properties of a process that determine the command that started it. */
export interface Invocation {
  readonly execPath: string;
  readonly execArgv: readonly string[];
  /** Arguments of the process, starting with the program's file. */
  readonly argv: readonly (string | undefined)[];
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
}

/** Invocation of this process. */
function readInvocation(): Invocation {
  return {
    execPath: process.execPath,
    execArgv: process.execArgv,
    argv: process.argv.slice(1),
    environment: process.env,
    folder: process.cwd(),
  };
}

/** Quotes an argument for a POSIX shell. */
export function quoteForShell(argument: string): string {
  if (/^[\w@%+=:,./-]+$/u.test(argument)) return argument;
  return `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Returns the first words of a command line that starts this program again from the same folder:
 * `turnwise` if it is on the path, the package manager's command if it started the program,
 * otherwise node with the file.
 */
function findProgramWords({ execPath, execArgv, argv, environment, folder }: Invocation): string[] {
  const file = argv[0] ?? "";
  const agent = environment["npm_config_user_agent"] ?? "";
  const isInstalled = /[\\/]node_modules[\\/]/u.test(file);
  if (isInstalled && agent !== "") {
    if (agent.startsWith("pnpm/")) return ["pnpm", "exec", "turnwise"];
    if (agent.startsWith("yarn/")) return ["yarn", "turnwise"];
    return ["npx", "@turnwise/trainer"];
  }
  const isOnPath = (environment["PATH"] ?? "").split(delimiter).includes(dirname(file));
  if (basename(file) === "turnwise" && isOnPath) return ["turnwise"];
  const short = relative(folder, file);
  const node = (environment["PATH"] ?? "").split(delimiter).includes(dirname(execPath))
    ? basename(execPath)
    : execPath;
  return [node, ...execArgv, short.startsWith("..") ? resolve(folder, file) : short];
}

/** Creates a command line that runs this program with other arguments, quoted for a POSIX shell. */
export function formatCommandLine(
  parameters: readonly string[],
  invocation: Invocation = readInvocation(),
): string {
  return [...findProgramWords(invocation), ...parameters].map(quoteForShell).join(" ");
}
