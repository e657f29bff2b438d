import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeText,
  type SampledResponse,
  type SampleRequest,
  type SamplingOptions,
} from "@turnwise/core";
import {
  readModelConfig,
  StopStrings,
  TextStream,
  type LoadedTokenizer,
  type ModelConfig,
} from "@turnwise/policy";
import type { LocalSampler } from "@turnwise/policy/local";
import { Command, InvalidArgumentError, Option } from "commander";
import { InputError, reading } from "@turnwise/training";
import { wholeNumber } from "./arguments.ts";
import {
  checkTokenRows,
  openSampler,
  positiveNumber,
  readTokenRows,
  tokenizerOf,
  withPolicySource,
  type PolicySourceOptions,
  type TokenRows,
} from "./policy-source.ts";

interface GenerateOptions extends PolicySourceOptions {
  readonly prompt?: string;
  readonly ids?: string;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly ban?: readonly number[];
  readonly stop?: readonly string[];
  readonly stopToken?: readonly number[];
  readonly ignoreEnd?: boolean;
  readonly seed: number;
  readonly timeout?: number;
  readonly json?: boolean;
}

/** Tokens of a response where nothing is said and the context has room for them. */
const usualTokens = 128;

const real =
  (rule: string, isAllowed: (value: number) => boolean) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || !isAllowed(value)) {
      throw new InvalidArgumentError(`It must be ${rule}.`);
    }
    return value;
  };
const nonNegative = real("a number >= 0", (value) => value >= 0);
const upToOne = real("a number in [0, 1]", (value) => value >= 0 && value <= 1);
const share = real("a number in (0, 1]", (value) => value > 0 && value <= 1);
const collected = (text: string, before: readonly string[] = []): string[] => [...before, text];
const tokens = (text: string, before: readonly number[] = []): number[] => [
  ...before,
  ...text.split(",").map(wholeNumber),
];

/** `turnwise policy generate`: continues prompts. */
export function policyGenerateCommand(): Command {
  return withPolicySource(new Command("generate"))
    .description("continue a text or rows of token ids, as it comes")
    .option("--prompt <text>", "the text to continue")
    .option("--ids <file>", "rows of token ids as JSON, or one row a line; - reads input")
    .addOption(
      new Option(
        "--max-tokens <number>",
        `default: ${usualTokens}, or what the context has room for`,
      ).argParser(positiveNumber),
    )
    .addOption(
      new Option(
        "--temperature <number>",
        "default: 0, the most likely token; 1 with --top-k, --top-p or --min-p",
      ).argParser(nonNegative),
    )
    .addOption(new Option("--top-k <number>", "0 keeps all").argParser(wholeNumber))
    .addOption(new Option("--top-p <number>", "1 keeps all").argParser(share))
    .addOption(new Option("--min-p <number>", "0 keeps all").argParser(upToOne))
    .addOption(new Option("--ban <ids>", "tokens that are never drawn: 5,7").argParser(tokens))
    .addOption(new Option("--stop <text>", "ends a response; may be repeated").argParser(collected))
    .addOption(new Option("--stop-token <ids>", "end a response: 5,7").argParser(tokens))
    .option("--ignore-end", "go on behind the model's own end tokens")
    .addOption(new Option("--seed <number>").argParser(wholeNumber).default(0))
    .addOption(new Option("--timeout <seconds>", "give up after so long").argParser(nonNegative))
    .option("--json", "print one JSON object a row, and one at the end")
    .action((model: string, options: GenerateOptions) => generate(model, options));
}

async function generate(model: string, options: GenerateOptions): Promise<void> {
  const config = await reading(() => readModelConfig(model));
  const tokenizer = await tokenizerOf(model);
  const prompts = await readPrompts(model, options, tokenizer);
  checkTokenRows(prompts, config, options.maxTokens ?? 1);
  const longest = Math.max(...prompts.rows.map(({ length }) => length));
  const maxTokens = options.maxTokens ?? Math.min(usualTokens, config.maxSequenceTokens - longest);
  const sampling = await samplingOptions(model, options, config, tokenizer);
  const begin = performance.now();
  const opened = await openSampler(model, options, longest + maxTokens, tokenizer);
  const loadSeconds = (performance.now() - begin) / 1000;
  try {
    const requests = prompts.rows.map((promptTokens, row): SampleRequest => {
      return { ...sampling, promptTokens, maxTokens, seed: `${options.seed}/${row}` };
    });
    await run(opened.sampler, requests, { options, tokenizer, loadSeconds });
  } finally {
    await opened.close();
  }
}

