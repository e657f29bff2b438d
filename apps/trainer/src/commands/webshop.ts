import {
  buildStoredCatalogue,
  openCatalogue,
  openShop,
  readProducts,
  referenceRewardInfo,
  Searcher,
  serveShop,
  ShopSession,
  ShopSite,
  type ActionResult,
  type ObservationMode,
  type Shop,
  type ShopSourceOptions,
} from "@turnwise/envs/webshop";
import { Command, Option } from "commander";
import { InputError, readInput } from "@turnwise/training";
import { port, positiveNumber, wholeNumber } from "./arguments.ts";
import { readCommands, streamLines } from "./read-commands.ts";
import { withShopOptions } from "./webshop-source.ts";

/** `turnwise webshop`: the shop itself, without a policy. */
export function webshopCommand(): Command {
  return new Command("webshop")
    .description("the shopping environment: search, play, replay, serve, convert")
    .addCommand(searchCommand())
    .addCommand(playCommand())
    .addCommand(replayCommand())
    .addCommand(siteCommand())
    .addCommand(convertCommand());
}

const modes = ["text", "text_rich", "html", "url"] as const;

function sessionOptions(command: Command, mode: ObservationMode): Command {
  return withShopOptions(command)
    .addOption(
      new Option("--goal <index>", "which goal of the shuffled list")
        .argParser(wholeNumber)
        .default(0),
    )
    .addOption(
      new Option("--mode <mode>", "how pages are shown").choices([...modes]).default(mode),
    );
}

interface SessionOptions extends ShopSourceOptions {
  readonly goal: number;
  readonly mode: ObservationMode;
}

function openSession(shop: Shop, goal: number): ShopSession {
  if (goal < shop.goals.size) return new ShopSession(shop, goal);
  throw new InputError(
    `webshop: --goal must be a whole number in [0, ${shop.goals.size - 1}], got ${goal}`,
  );
}

interface SearchOptions extends ShopSourceOptions {
  readonly limit: number;
  readonly json?: boolean;
}

function searchCommand(): Command {
  return withShopOptions(new Command("search"))
    .description("rank products for a query")
    .argument("<query>", "any words")
    .addOption(
      new Option("--limit <number>", "the most products").argParser(positiveNumber).default(50),
    )
    .option("--json", "print ids and scores as JSON")
    .action(async (query: string, options: SearchOptions) => {
      const { limit, json } = options;
      // Goals are not generated: a catalogue without goals can be searched too.
      const catalogue = await openCatalogue(options);
      const hits = new Searcher(catalogue.index)
        .search(query.toLowerCase(), limit)
        .map(({ document, score }) => ({ ...catalogue.product(document), score }));
      if (json === true) {
        const ranked = hits.map(({ asin, score }) => ({ asin, score }));
        process.stdout.write(`${JSON.stringify({ query, hits: ranked })}\n`);
        return;
      }
      for (const { asin, title, score } of hits) {
        process.stdout.write(`${score.toFixed(4).padStart(8)}  ${asin.padEnd(10)}  ${title}\n`);
      }
      process.stdout.write(`${hits.length} products\n`);
    });
}

/** What can be seen after an action, for machines. */
function stateRecord(session: ShopSession, mode: ObservationMode): object {
  const { hasSearchBar, clickables } = session.availableActions;
  return {
    observation: session.observe(mode),
    available_actions: { has_search_bar: hasSearchBar, clickables },
    url: session.url,
  };
}

function resultRecord({ reward, isDone, details, purchase, fault }: ActionResult): object {
  return {
    reward,
    done: isDone,
    ...(details !== undefined && { reward_info: referenceRewardInfo(details) }),
    ...(purchase !== undefined && { purchased: purchase }),
    ...(fault !== undefined && { fault }),
  };
}

interface ReplayOptions extends SessionOptions {
  readonly actions: string;
  readonly json?: boolean;
}

