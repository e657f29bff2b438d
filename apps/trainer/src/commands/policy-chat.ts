import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { SamplingOptions } from "@turnwise/core";
import { readModelConfig, type ChatMessage, type LoadedTokenizer } from "@turnwise/policy";
import type { LocalSampler } from "@turnwise/policy/local";
import { InputError, readInput } from "@turnwise/training";
import { Command, Option } from "commander";
import { parseCount, parseWholeNumber } from "./arguments.ts";
import { readChatStart, addChatOptions, type ChatFlags, type ChatStart } from "./chat-flags.ts";
import {
  openSampler,
  readModelTokenizer,
  addPolicyOptions,
  type PolicySourceOptions,
} from "./policy-source.ts";
import { ResponsePrinter, decodeResponse } from "./response-printer.ts";
import { readSamplingOptions, addSamplingOptions, type SamplingFlags } from "./sampling-flags.ts";

interface ChatOptions extends PolicySourceOptions, SamplingFlags, ChatFlags {
  readonly maxTokens: number;
  readonly context?: number;
  readonly seed: number;
}

/** `turnwise policy chat`: chats with a model. */
export function buildChatCommand(): Command {
  return addChatOptions(addSamplingOptions(addPolicyOptions(new Command("chat"))))
    .description("chat with a model in its chat template; each line is one message")
    .addOption(
      new Option("--max-tokens <number>", "maximum number of tokens per answer")
        .argParser(parseCount)
        .default(1024),
    )
    .addOption(
      new Option(
        "--context <number>",
        "maximum number of tokens in the conversation (default: the model's context, at most 8192)",
      ).argParser(parseCount),
    )
    .addOption(
      new Option("--seed <number>", "seed of sampling").argParser(parseWholeNumber).default(0),
    )
    .action((model: string, options: ChatOptions) => chat(model, options));
}

/** Maximum default of `--context`, tokens. */
const maxDefaultContext = 8192;

const help = [
  "/reset   start a new conversation",
  "/history print the conversation as the model sees it",
  "/exit    exit (so does the end of the input)",
  "Ctrl-C   stop the current answer",
].join("\n");

async function chat(model: string, options: ChatOptions): Promise<void> {
  const config = await readInput(() => readModelConfig(model));
  const tokenizer = await readModelTokenizer(model);
  if (!tokenizer)
    throw new InputError(
      `${join(model, "tokenizer.json")}: file not found; chat needs a tokenizer`,
    );
  const start = readChatStart(options);
  // Check for a chat template before loading the weights, which takes long.
  await readInput(() =>
    render(tokenizer, [...start.messages, { role: "user", content: "?" }], start),
  );
  const sampling = await readSamplingOptions("policy chat", model, options, config, tokenizer);
  const { maxSequenceTokens } = config;
  const context = options.context ?? Math.min(maxDefaultContext, maxSequenceTokens);
  if (context > maxSequenceTokens) {
    throw new InputError(
      `policy chat: --context must be at most ${maxSequenceTokens}, the model's context, got ${context}`,
    );
  }
  const isTerminal = process.stdin.isTTY;
  if (isTerminal) process.stderr.write(`loading ${model}; /help lists commands\n`);
  const opened = await openSampler(model, options, context, tokenizer);
  const lines = createInterface({
    input: process.stdin,
    ...(isTerminal && { output: process.stdout, prompt: "> " }),
  });
  try {
    const talk = { tokenizer, sampler: opened.sampler, sampling, start, context, lines };
    await converse(talk, options, isTerminal);
  } finally {
    lines.close();
    await opened.close();
  }
}

/** State of a chat that does not change. */
interface Talk {
  readonly tokenizer: LoadedTokenizer;
  readonly sampler: LocalSampler;
  readonly sampling: Omit<SamplingOptions, "maxTokens">;
  readonly start: ChatStart;
  readonly context: number;
  readonly lines: Interface;
}

const render = (
  { renderChat }: Pick<LoadedTokenizer, "renderChat">,
  messages: readonly ChatMessage[],
  { variables }: ChatStart,
): string => renderChat(messages, { addGenerationPrompt: true, variables });

/** Reads messages and answers them until the input ends. */
async function converse(talk: Talk, options: ChatOptions, isTerminal: boolean): Promise<void> {
  const { lines, start, tokenizer } = talk;
  let messages = start.messages;
  const prompt = (): void => {
    if (isTerminal) lines.prompt();
  };
  prompt();
  for await (const line of lines) {
    const text = line.trim();
    if (text === "/exit") return;
    if (text === "/help") process.stderr.write(`${help}\n`);
    else if (text === "/reset") messages = start.messages;
    else if (text === "/history") {
      process.stdout.write(`${messages.length === 0 ? "" : render(tokenizer, messages, start)}\n`);
    } else if (text !== "") {
      try {
        messages = await answer(talk, [...messages, { role: "user", content: line }], options);
      } catch (error) {
        if (!isTerminal || !(error instanceof InputError)) throw error;
        process.stderr.write(`${error.message}\n`);
      }
    }
    prompt();
  }
}

/** Streams one answer. @returns The conversation, including the answer. */
async function answer(
  { tokenizer, sampler, sampling, start, context, lines }: Talk,
  messages: readonly ChatMessage[],
  { maxTokens, seed }: ChatOptions,
): Promise<readonly ChatMessage[]> {
  const text = await readInput(() => render(tokenizer, messages, start));
  const promptTokens = tokenizer.encode(text);
  const room = context - promptTokens.length;
  if (room < 1) {
    throw new InputError(
      `policy chat: conversation must be shorter than the context of ${context} tokens, got ${promptTokens.length} (/reset starts a new conversation)`,
    );
  }
  const request = {
    ...sampling,
    promptTokens,
    maxTokens: Math.min(maxTokens, room),
    seed: `${seed}/${messages.length}`,
    sequenceId: "chat",
  };
  const printer = new ResponsePrinter(tokenizer, request);
  const controller = new AbortController();
  const received: number[] = [];
  const interrupt = (): void => controller.abort(new Error("interrupted"));
  lines.on("SIGINT", interrupt);
  try {
    const response = await sampler
      .sample(request, controller.signal, ({ token }) => {
        received.push(token);
        printer.push(token);
      })
      .catch((error: unknown) => {
        if (!controller.signal.aborted) throw error;
        return undefined;
      });
    const content = response
      ? (response.text ?? decodeResponse(response, request, tokenizer))
      : tokenizer.decode(received);
    printer.end(content);
    if (response?.stopReason === "length") {
      process.stderr.write(
        `answer truncated after ${request.maxTokens} tokens (--max-tokens or end of the context)\n`,
      );
    }
    return [...messages, { role: "assistant", content }];
  } finally {
    lines.off("SIGINT", interrupt);
  }
}