async function readPrompts(
  model: string,
  { prompt, ids }: GenerateOptions,
  tokenizer: LoadedTokenizer | undefined,
): Promise<TokenRows> {
  if ((prompt === undefined) === (ids === undefined)) {
    throw new InputError("policy generate: either --prompt or --ids must be given");
  }
  if (ids !== undefined) return readTokenRows(ids);
  if (!tokenizer) {
    throw new InputError(`${join(model, "tokenizer.json")}: must be there for --prompt, got none`);
  }
  return { source: "--prompt", rows: [tokenizer.encode(prompt ?? "")] };
}

async function samplingOptions(
  model: string,
  options: GenerateOptions,
  { vocabularySize }: ModelConfig,
  tokenizer: LoadedTokenizer | undefined,
): Promise<Omit<SamplingOptions, "maxTokens">> {
  const { topK, topP, minP, ban = [], stop = [], stopToken = [] } = options;
  for (const [name, list] of Object.entries({ "--ban": ban, "--stop-token": stopToken })) {
    const outside = list.find((token) => token >= vocabularySize);
    if (outside === undefined) continue;
    throw new InputError(
      `policy generate: ${name} must be in the model's vocabulary, [0, ${vocabularySize - 1}], got ${outside}`,
    );
  }
  if (stop.includes("")) throw new InputError("policy generate: --stop must not be empty");
  if (stop.length > 0 && !tokenizer) {
    throw new InputError(`${join(model, "tokenizer.json")}: must be there for --stop, got none`);
  }
  const filters = {
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    ...(minP !== undefined && { minP }),
  };
  const endTokens = options.ignoreEnd === true ? [] : await endTokensOf(model, tokenizer);
  return {
    ...filters,
    temperature: options.temperature ?? (Object.keys(filters).length > 0 ? 1 : 0),
    bannedTokens: ban,
    stopTokens: [...new Set([...endTokens, ...stopToken])].filter((id) => id < vocabularySize),
    stopStrings: stop,
  };
}

/** The tokens that end a response: the tokenizer's, and those of `generation_config.json`. */
async function endTokensOf(
  model: string,
  tokenizer: LoadedTokenizer | undefined,
): Promise<number[]> {
  const path = join(model, "generation_config.json");
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return Buffer.from("{}");
    throw new InputError(`${path}: file must be readable, got ${cause.message}`, { cause });
  });
  const text = await reading(() => decodeText(bytes, path));
  const { eos_token_id: end } = await reading((): { eos_token_id?: unknown } => {
    try {
      return Object(JSON.parse(text));
    } catch {
      throw new InputError(`${path}: file must hold JSON, got ${text.slice(0, 60)}`);
    }
  });
  const listed = [end].flat().filter((id) => typeof id === "number");
  return tokenizer ? [tokenizer.endToken, ...listed] : listed;
}

interface RunContext {
  readonly options: GenerateOptions;
  readonly tokenizer: LoadedTokenizer | undefined;
  readonly loadSeconds: number;
}

