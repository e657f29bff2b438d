import { formatCount } from "@turnwise/core";
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
import { waitForStop } from "../interrupts.ts";
import { parsePort, parseCount, parseWholeNumber } from "./arguments.ts";
import { readCommands, streamLines } from "./read-commands.ts";
import { addShopOptions } from "./webshop-source.ts";

/** `turnwise webshop`: searches, plays and serves a shop without a policy. */
export function buildWebshopCommand(): Command {
  return new Command("webshop")
    .description("search, play, replay and serve a shop, and convert its data")
    .addCommand(buildSearchCommand())
    .addCommand(buildPlayCommand())
    .addCommand(buildReplayCommand())
    .addCommand(buildSiteCommand())
    .addCommand(buildConvertCommand());
}

const modes = ["text", "text_rich", "html", "url"] as const;

function addSessionOptions(command: Command, mode: ObservationMode): Command {
  return addShopOptions(command)
    .addOption(
      new Option("--goal <index>", "index of the goal in the shuffled list, from 0")
        .argParser(parseWholeNumber)
        .default(0),
    )
    .addOption(new Option("--mode <mode>", "observation mode").choices([...modes]).default(mode));
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

function buildSearchCommand(): Command {
  return addShopOptions(new Command("search"))
    .description("search products and print them by score")
    .argument("<query>", "search words")
    .addOption(
      new Option("--limit <number>", "maximum number of products")
        .argParser(parseCount)
        .default(50),
    )
    .option("--json", "print ids and scores as JSON")
    .action(async (query: string, options: SearchOptions) => {
      const { limit, json } = options;
      // Generate no goals, so that a catalogue without goals can be searched too.
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
      process.stdout.write(`${formatCount(hits.length, "product")}\n`);
    });
}

/** Returns the state after an action as JSON. */
function createStateRecord(session: ShopSession, mode: ObservationMode): object {
  const { hasSearchBar, clickables } = session.availableActions;
  return {
    observation: session.observe(mode),
    available_actions: { has_search_bar: hasSearchBar, clickables },
    url: session.url,
  };
}

function createResultRecord({ reward, isDone, details, purchase, fault }: ActionResult): object {
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

function buildReplayCommand(): Command {
  return addSessionOptions(new Command("replay"), "text")
    .description("run actions from a file, and print the page after each")
    .requiredOption(
      "--actions <file>",
      "actions, one per line or as a JSON list; - reads standard input and answers line by line",
    )
    .option("--json", "print one JSON object for the start and one per action")
    .action(async (options: ReplayOptions) => {
      const actions = await readCommands(options.actions, "actions");
      const session = openSession(await openShop(options), options.goal);
      const print = (action: string | null, result: ActionResult): void => {
        if (options.json === true) {
          const record = {
            action,
            ...createStateRecord(session, options.mode),
            ...createResultRecord(result),
          };
          process.stdout.write(`${JSON.stringify(record)}\n`);
          return;
        }
        if (action !== null) process.stdout.write(`> ${action}\n`);
        process.stdout.write(`${session.observe(options.mode)}\n${formatResult(result)}`);
      };
      print(null, { reward: 0, isDone: false });
      for await (const action of actions) {
        if (action.trim() !== "") print(action, session.act(action));
      }
    });
}

function formatResult({ isDone, reward, details, fault }: ActionResult): string {
  if (fault !== undefined) return `WebShop's own code fails here: ${fault}\n`;
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

function buildPlayCommand(): Command {
  return addSessionOptions(new Command("play"), "text_rich")
    .description("shop in the terminal: type search[words] or click[name]")
    .option("--json", "print one JSON object per action")
    .action(async (options: PlayOptions) => {
      const session = openSession(await openShop(options), options.goal);
      const isJson = options.json === true;
      const show = (result: ActionResult): void => {
        const record = {
          ...createStateRecord(session, options.mode),
          ...createResultRecord(result),
        };
        process.stdout.write(
          isJson
            ? `${JSON.stringify(record)}\n`
            : `${session.observe(options.mode)}\n${formatResult(result)}`,
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

function buildSiteCommand(): Command {
  return addShopOptions(new Command("site").alias("serve"))
    .description("serve the shop as a website")
    .addOption(
      new Option("--port <number>", "TCP port; 0: any free port")
        .argParser(parsePort)
        .default(3000),
    )
    .option("--host <name>", "address to listen on", "127.0.0.1")
    .option("--pictures", "show product pictures, which are loaded from other servers")
    .action(async (options: SiteOptions) => {
      const shop = await openShop(options);
      const site = new ShopSite(shop, { showPictures: options.pictures === true });
      const server = await readInput(() => serveShop(site, options));
      process.stdout.write(
        `${server.address}/  ${shop.catalogue.size} products, ${shop.goals.size} goals\n` +
          `goal 0: ${server.address}/fixed_0   (Ctrl-C stops the server)\n`,
      );
      await waitForStop();
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

function buildConvertCommand(): Command {
  return new Command("convert")
    .description("convert WebShop's files into a folder for --catalogue, which opens in seconds")
    .requiredOption("--products <file>", "products: items_shuffle*.json, may be gzipped")
    .requiredOption("--attributes <file>", "attributes: items_ins_v2*.json")
    .option("--human-instructions <file>", "instructions written by people: items_human_ins.json")
    .addOption(
      new Option(
        "--max-products <number>",
        "maximum number of products to read (default: all)",
      ).argParser(parseCount),
    )
    .requiredOption("--out <folder>", "output folder; created if it does not exist")
    .action(async ({ out, ...files }: ConvertOptions) => {
      const numProducts = await readInput(() => buildStoredCatalogue(out, readProducts(files)));
      process.stdout.write(`${out}: ${numProducts} products\n`);
    });
}
