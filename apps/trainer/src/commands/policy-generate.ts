import { join } from "node:path";
import type { SampleRequest } from "@turnwise/core";
import { readModelConfig, type LoadedTokenizer } from "@turnwise/policy";
import type { LocalSampler } from "@turnwise/policy/local";
import { InputError, readInput } from "@turnwise/training";
import { Command, Option } from "commander";
import { parseNonNegative, parseCount, parseWholeNumber } from "./arguments.ts";
import { findChatFlag, readChatStart, addChatOptions, type ChatFlags } from "./chat-flags.ts";
import {
  checkTokenRows,
  openSampler,
  readTokenRows,
  readModelTokenizer,
  addPolicyOptions,
  type PolicySourceOptions,
  type TokenRows,
} from "./policy-source.ts";
import { ResponsePrinter, decodeResponse } from "./response-printer.ts";
import { readSamplingOptions, addSamplingOptions, type SamplingFlags } from "./sampling-flags.ts";

interface GenerateOptions extends PolicySourceOptions, SamplingFlags, ChatFlags {
  readonly prompt?: string;
  readonly ids?: string;
  readonly chat?: boolean;
  readonly maxTokens?: number;
  readonly seed: number;
  readonly timeout?: number;
  readonly json?: boolean;
}

/** Default maximum length of a response, tokens; smaller if the model's context has less room. */
const defaultMaxTokens = 128;

/** `turnwise policy generate`: samples responses to prompts. */
export function buildGenerateCommand(): Command {
  const command = addSamplingOptions(addPolicyOptions(new Command("generate")));
  return addChatOptions(command)
    .description(
      "sample continuations of a text or of rows of token ids; streams a single continuation",
    )
    .option(
      "--prompt <text>",
      "text to continue; preceded by a BOS token if the tokenizer adds one",
    )
    .option("--chat", "send --prompt as a user message in the model's chat template")
    .option(
      "--ids <file>",
      "rows of token ids, as JSON or one row per line; - reads standard input",
    )
    .addOption(
      new Option(
        "--max-tokens <number>",
        `maximum number of tokens per response (default: ${defaultMaxTokens}, less if the context has less room)`,
      ).argParser(parseCount),
    )
    .addOption(
      new Option("--seed <number>", "seed of sampling").argParser(parseWholeNumber).default(0),
    )
    .addOption(
      new Option("--timeout <seconds>", "time limit, seconds (default: none)").argParser(
        parseNonNegative,
      ),
    )
    .option("--json", "print one JSON object per row, then one with totals")
    .action((model: string, options: GenerateOptions) => generate(model, options));
}

async function generate(model: string, options: GenerateOptions): Promise<void> {
  const config = await readInput(() => readModelConfig(model));
  const tokenizer = await readModelTokenizer(model);
  const prompts = await readPrompts(model, options, tokenizer);
  checkTokenRows(prompts, config, options.maxTokens ?? 1);
  const longest = Math.max(...prompts.rows.map(({ length }) => length));
  const maxTokens =
    options.maxTokens ?? Math.min(defaultMaxTokens, config.maxSequenceTokens - longest);
  const sampling = await readSamplingOptions("policy generate", model, options, config, tokenizer);
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
  { prompt, ids, chat, ...chatFlags }: GenerateOptions,
  tokenizer: LoadedTokenizer | undefined,
): Promise<TokenRows> {
  if ((prompt === undefined) === (ids === undefined)) {
    throw new InputError("policy generate: exactly one of --prompt and --ids must be given");
  }
  const flag = findChatFlag(chatFlags);
  if (chat !== true && flag !== undefined) {
    throw new InputError(`policy generate: ${flag} needs --chat`);
  }
  if (ids !== undefined) {
    if (chat === true) throw new InputError("policy generate: --chat needs --prompt");
    return readTokenRows(ids);
  }
  if (!tokenizer) {
    throw new InputError(
      `${join(model, "tokenizer.json")}: file not found; --prompt needs a tokenizer`,
    );
  }
  const text = prompt ?? "";
  if (chat !== true) return { source: "--prompt", rows: [tokenizer.encodePrompt(text)] };
  const { messages, variables } = readChatStart(chatFlags);
  const tokens = await readInput(() =>
    tokenizer.encodeChat([...messages, { role: "user", content: text }], {
      addGenerationPrompt: true,
      variables,
    }),
  );
  return { source: "--prompt", rows: [tokens] };
}

interface RunContext {
  readonly options: GenerateOptions;
  readonly tokenizer: LoadedTokenizer | undefined;
  readonly loadSeconds: number;
}

/** Samples all requests concurrently. A single response is streamed token by token. */
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
    const printer = streams ? new ResponsePrinter(tokenizer, request) : undefined;
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
          `policy generate: responses did not end within --timeout ${timeout} s, after ${numTokens} tokens`,
        );
      });
    const text = tokenizer && (response.text ?? decodeResponse(response, request, tokenizer));
    if (printer) printer.end(text);
    else if (json) process.stdout.write(`${JSON.stringify({ row, ...response, text })}\n`);
    else process.stdout.write(`${row}: ${text ?? JSON.stringify(response.tokens)}\n`);
    return response;
  });
  const [first] = await readInput(() => Promise.all(responses));
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
    `${numTokens} tokens in ${seconds.toFixed(2)} s, prompt of ${report.promptTokens} tokens; ` +
      `loaded in ${loadSeconds.toFixed(2)} s, first token after ${firstSeconds.toFixed(2)} s, ` +
      `then ${rate} tokens/s; stop reason ${requests.length === 1 ? first!.stopReason : "varies"}; ` +
      `peak memory ${(report.peakBytes / 2 ** 30).toFixed(2)} GiB\n`,
  );
}