/** Samples all requests at once. A single one is printed token by token. */
async function run(
  sampler: LocalSampler,
  requests: readonly SampleRequest[],
  { options, tokenizer, loadSeconds }: RunContext,
): Promise<void> {
  const { json = false, timeout } = options;
  const signal = timeout === undefined ? undefined : AbortSignal.timeout(1000 * timeout);
  const streams = requests.length === 1 && !json;
  const begin = performance.now();
  let firstAt: number | undefined;
  let numTokens = 0;
  let numFirst = 0;
  const responses = requests.map(async (request, row) => {
    const printer = streams ? new Printer(tokenizer, request) : undefined;
    let isFirst = true;
    const response = await sampler
      .sample(request, signal, ({ token }) => {
        firstAt ??= performance.now();
        if (isFirst) numFirst++;
        isFirst = false;
        numTokens++;
        printer?.push(token);
      })
      .catch((error: unknown) => {
        if (!(error instanceof Error && error.name === "TimeoutError")) throw error;
        throw new InputError(
          `policy generate: responses must end within --timeout ${timeout} s, got ${numTokens} tokens by then`,
        );
      });
    const text = tokenizer && (response.text ?? textOf(response, request, tokenizer));
    if (printer) printer.end(text);
    else if (json) process.stdout.write(`${JSON.stringify({ row, ...response, text })}\n`);
    else process.stdout.write(`${row}: ${text ?? JSON.stringify(response.tokens)}\n`);
    return response;
  });
  const [first] = await reading(() => Promise.all(responses));
  const end = performance.now();
  const seconds = (end - begin) / 1000;
  const firstSeconds = ((firstAt ?? end) - begin) / 1000;
  const numLater = numTokens - numFirst;
  const report = {
    responses: requests.length,
    promptTokens: requests.reduce((total, { promptTokens }) => total + promptTokens.length, 0),
    tokens: numTokens,
    seconds,
    loadSeconds,
    firstTokenSeconds: firstSeconds,
    tokensPerSecond: numLater > 0 ? numLater / (seconds - firstSeconds) : null,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  if (json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const rate = report.tokensPerSecond === null ? "-" : report.tokensPerSecond.toFixed(1);
  process.stderr.write(
    `${numTokens} tokens in ${seconds.toFixed(2)} s after ${report.promptTokens} of prompt; ` +
      `loaded in ${loadSeconds.toFixed(2)} s, first token after ${firstSeconds.toFixed(2)} s, ` +
      `then ${rate} tokens/s; ended by ${requests.length === 1 ? first!.stopReason : "various"}; ` +
      `peak memory ${(report.peakBytes / 2 ** 30).toFixed(2)} GiB\n`,
  );
}

/** The text of a response, without the token that stopped it. */
function textOf(
  { tokens: all, stopReason }: SampledResponse,
  { stopTokens }: SampleRequest,
  tokenizer: LoadedTokenizer,
): string {
  const isStopped = stopReason === "stop-token" && stopTokens.includes(all.at(-1)!);
  return tokenizer.decode(isStopped ? all.slice(0, -1) : all);
}

/** Writes a response as it comes: text, or ids where there is no tokenizer. */
class Printer {
  readonly #stream: TextStream | undefined;
  readonly #stops: StopStrings | undefined;
  readonly #stopTokens: readonly number[];
  /** Characters at the end that may turn out to begin a stop string. */
  readonly #numHeld: number;
  #certain = "";
  #numWritten = 0;

  constructor(
    tokenizer: LoadedTokenizer | undefined,
    { stopTokens, stopStrings = [] }: Pick<SampleRequest, "stopTokens" | "stopStrings">,
  ) {
    this.#stream = tokenizer && new TextStream(tokenizer);
    this.#stops =
      tokenizer && stopStrings.length > 0 ? new StopStrings(tokenizer, stopStrings) : undefined;
    this.#stopTokens = stopTokens;
    this.#numHeld = Math.max(0, ...stopStrings.map(({ length }) => length - 1));
  }

  push(token: number): void {
    if (!this.#stream) {
      process.stdout.write(`${this.#numWritten === 0 ? "" : " "}${token}`);
      this.#numWritten++;
      return;
    }
    if (this.#stopTokens.includes(token) || this.#stops?.push(token) === true) return;
    this.#certain += this.#stream.push(token);
    this.#write(this.#certain.slice(0, Math.max(0, this.#certain.length - this.#numHeld)));
  }

  /** @param text - All that is written in the end, of which a part may have been written. */
  #write(text: string): void {
    process.stdout.write(text.slice(this.#numWritten));
    this.#numWritten = Math.max(this.#numWritten, text.length);
  }

  /** @param text - All of it, where there is a tokenizer. */
  end(text: string | undefined): void {
    if (text !== undefined) this.#write(text);
    process.stdout.write("\n");
  }
}
