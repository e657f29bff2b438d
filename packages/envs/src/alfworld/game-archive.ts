import { isRecord } from "../is-record.ts";
import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { createBrotliDecompress, createGunzip, deflateRawSync, inflateRawSync } from "node:zlib";
import { TextError } from "@turnwise/core";
import { utf8Chunks } from "../utf8-chunks.ts";
import { zipProblem } from "../zip-archive.ts";
import { GameFileError, formatValue } from "./game-file-error.ts";
import { checkGameFile } from "./game-file.ts";
import { decodeGameText } from "./read-text.ts";
import type { GameFile } from "./game.ts";

/** Compressed game in an archive. */
interface PackedGame {
  readonly line: number;
  readonly packed: Buffer;
}

/** Domain and grammar that all lines of an archive share. */
interface SharedTexts {
  readonly domain: string;
  readonly grammar: string;
}

const goalMark = "UNKNOWN GOAL";
const chunkSize = 1 << 18;

/** Games of an archive; each is compressed separately, for random access. */
export class GameArchive {
  readonly #path: string;
  readonly #games: ReadonlyMap<string, PackedGame>;
  #shared: Promise<SharedTexts> | undefined;

  private constructor(path: string, games: ReadonlyMap<string, PackedGame>) {
    this.#path = path;
    this.#games = games;
  }

  /**
   * Opens an archive: JSON lines, each of which is a game file with its path in the field `game`.
   * If lines lack `pddl_domain` and `grammar`, these are read from `alfred.pddl` and `alfred.twl2`
   * next to the archive, and `goal` replaces `UNKNOWN GOAL` in the grammar.
   *
   * @param path - A file; gzip is detected by its first bytes, brotli by the suffix `.br`;
   *   otherwise it is plain text.
   * @param visit - Called for each game with its path, and its solvability if the line states it.
   * @throws `GameFileError` for a line that is not a JSON object or has no path, a repeated path,
   *   or a file that cannot be decompressed.
   */
  static async open(
    path: string,
    visit: (game: string, solvable: boolean | undefined) => void,
  ): Promise<GameArchive> {
    const games = new Map<string, PackedGame>();
    await forEachLine(path, (line, number) => {
      const { game, solvable } = describeLine(line, `${path} line ${number}`);
      const earlier = games.get(game);
      if (earlier) {
        throw new GameFileError(
          `${path} line ${number}: game must be unique in the archive, got ${formatValue(game)}, as in line ${earlier.line}`,
        );
      }
      games.set(game, { line: number, packed: deflateRawSync(line, { level: 1 }) });
      visit(game, solvable);
    });
    return new GameArchive(path, games);
  }

  /** Reads the file of a game that `open` has listed. */
  async read(game: string): Promise<GameFile> {
    const { line, packed } = this.#games.get(game)!;
    const where = `${this.#path} line ${line}`;
    const fields = parseLine(inflateRawSync(packed), where);
    if ("pddl_domain" in fields || "grammar" in fields) return checkGameFile(fields, where);
    const { goal } = fields;
    if (typeof goal !== "string") {
      throw new GameFileError(`${where}: goal must be a string, got ${formatValue(goal)}`);
    }
    const { domain, grammar } = await (this.#shared ??= this.#readShared());
    return checkGameFile(
      // Escape the goal as it would be in the grammar, which contains JSON.
      {
        solvable: true,
        ...fields,
        pddl_domain: domain,
        grammar: grammar.replaceAll(goalMark, () => JSON.stringify(goal).slice(1, -1)),
      },
      where,
    );
  }

  async #readShared(): Promise<SharedTexts> {
    const folder = dirname(this.#path);
    const read = async (name: string): Promise<string> => {
      const bytes = await readFile(join(folder, name)).catch((cause: unknown) => {
        throw new GameFileError(
          `${this.#path}: the games contain no domain and grammar, and ${name} is not next to the archive`,
          { cause },
        );
      });
      return decodeGameText(bytes, join(folder, name));
    };
    const domain = await read("alfred.pddl");
    const grammar = await read("alfred.twl2");
    if (!grammar.includes(goalMark)) {
      throw new GameFileError(
        `${join(folder, "alfred.twl2")}: the grammar must contain ${goalMark}`,
      );
    }
    return { domain, grammar };
  }
}

/** Calls a function for each non-empty line with the line number, from 1. */
async function forEachLine(
  path: string,
  visit: (line: Buffer, number: number) => void,
): Promise<void> {
  let pieces: Buffer[] = [];
  let number = 0;
  const end = (last: Buffer): void => {
    number++;
    const line = pieces.length > 0 ? Buffer.concat([...pieces, last]) : last;
    pieces = [];
    if (line.some((byte) => byte > 32)) visit(line, number);
  };
  const isGzip = await beginsAsGzip(path);
  const file = createReadStream(path);
  const unpacker = isGzip
    ? createGunzip({ chunkSize })
    : path.endsWith(".br")
      ? createBrotliDecompress({ chunkSize })
      : new PassThrough();
  // `pipe` does not forward errors.
  file.once("error", (error) => unpacker.destroy(error));
  const chunks = utf8Chunks(file.pipe(unpacker), path);
  try {
    for await (const chunk of chunks) {
      let start = 0;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, start)) {
        end(chunk.subarray(start, at));
        start = at + 1;
      }
      if (start < chunk.length) pieces.push(chunk.subarray(start));
    }
    if (pieces.length > 0) end(Buffer.alloc(0));
  } catch (error) {
    if (error instanceof GameFileError) throw error;
    if (error instanceof TextError) throw new GameFileError(error.message, { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw new GameFileError(
      `${path}: the archive cannot be read to its end: ${formatValue(reason)}`,
      {
        cause: error,
      },
    );
  }
}

async function beginsAsGzip(path: string): Promise<boolean> {
  const file = await open(path).catch((cause: Error) => {
    throw new GameFileError(`${path}: the archive cannot be read: ${cause.message}`, {
      cause,
    });
  });
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const problem = zipProblem(buffer);
    if (problem !== undefined) throw new GameFileError(`${path}: ${problem}`);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

const pathAtStart = /^\s*\{\s*"game"\s*:\s*("(?:[^"\\]|\\.)*")/;
const solvableMark = Buffer.from('"solvable"');

/**
 * Reads the path of a line, and its solvability if stated. Most lines need not be parsed as JSON
 * for that, because the path comes first and solvability is absent.
 */
function describeLine(
  line: Buffer,
  where: string,
): { game: string; solvable: boolean | undefined } {
  const start = pathAtStart.exec(line.toString("utf8", 0, 1000));
  if (
    start &&
    !line.includes(solvableMark) &&
    line
      .toString("latin1", line.length - 9)
      .trimEnd()
      .endsWith("}")
  ) {
    const game: unknown = JSON.parse(start[1]!);
    if (typeof game === "string") return { game, solvable: undefined };
  }
  const { game, solvable } = parseLine(line, where);
  if (typeof game !== "string") {
    throw new GameFileError(`${where}: game must be a string, got ${formatValue(game)}`);
  }
  return { game, solvable: typeof solvable === "boolean" ? solvable : undefined };
}

function parseLine(line: Buffer, where: string): Readonly<Record<string, unknown>> {
  const text = decodeGameText(line, where);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new GameFileError(`${where}: the line is not valid JSON: ${formatValue(text)}`, {
      cause: error,
    });
  }
  if (!isRecord(data)) {
    throw new GameFileError(`${where}: the line must be a JSON object, got ${formatValue(data)}`);
  }
  return data;
}
