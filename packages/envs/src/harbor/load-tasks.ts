import { lstat, readdir, readFile } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { decodeText, TextError } from "@turnwise/core";
import type { ContainerFile } from "../containers/container.ts";
import { HarborTaskError } from "./task-error.ts";
import { parseTaskSettings, type HarborSettings } from "./task-settings.ts";

/** Folder of a task whose files go into containers. */
export type TaskFolder = "environment" | "tests" | "solution";

/** A Harbor task. */
export interface HarborTask {
  /** Path of its folder relative to the folder of all tasks; for a single task, the folder's name. */
  readonly id: string;
  /** Name of its `task.toml` in messages. */
  readonly file: string;
  readonly instruction: string;
  readonly settings: HarborSettings;
  readonly hasSolution: boolean;
  /** Reads the files of one of its folders. */
  readFiles(folder: TaskFolder): Promise<readonly ContainerFile[]>;
}

/** Options of {@link loadHarborTasks}. */
export interface LoadTasksOptions {
  /** Called for every invalid or unsupported task, which is then skipped. Default: it is thrown. */
  readonly onInvalid?: (error: HarborTaskError) => void;
}

/** Maximum size of the files of one folder, bytes. */
const maxFolderBytes = 512 * 2 ** 20;
/** Number of levels of folders that are searched for tasks. */
const maxLevels = 6;

/**
 * Loads Harbor tasks: a folder with a `task.toml`, or a folder of such folders, in the order of
 * their paths. Hidden folders are skipped.
 * @throws {@link HarborTaskError} naming the file, field, rule and value of an invalid task, or a
 *   folder without tasks.
 */
export async function loadHarborTasks(
  folder: string,
  { onInvalid }: LoadTasksOptions = {},
): Promise<HarborTask[]> {
  const places = await findTasks(folder, 0);
  if (places.length === 0) {
    throw new HarborTaskError(`${folder}: must contain a task.toml, or folders with one`);
  }
  const tasks: HarborTask[] = [];
  for (const place of places) {
    const id = relative(folder, place).split(sep).join("/") || basename(place);
    try {
      tasks.push(await readTask(id, folderReader(place)));
    } catch (error) {
      if (onInvalid === undefined || !(error instanceof HarborTaskError)) throw error;
      onInvalid(error);
    }
  }
  return tasks;
}

async function findTasks(folder: string, level: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new HarborTaskError(`${folder}: must be a folder of Harbor tasks: ${cause.message}`, {
      cause,
    });
  });
  if (entries.some((entry) => entry.name === "task.toml")) return [folder];
  if (level >= maxLevels) return [];
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .toSorted((a, b) => (a < b ? -1 : 1));
  const found: string[] = [];
  for (const name of names) found.push(...(await findTasks(join(folder, name), level + 1)));
  return found;
}

/** Access to the files of one task. */
export interface TaskReader {
  /** Name of a file in messages. */
  name(path: string): string;
  /** Reads a text. @throws `HarborTaskError` if it cannot be read. */
  readText(path: string): Promise<string>;
  has(path: string): Promise<boolean>;
  /** Reads the files of a folder; `[]` if there is no such folder. */
  readFiles(folder: TaskFolder): Promise<readonly ContainerFile[]>;
}

/**
 * Loads one task.
 * @throws {@link HarborTaskError} naming the file, field, rule and value.
 */
export async function readTask(id: string, reader: TaskReader): Promise<HarborTask> {
  const file = reader.name("task.toml");
  const settings = parseTaskSettings(await reader.readText("task.toml"), file);
  const instruction = removeCanary(await reader.readText("instruction.md"));
  const refuse = (path: string, rule: string): HarborTaskError =>
    new HarborTaskError(`${reader.name(path)}: must ${rule}`);
  if (instruction.trim() === "") throw refuse("instruction.md", "not be empty");
  if (!(await reader.has("tests/test.sh"))) throw refuse("tests/test.sh", "exist");
  for (const path of ["environment/docker-compose.yaml", "environment/docker-compose.yml"]) {
    if (!(await reader.has(path))) continue;
    throw refuse(path, "be absent (tasks of several containers are not supported)");
  }
  if (settings.environment.image === null && !(await reader.has("environment/Dockerfile"))) {
    throw new HarborTaskError(
      `${file}: environment.docker_image must name an image if there is no environment/Dockerfile, got none`,
    );
  }
  const hasSolution = await reader.has("solution/solve.sh");
  return {
    id,
    file,
    instruction,
    settings,
    hasSolution,
    readFiles: async (folder) => reader.readFiles(folder),
  };
}

/** Access to a task in a folder. */
function folderReader(place: string): TaskReader {
  return {
    name: (path) => join(place, path),
    readText: async (path) => {
      const file = join(place, path);
      try {
        return decodeText(await readFile(file), file);
      } catch (cause) {
        const { message } = cause as Error;
        throw new HarborTaskError(
          cause instanceof TextError ? message : `${file}: file cannot be read: ${message}`,
          { cause },
        );
      }
    },
    has: async (path) => exists(join(place, path)),
    readFiles: async (folder) => readFolder(join(place, folder)),
  };
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

/**
 * Removes the leading canary lines, which let publishers detect their benchmark in training data.
 */
function removeCanary(text: string): string {
  return text.replace(/^(?:(?:<!--[^\n]*canary[^\n]*-->|#[^\n]*canary[^\n]*)\r?\n+)+/iu, "");
}

/** Reads the files of a folder, with their permission bits. */
async function readFolder(folder: string): Promise<ContainerFile[]> {
  const files: ContainerFile[] = [];
  let total = 0;
  const visit = async (path: string): Promise<void> => {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) {
        files.push({ path: `${toName(child)}/`, content: new Uint8Array(), mode: 0o755 });
        await visit(child);
        continue;
      }
      if (!entry.isFile()) {
        throw new HarborTaskError(`${child}: must be a file or a folder, got a link or a device`);
      }
      const { size, mode } = await lstat(child);
      total += size;
      if (total > maxFolderBytes) {
        throw new HarborTaskError(`${folder}: must have at most ${maxFolderBytes} bytes`);
      }
      files.push({ path: toName(child), content: await readFile(child), mode: mode & 0o777 });
    }
  };
  const toName = (path: string): string => relative(folder, path).split(sep).join("/");
  if (await exists(folder)) await visit(folder);
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
