import type { CommandResult, Container } from "../containers/container.ts";
import { shellWord } from "../instances/eval-script.ts";
import { clipEnd, clipLines } from "./clip.ts";
import { insertAfter, numbered, outline, replaceOnce, type Edit } from "./edit-text.ts";
import { quietVariables } from "./bash-only.ts";
import type { ToolCall } from "./tool-call.ts";

/** Limits and places of the tools. */
export interface ToolOptions {
  /** The repository. Default `/testbed`. */
  readonly folder?: string;
  /** The longest that a command may take, seconds. Default 90. */
  readonly commandTimeoutSeconds?: number;
  /** Added to the environment of commands. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a tool answers. */
export interface ToolAnswer {
  readonly text: string;
  /** Whether the agent hands in its work. */
  readonly isSubmission: boolean;
}

/** First words of commands that cannot work in a shell that ends with the command. */
const refusedWords = new Set(["cd", "ipython", "jupyter", "pip", "nohup"]);
const outlineLines = 110;
/** What is read of a file, bytes. */
const maxFileBytes = 4 * 2 ** 20;

/**
 * The tools of R2E-Gym on a container. Whatever the agent asks for is done inside the container;
 * what cannot be done is answered in words. Keeps the history of edits for `undo_edit`.
 */
export class ToolRunner {
  readonly #container: Container;
  readonly #folder: string;
  readonly #timeoutSeconds: number;
  readonly #env: Readonly<Record<string, string>>;
  readonly #history = new Map<string, string[]>();

  constructor(container: Container, options: ToolOptions = {}) {
    this.#container = container;
    this.#folder = options.folder ?? "/testbed";
    this.#timeoutSeconds = options.commandTimeoutSeconds ?? 90;
    this.#env = { ...quietVariables, ...options.env };
  }

