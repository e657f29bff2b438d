import { createTextDecoder } from "@turnwise/core";
import { InputError, readInput } from "@turnwise/training";
import { readText } from "./read-text.ts";

/**
 * Reads commands: one per line, or a JSON list of strings. A file is read to its end and checked
 * before the first command is yielded. From standard input (`-`) each line is yielded as soon as it
 * is complete, so that a program may wait for the answer to one command before it sends the next.
 * If the first line opens a JSON list, its commands are yielded when the list is complete.
 *
 * @param name - Name of the option, for messages.
 * @throws {@link InputError} naming the file and the error; for standard input, during iteration.
 */
export async function readCommands(path: string, name: string): Promise<AsyncIterable<string>> {
  if (path === "-") return streamCommands(process.stdin, "standard input", name);
  const text = await readText(path);
  const isList = text.trimStart().startsWith("[");
  const commands = isList ? parseList(text, path, name) : splitLines(text);
  return (async function* () {
    yield* commands;
  })();
}

/** Implements {@link readCommands} for a stream. */
export async function* streamCommands(
  input: AsyncIterable<Uint8Array>,
  source: string,
  name: string,
): AsyncGenerator<string, void, void> {
  let list: string | undefined;
  let isFirst = true;
  for await (const line of streamLines(input, source)) {
    if (isFirst && line.trimStart().startsWith("[")) list = "";
    isFirst = false;
    if (list === undefined) {
      yield line;
      continue;
    }
    if (list === closed) {
      if (line.trim() === "") continue;
      throw new InputError(
        `${source}: ${name} must end after the JSON list, got ${JSON.stringify(line.slice(0, 60))}`,
      );
    }
    list += `${line}\n`;
    if (!line.trimEnd().endsWith("]") || !isJson(list)) continue;
    yield* parseList(list, source, name);
    list = closed;
  }
  if (list !== undefined && list !== closed) yield* parseList(list, source, name);
}

/** Value of `list` after its commands were yielded. */
const closed = "]";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseList(text: string, source: string, name: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${source}: ${name} is not valid JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  const list = value as readonly unknown[];
  const wrong = list.findIndex((command) => typeof command !== "string");
  if (wrong >= 0) {
    throw new InputError(
      `${source}: ${name}[${wrong}] must be a string, got ${JSON.stringify(list[wrong])}`,
    );
  }
  return list as readonly string[];
}

function splitLines(text: string): readonly string[] {
  const lines = text.split("\n").map(trimLine);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/**
 * Yields the lines of a stream, each as soon as it is complete.
 * @throws {@link InputError} for bytes that are not text.
 */
export async function* streamLines(
  input: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<string, void, void> {
  const decoder = createTextDecoder(source);
  let rest = "";
  for await (const bytes of input) {
    const lines = (rest + (await readInput(() => decoder.write(bytes)))).split("\n");
    rest = lines.pop()!;
    yield* lines.map(trimLine);
  }
  rest += await readInput(() => decoder.end());
  if (trimLine(rest) !== "") yield trimLine(rest);
}

/**
 * Removes the carriage return, and byte order marks, which concatenated files contain in the
 * middle.
 */
function trimLine(line: string): string {
  return line.replace(/^\uFEFF/u, "").replace(/\r$/u, "");
}
