import { readInput } from "@turnwise/training";
import { serveAdvantages } from "@turnwise/training/serve";
import { Command, Option } from "commander";
import { parseCount, parsePort } from "./arguments.ts";

interface ServeAdvantagesFlags {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly maxMessageBytes: number;
}

/**
 * `turnwise serve advantages`: computes advantages for trainers in other languages.
 * @param tokenVariable - Environment variable with the access token.
 */
export function buildServeAdvantagesCommand(tokenVariable: string): Command {
  return new Command("advantages")
    .description("serve advantages and AEM's coefficients to other trainers, over HTTP")
    .option("--host <name>", "address to listen on", "127.0.0.1")
    .addOption(
      new Option("--port <number>", "TCP port; 0: any free port")
        .argParser(parsePort)
        .default(8001),
    )
    .addOption(
      new Option(
        "--token <text>",
        "secret that requests must carry; required if others can reach --host",
      ).env(tokenVariable),
    )
    .addOption(
      new Option("--max-message-bytes <number>", "size limit of a request")
        .argParser(parseCount)
        .default(64 << 20),
    )
    .action(async (options: ServeAdvantagesFlags) => {
      const server = await readInput(() => serveAdvantages(options));
      process.stdout.write(`${server.address}  advantages (Ctrl-C stops)\n`);
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
      });
      await server.close();
    });
}