  /** Carries out a call. @throws `ContainerError` only if the container failed. */
  async run(call: ToolCall, signal?: AbortSignal): Promise<ToolAnswer> {
    const answer = (text: string): ToolAnswer => ({
      text: `Execution output of [${call.tool}]:\n${text}`,
      isSubmission: false,
    });
    switch (call.tool) {
      case "file_editor":
      case "str_replace_editor":
        return answer(clipEnd(await this.#edit(call.arguments)));
      case "execute_bash": {
        const command = call.arguments["cmd"] ?? call.arguments["command"];
        if (typeof command !== "string") return answer("execute_bash needs cmd, a command line.");
        return { text: await this.#bash(command, signal), isSubmission: false };
      }
      case "search":
        return answer(clipLines(await this.#search(call.arguments)));
      case "finish":
      case "submit":
        return { text: "<<<Finished>>>", isSubmission: true };
      default:
        return answer(
          `There is no tool of this name. Tools: file_editor, execute_bash, search, finish.`,
        );
    }
  }

  /** Runs a command line as the tools do: in the repository, in a shell of its own. */
  async command(command: string, signal?: AbortSignal): Promise<CommandResult> {
    return this.#container.exec(command, {
      cwd: this.#folder,
      env: this.#env,
      timeoutSeconds: this.#timeoutSeconds,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async #bash(command: string, signal: AbortSignal | undefined): Promise<string> {
    const head = (code: number | string): string =>
      `Exit code: ${code}\nExecution output of [execute_bash]:\n`;
    const word = command.trim().split(/\s+/u)[0] ?? "";
    if (refusedWords.has(word)) {
      return `${head(1)}Commands that begin with ${word} are not allowed here. Each call has a shell of its own; use absolute paths.`;
    }
    const result = await this.command(command, signal);
    if (result.isTimedOut) {
      return `${head(-1)}The command took too long to execute (>${this.#timeoutSeconds} s).`;
    }
    const [stdout, stderr] = [text(result.stdout).trim(), text(result.stderr).trim()];
    const parts = [
      ...(result.exitCode === 0 ? [] : ["Error executing command:\n"]),
      `[STDOUT]\n\n${stdout}`,
      ...(result.exitCode === 0 && stderr === "" ? [] : [`\n[STDERR]\n\n${stderr}`]),
    ];
    return `${head(result.exitCode ?? -1)}${clipLines(parts.join("\n"))}`;
  }

  async #search(given: Readonly<Record<string, unknown>>): Promise<string> {
    const term = given["search_term"];
    if (typeof term !== "string" || term === "") return "search needs search_term, a text.";
    const path = typeof given["path"] === "string" ? given["path"] : ".";
    const isFolder = (await this.#inside(`test -d ${shellWord(path)}`)).exitCode === 0;
    const [pattern, place] = [shellWord(term), shellWord(path)];
    if (!isFolder) {
      const found = await this.#inside(`grep -n -F -e ${pattern} -- ${place}`);
      if (found.exitCode === 1) return `No matches found for "${term}" in ${path}`;
      if (found.exitCode !== 0) return `search: ${text(found.stderr).trim()}`;
      return `Matches for "${term}" in ${path}:\n${text(found.stdout).trimEnd()}`;
    }
    const found = await this.#inside(
      `grep -rIcF --exclude='.*' --exclude-dir='.?*' -e ${pattern} -- ${place} | grep -v ':0$'`,
    );
    const files = text(found.stdout)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => ({
        name: line.slice(0, line.lastIndexOf(":")),
        count: Number(line.slice(line.lastIndexOf(":") + 1)),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    if (files.length === 0) return `No matches found for "${term}" in ${path}`;
    if (files.length > 100) {
      return `More than ${files.length} files matched for "${term}" in ${path}. Narrow the search.`;
    }
    const total = files.reduce((sum, { count }) => sum + count, 0);
    const lines = files.map(
      ({ name, count }) => `${name} (${count} ${count === 1 ? "match" : "matches"})`,
    );
    return `Found ${total} matches for "${term}" in ${path}:\n${lines.join("\n")}\nEnd of matches for "${term}" in ${path}`;
  }

  /** Runs a command of ours. */
  async #inside(command: string, input?: string): Promise<CommandResult> {
    return this.#container.exec(command, {
      cwd: this.#folder,
      timeoutSeconds: 30,
      maxBytes: maxFileBytes,
      ...(input === undefined ? {} : { input }),
    });
  }

  async #edit(given: Readonly<Record<string, unknown>>): Promise<string> {
    const { command, path } = given;
    if (typeof path !== "string" || !path.startsWith("/")) {
      return `The path ${String(path)} must be absolute: it begins with /.`;
    }
    const place = shellWord(path);
    if (command === "view") return this.#view(path, given);
    const kind = text(
      (await this.#inside(`[ -d ${place} ] && echo folder || { [ -e ${place} ] && echo file; }`))
        .stdout,
    ).trim();
    if (command === "create") {
      if (kind !== "") return `${path} exists already; create cannot overwrite it.`;
      const content = typeof given["file_text"] === "string" ? given["file_text"] : "";
      const parent = shellWord(path.slice(0, path.lastIndexOf("/")) || "/");
      const problem = await this.#write(path, content, `mkdir -p ${parent} && `);
      return problem ?? `File created successfully at: ${path}`;
    }
    if (kind !== "file") return `The path ${path} does not exist or is not a file.`;
    if (command === "undo_edit") {
      const earlier = this.#history.get(path)?.pop();
      if (earlier === undefined) return `No edit history found for ${path}.`;
      return (await this.#write(path, earlier)) ?? `Last edit to ${path} undone successfully.`;
    }
    if (command !== "str_replace" && command !== "insert") {
      return `The command must be one of view, create, str_replace, insert, undo_edit; got ${String(command)}.`;
    }
    const content = await this.#read(path);
    if (typeof content !== "string") return content.problem;
    const fresh = typeof given["new_str"] === "string" ? given["new_str"] : "";
    let edit: Edit;
    if (command === "insert") edit = insertAfter(content, wholeNumber(given["insert_line"]), fresh);
    else {
      const old = given["old_str"];
      edit = replaceOnce(content, typeof old === "string" ? old : "", fresh);
    }
    if (!edit.isDone) return `Nothing was changed in ${path}: ${edit.problem}`;
    const problem = await this.#write(path, edit.text);
    if (problem !== undefined) return problem;
    this.#history.set(path, [...(this.#history.get(path) ?? []), content]);
    return `The file ${path} has been edited. Here's the result of running \`cat -n\` on a snippet of ${path}:\n${edit.snippet}\nReview the changes and make sure they are as expected. Edit the file again if necessary.`;
  }

  async #view(path: string, given: Readonly<Record<string, unknown>>): Promise<string> {
    const place = shellWord(path);
    if ((await this.#inside(`test -d ${place}`)).exitCode === 0) {
      const listed = await this.#inside(
        `find ${place} -maxdepth 2 -not -path '*/.*' \\( -type d -o -name '*.py' \\) | sort`,
      );
      return `Here's the files and directories up to 2 levels deep in ${path}, excluding hidden items:\n${text(listed.stdout).trimEnd()}`;
    }
    const content = await this.#read(path);
    if (typeof content !== "string") return content.problem;
    const lines = content.split("\n");
    const range = rangeOf(given["view_range"]);
    const title = `Here's the result of running \`cat -n\` on ${path}:\n`;
    if (range !== undefined) {
      const [first, end] = range;
      const last = end === -1 ? lines.length : end;
      if (!(first >= 1 && first <= lines.length && last >= first)) {
        return `view_range must be two line numbers in [1, ${lines.length}], the last not before the first (or -1); got ${JSON.stringify(given["view_range"])}.`;
      }
      return title + numbered(lines.slice(first - 1, last), first, " ");
    }
    const isConcise = given["concise"] === true || given["concise"] === "True";
    if (path.endsWith(".py") && (isConcise || lines.length > outlineLines)) {
      return title + outline(content);
    }
    return title + numbered(lines, 1, " ");
  }

  async #read(path: string): Promise<string | { readonly problem: string }> {
    const place = shellWord(path);
    const result = await this.#inside(`[ -f ${place} ] && head -c ${maxFileBytes} -- ${place}`);
    if (result.exitCode !== 0) {
      return { problem: `The path ${path} does not exist or is not a file that can be read.` };
    }
    if (result.stdout.length >= maxFileBytes) {
      return { problem: `${path} is too long for the editor; use execute_bash.` };
    }
    const content = text(result.stdout);
    // What is not text would come back changed.
    if (content.includes("\uFFFD")) return { problem: `${path} is not a text in UTF-8.` };
    return content;
  }

  /** @returns What went wrong, if something did. */
  async #write(path: string, content: string, before = ""): Promise<string | undefined> {
    const result = await this.#inside(`${before}cat > ${shellWord(path)}`, content);
    if (result.exitCode === 0) return undefined;
    return `${path} could not be written: ${text(result.stderr).trim()}`;
  }
}

const text = (bytes: Buffer): string => bytes.toString("utf8");

function wholeNumber(value: unknown): number {
  return typeof value === "number" ? value : Number.parseInt(String(value), 10);
}

function rangeOf(value: unknown): readonly [number, number] | undefined {
  let list: unknown = value;
  if (typeof value === "string") {
    try {
      list = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  if (!Array.isArray(list) || list.length !== 2) return undefined;
  return [wholeNumber(list[0]), wholeNumber(list[1])];
}
