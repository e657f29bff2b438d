import { readFile, readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodeGameText } from "./read-text.ts";
import { parseGameFile } from "./game-file.ts";

/** Broken file or folder in a folder of games. */
export interface BrokenGame {
  /** Path within the folder of games. */
  readonly id: string;
  /** Problem in a few words: `truncated`, `a broken link`. */
  readonly problem: string;
}

/** Game files of a folder, by path within it. */
export interface GameFiles {
  readonly ids: readonly string[];
  readonly broken: readonly BrokenGame[];
}

const gameFileName = "game.tw-pddl";

/**
 * Finds every `game.tw-pddl` below a folder. Symbolic links to folders are followed, except links
 * to parent folders. Unreadable folders and broken links are listed as broken.
 */
export async function findGameFiles(folder: string): Promise<GameFiles> {
  const ids: string[] = [];
  const broken: BrokenGame[] = [];
  const visit = async (path: string, above: readonly string[]): Promise<void> => {
    const here = join(folder, path);
    const idOf = (name: string): string => (path === "" ? name : `${path}/${name}`);
    const entries = await readdir(here, { withFileTypes: true }).catch((cause: Error) => {
      broken.push({ id: path === "" ? "." : path, problem: fileProblem(cause) });
      return [];
    });
    await Promise.all(
      entries.map(async (entry) => {
        const { name } = entry;
        const id = idOf(name);
        if (entry.isDirectory()) {
          if (name === gameFileName) broken.push({ id, problem: "a folder, not a file" });
          else await visit(id, above);
        } else if (name === gameFileName) ids.push(id);
        else if (entry.isSymbolicLink()) await follow(id, name, above);
      }),
    );
  };
  const follow = async (id: string, name: string, above: readonly string[]): Promise<void> => {
    const path = join(folder, id);
    try {
      if (!(await stat(path)).isDirectory()) return;
    } catch (cause) {
      // Ignore broken links whose names look like other file types, because they cannot be games.
      if (!/\.[a-z][\w-]*$/iu.test(name)) {
        broken.push({ id, problem: fileProblem(cause as Error) });
      }
      return;
    }
    const target = await realpath(path);
    const parent = await realpath(join(path, ".."));
    const isLoop = [...above, parent].some((one) => `${one}/`.startsWith(`${target}/`));
    if (!isLoop) await visit(id, [...above, parent]);
  };
  await visit("", []);
  return { ids, broken };
}

/** Solvability that a game file states, or a problem of the file. */
export type CheckedGameFile =
  | { readonly solvable: boolean | undefined }
  | { readonly problem: string };

/** Reads and checks a game file, except for its domain, grammar and problem texts. */
export async function checkGameFileAt(path: string): Promise<CheckedGameFile> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    return { problem: fileProblem(cause as Error) };
  }
  if (bytes.length === 0) return { problem: "empty" };
  let text = "";
  try {
    text = decodeGameText(bytes, path);
    return { solvable: parseGameFile(text, path).solvable };
  } catch (cause) {
    return { problem: contentProblem(cause as Error, text, path) };
  }
}

function fileProblem(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return "a broken link";
    case "ELOOP":
      return "a link to itself";
    case "EACCES":
    case "EPERM":
      return "not readable: permission denied";
    case "EISDIR":
      return "a folder, not a file";
    default:
      return `not readable: ${code ?? error.message}`;
  }
}

function contentProblem({ message, cause }: Error, text: string, path: string): string {
  if (!(cause instanceof SyntaxError)) {
    return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  }
  const isCut =
    !text.trimEnd().endsWith("}") || /end of JSON|unterminated string/iu.test(cause.message);
  return text.trimStart().startsWith("{") && isCut ? "truncated" : "not JSON";
}
