import { readInput } from "@turnwise/training";
import { serveAdvantages } from "@turnwise/training/serve";
import { Command, Option } from "commander";
import { waitForStop } from "../interrupts.ts";
import { addAddressOptions, type AddressFlags } from "./address-options.ts";
import { parseCount } from "./arguments.ts";

interface ServeAdvantagesFlags extends AddressFlags {
  readonly maxMessageBytes: number;
}

/** `turnwise serve advantages`: computes advantages for trainers in other languages. */
export function buildServeAdvantagesCommand(): Command {
  const command = new Command("advantages").description(
    "serve advantages and AEM's coefficients to other trainers, over HTTP",
  );
  return addAddressOptions(command, 8001)
    .addOption(
      new Option("--max-message-bytes <number>", "size limit of a request")
        .argParser(parseCount)
        .default(64 << 20),
    )
    .action(async (options: ServeAdvantagesFlags) => {
      const server = await readInput(() => serveAdvantages(options));
      process.stdout.write(`${server.address}  advantages (Ctrl-C stops)\n`);
      await waitForStop();
      await server.close();
    });
}
