import { Option, type Command } from "commander";
import { parsePort } from "./arguments.ts";

/** Flags of {@link addAddressOptions}. */
export interface AddressFlags {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
}

/**
 * Adds the options for the address of a server and its access token. The environment variable
 * `TURNWISE_TOKEN` keeps the token secret from other users of the machine, who can see the arguments
 * of a process.
 * @param port - Default port.
 */
export function addAddressOptions(command: Command, port: number): Command {
  return command
    .option("--host <name>", "address to listen on", "127.0.0.1")
    .addOption(
      new Option("--port <number>", "TCP port; 0: any free port")
        .argParser(parsePort)
        .default(port),
    )
    .addOption(
      new Option(
        "--token <text>",
        "secret that requests must carry; required if others can reach --host",
      ).env("TURNWISE_TOKEN"),
    );
}
