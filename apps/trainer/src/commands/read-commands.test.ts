import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { InputError } from "@turnwise/training";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCommands, streamCommands } from "./read-commands.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-commands-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function collect(commands: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const command of commands) all.push(command);
  return all;
}

async function fromFile(content: string | Buffer): Promise<string[]> {
  const path = join(folder, "commands.txt");
  await writeFile(path, content);
  return collect(await readCommands(path, "commands"));
}

async function fromStream(content: string | Buffer, size = 1000): Promise<string[]> {
  const bytes = Buffer.from(content);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return collect(streamCommands(pieces(), "standard input", "commands"));
}

const cases: readonly (readonly [string, string | Buffer, readonly string[]])[] = [
  ["lines", "look\n go to  desk 1 \n\ninventory", ["look", " go to  desk 1 ", "", "inventory"]],
  ["lines with Windows line ends", "look\r\ninventory\r\n", ["look", "inventory"]],
  ["a byte order mark", "\uFEFFlook\ninventory\n", ["look", "inventory"]],
  [
    "concatenated files with byte order marks",
    "\uFEFFlook\n\uFEFFinventory\n",
    ["look", "inventory"],
  ],
  ["UTF-16", Buffer.from("\uFEFFlöök\r\ninventory\r\n", "utf16le"), ["löök", "inventory"]],
  ["a JSON list", '["look", "a\\nb"]\n', ["look", "a\nb"]],
  ["a JSON list over several lines", '\uFEFF[\n "look",\n "x [1]"\n]\n\n', ["look", "x [1]"]],
  ["an empty list", "[]", []],
  ["an empty file", "", []],
  ["a later line that begins with a bracket", "look\n[x\n", ["look", "[x"]],
];

describe("commands", () => {
  it.each(cases)("may be %s, in a file or on a stream", async (_, content, commands) => {
    expect(await fromFile(content)).toEqual(commands);
    for (const size of [1, 3, 1000]) expect(await fromStream(content, size)).toEqual(commands);
  });

  it("are refused with their position", async () => {
    const refused: readonly (readonly [string | Buffer, string])[] = [
      ['["look", 3]', "commands[1] must be a string, got 3"],
      ['["look"', "commands is not valid JSON: "],
      [Buffer.from("look\ncaf\xe9\n", "latin1"), "text must be UTF-8, got byte 0xe9 at offset 8"],
      [Buffer.from("look", "utf16le"), "UTF-16 with a byte order mark"],
    ];
    for (const [content, message] of refused) {
      await expect(fromFile(content)).rejects.toThrow(message);
      await expect(fromStream(content, 3)).rejects.toThrow(InputError);
      await expect(fromStream(content, 3)).rejects.toThrow(message);
    }
    await expect(fromStream('["look"]\nmore\n')).rejects.toThrow(
      'standard input: commands must end after the JSON list, got "more"',
    );
    await expect(readCommands(join(folder, "none"), "commands")).rejects.toThrow(
      /none: file cannot be read: ENOENT/u,
    );
  });

  it("come from a stream one by one, before more is sent", async () => {
    const stream = new PassThrough();
    const commands = streamCommands(stream, "standard input", "commands");
    for (const command of ["look", "", "go to desk 1"]) {
      stream.write(`${command}\n`);
      expect(await commands.next()).toEqual({ done: false, value: command });
    }
    stream.end("quit");
    expect(await commands.next()).toEqual({ done: false, value: "quit" });
    expect(await commands.next()).toEqual({ done: true, value: undefined });
  });

  it("come from a list on a stream as soon as it is closed", async () => {
    const stream = new PassThrough();
    const commands = streamCommands(stream, "standard input", "commands");
    stream.write('["look",\n"inventory"]\n');
    expect(await commands.next()).toEqual({ done: false, value: "look" });
    expect(await commands.next()).toEqual({ done: false, value: "inventory" });
    stream.end();
  });
});