function replayCommand(): Command {
  return sessionOptions(new Command("replay"), "text")
    .description("carry out actions from a file, and print what each led to")
    .requiredOption(
      "--actions <file>",
      "one action a line, or a JSON list; - answers standard input line by line",
    )
    .option("--json", "print one JSON object an action, the first for the beginning")
    .action(async (options: ReplayOptions) => {
      const actions = await readCommands(options.actions, "actions");
      const session = openSession(await openShop(options), options.goal);
      const print = (action: string | null, result: ActionResult): void => {
        if (options.json === true) {
          const record = {
            action,
            ...stateRecord(session, options.mode),
            ...resultRecord(result),
          };
          process.stdout.write(`${JSON.stringify(record)}\n`);
          return;
        }
        if (action !== null) process.stdout.write(`> ${action}\n`);
        process.stdout.write(`${session.observe(options.mode)}\n${resultText(result)}`);
      };
      print(null, { reward: 0, isDone: false });
      for await (const action of actions) {
        if (action.trim() !== "") print(action, session.act(action));
      }
    });
}

function resultText({ isDone, reward, details, fault }: ActionResult): string {
  if (fault !== undefined) return `the reference fails here: ${fault}\n`;
  if (!isDone || details === undefined) return "";
  return (
    `score ${reward}: kind ${details.typeFactor}, ` +
    `attributes ${details.numAttributeMatches} of ${details.numAttributes}, ` +
    `options ${details.numOptionMatches} of ${details.numOptions}, ` +
    `price ${details.isPriceMet ? "met" : "missed"}\n`
  );
}

interface PlayOptions extends SessionOptions {
  readonly json?: boolean;
}

function playCommand(): Command {
  return sessionOptions(new Command("play"), "text_rich")
    .description("shop in the terminal: type search[words] or click[name]")
    .option("--json", "print one JSON object an action")
    .action(async (options: PlayOptions) => {
      const session = openSession(await openShop(options), options.goal);
      const isJson = options.json === true;
      const show = (result: ActionResult): void => {
        const record = { ...stateRecord(session, options.mode), ...resultRecord(result) };
        process.stdout.write(
          isJson
            ? `${JSON.stringify(record)}\n`
            : `${session.observe(options.mode)}\n${resultText(result)}`,
        );
      };
      show({ reward: 0, isDone: false });
      const ask = (): void => {
        if (!isJson) process.stdout.write("> ");
      };
      ask();
      for await (const line of streamLines(process.stdin, "standard input")) {
        const before = session.page;
        const result = session.act(line.trim());
        if (session.page === before && !isJson) {
          const { clickables } = session.availableActions;
          process.stdout.write(`Nothing happens. Clickable: ${clickables.join(", ")}\n`);
        } else show(result);
        if (session.isDone) break;
        ask();
      }
    });
}

interface SiteOptions extends ShopSourceOptions {
  readonly port: number;
  readonly host: string;
  readonly pictures?: boolean;
}

function siteCommand(): Command {
  return withShopOptions(new Command("site").alias("serve"))
    .description("open the shop as a web site")
    .addOption(new Option("--port <number>", "0 takes a free one").argParser(port).default(3000))
    .option("--host <name>", "address to listen on", "127.0.0.1")
    .option("--pictures", "link the catalogue's pictures, which are on other servers")
    .action(async (options: SiteOptions) => {
      const shop = await openShop(options);
      const site = new ShopSite(shop, { showPictures: options.pictures === true });
      const server = await readInput(() => serveShop(site, options));
      process.stdout.write(
        `${server.address}/  ${shop.catalogue.size} products, ${shop.goals.size} goals\n` +
          `a fixed goal: ${server.address}/fixed_0   (Ctrl-C stops)\n`,
      );
      const stop = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        process.once(signal, () => stop.abort());
      }
      await new Promise<void>((resolve) => {
        stop.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await server.close();
    });
}

interface ConvertOptions {
  readonly products: string;
  readonly attributes: string;
  readonly humanInstructions?: string;
  readonly maxProducts?: number;
  readonly out: string;
}

function convertCommand(): Command {
  return new Command("convert")
    .description("write the original files into a folder that opens in seconds, for --catalogue")
    .requiredOption("--products <file>", "items_shuffle*.json, also with gzip")
    .requiredOption("--attributes <file>", "items_ins_v2*.json")
    .option("--human-instructions <file>", "items_human_ins.json")
    .addOption(
      new Option("--max-products <number>", "take only so many entries of the file").argParser(
        positiveNumber,
      ),
    )
    .requiredOption("--out <folder>", "made if it is missing")
    .action(async ({ out, ...files }: ConvertOptions) => {
      const numProducts = await readInput(() => buildStoredCatalogue(out, readProducts(files)));
      process.stdout.write(`${out}: ${numProducts} products\n`);
    });
}
