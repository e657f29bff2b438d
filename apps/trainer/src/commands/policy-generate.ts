import { join } from "node:path";
import type { SampleRequest } from "@turnwise/core";
import { readModelConfig, type LoadedTokenizer } from "@turnwise/policy";
import type { LocalSampler } from "@turnwise/policy/local";
import { InputError, readInput } from "@turnwise/training";
import { Command, Option } from "commander";
import { nonNegative, positiveNumber, wholeNumber } from "./arguments.ts";
import { chatFlagWithoutChat, chatStart, withChat, type ChatFlags } from "./chat-flags.ts";
import {
  checkTokenRows,
  openSampler,
  readTokenRows,
  tokenizerOf,
  withPolicySource,
  type PolicySourceOptions,
  type TokenRows,
} from "./policy-source.ts";
import { ResponsePrinter, textOf } from "./response-printer.ts";
import { samplingOptions, withSampling, type SamplingFlags } from "./sampling-flags.ts";

interface GenerateOptions extends PolicySourceOptions, SamplingFlags, ChatFlags {
  readonly prompt?: string;
  readonly ids?: string;
  readonly chat?: boolean;
  readonly maxTokens?: number;
  readonly seed: number;
  readonly timeout?: number;
  readonly json?: boolean;
}

/** Default limit of a response, tokens; less if the context has less room. */
const usualTokens = 128;

/** `turnwise policy generate`: continues prompts. */
export function policyGenerateCommand(): Command {
  const command = withSampling(withPolicySource(new Command("generate")));
  return withChat(command)
    .description("continue a text or rows of token ids, as it comes")
    .option("--prompt <text>", "text to continue, after the tokenizer's BOS token if it adds one")
    .option("--chat", "send --prompt as a user message in the model's chat template")
    .option("--ids <file>", "rows of token ids as JSON, or one row a line; - reads input")
    .addOption(
      new Option(
        "--max-tokens <number>",
        `default: ${usualTokens}, or less if the context has less room`,
      ).argParser(positiveNumber),
    )
    .addOption(new Option("--seed <number>").argParser(wholeNumber).default(0))
    .addOption(new Option("--timeout <seconds>", "give up after so long").argParser(nonNegative))
    .option("--json", "print one JSON object a row, and one at the end")
    .action((model: string, options: GenerateOptions) => generate(model, options));
}

async function generate(model: string, options: GenerateOptions): Promise<void> {
  const config = await readInput(() => readModelConfig(model));
  const tokenizer = await tokenizerOf(model);
  const prompts = await readPrompts(model, options, tokenizer);
  checkTokenRows(prompts, config, options.maxTokens ?? 1);
  const longest = Math.max(...prompts.rows.map(({ length }) => length));
  const maxTokens = options.maxTokens ?? Math.min(usualTokens, config.maxSequenceTokens - longest);
  const sampling = await samplingOptions("policy generate", model, options, config, tokenizer);
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
    throw new InputError("policy generate: either --prompt or --ids must be given");
  }
  const flag = chatFlagWithoutChat(chatFlags);
  if (chat !== true && flag !== undefined) {
    throw new InputError(`policy generate: ${flag} must be given with --chat`);
  }
  if (ids !== undefined) {
    if (chat === true) throw new InputError("policy generate: --chat must be given with --prompt");
    return readTokenRows(ids);
  }
  if (!tokenizer) {
    throw new InputError(`${join(model, "tokenizer.json")}: must be there for --prompt, got none`);
  }
  const text = prompt ?? "";
  if (chat !== true) return { source: "--prompt", rows: [tokenizer.encodePrompt(text)] };
  const { messages, variables } = chatStart(chatFlags);
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
          `policy generate: responses must end within --timeout ${timeout} s, got ${numTokens} tokens by then`,
        );
      });
    const text = tokenizer && (response.text ?? textOf(response, request, tokenizer));
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
    `${numTokens} tokens in ${seconds.toFixed(2)} s after ${report.promptTokens} of prompt; ` +
      `loaded in ${loadSeconds.toFixed(2)} s, first token after ${firstSeconds.toFixed(2)} s, ` +
      `then ${rate} tokens/s; ended by ${requests.length === 1 ? first!.stopReason : "various"}; ` +
      `peak memory ${(report.peakBytes / 2 ** 30).toFixed(2)} GiB\n`,
  );
}
