import { createInterface, type Interface } from "node:readline";
import type { SamplingOptions } from "@turnwise/core";
import { readModelConfig, type ChatMessage, type LoadedTokenizer } from "@turnwise/policy";
import type { LocalSampler } from "@turnwise/policy/local";
import { InputError, readInput } from "@turnwise/training";
import { Command, Option } from "commander";
import { positiveNumber, wholeNumber } from "./arguments.ts";
import { chatStart, withChat, type ChatFlags, type ChatStart } from "./chat-flags.ts";
import {
  openSampler,
  tokenizerOf,
  withPolicySource,
  type PolicySourceOptions,
} from "./policy-source.ts";
import { ResponsePrinter, textOf } from "./response-printer.ts";
import { samplingOptions, withSampling, type SamplingFlags } from "./sampling-flags.ts";

interface ChatOptions extends PolicySourceOptions, SamplingFlags, ChatFlags {
  readonly maxTokens: number;
  readonly context?: number;
  readonly seed: number;
}

/** `turnwise policy chat`: a conversation with a model. */
export function policyChatCommand(): Command {
  return withChat(withSampling(withPolicySource(new Command("chat"))))
    .description("talk to a model in its chat template; one line is one message")
    .addOption(
      new Option("--max-tokens <number>", "maximum tokens of an answer")
        .argParser(positiveNumber)
        .default(1024),
    )
    .addOption(
      new Option(
        "--context <number>",
        "maximum tokens of the conversation (default: the model's context, at most 8192)",
      ).argParser(positiveNumber),
    )
    .addOption(new Option("--seed <number>").argParser(wholeNumber).default(0))
    .action((model: string, options: ChatOptions) => chat(model, options));
}

/** Default limit of a conversation, tokens. */
const usualContext = 8192;

const help = [
  "/reset   begin a new conversation",
  "/history print the conversation as the model reads it",
  "/exit    end; so does the end of input",
  "Ctrl-C   stop an answer",
].join("\n");

async function chat(model: string, options: ChatOptions): Promise<void> {
  const config = await readInput(() => readModelConfig(model));
  const tokenizer = await tokenizerOf(model);
  if (!tokenizer) throw new InputError(`${model}: must have a tokenizer.json to chat, got none`);
  const start = chatStart(options);
  // A folder without a template is refused before its weights are loaded.
  await readInput(() =>
    render(tokenizer, [...start.messages, { role: "user", content: "?" }], start),
  );
  const sampling = await samplingOptions("policy chat", model, options, config, tokenizer);
  const { maxSequenceTokens } = config;
  const context = options.context ?? Math.min(usualContext, maxSequenceTokens);
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

/** Constant parts of a conversation. */
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

/** Reads messages and answers them until input ends. */
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
      `policy chat: conversation must have fewer than the ${context} tokens of the context, got ${promptTokens.length}; /reset begins a new one`,
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
      ? (response.text ?? textOf(response, request, tokenizer))
      : tokenizer.decode(received);
    printer.end(content);
    if (response?.stopReason === "length") {
      process.stderr.write(
        `answer cut at ${request.maxTokens} tokens (--max-tokens, or the end of the context)\n`,
      );
    }
    return [...messages, { role: "assistant", content }];
  } finally {
    lines.off("SIGINT", interrupt);
  }
}
