import { shellWord } from "../../shell-word.ts";
import { clipMiddle, quote } from "../clip.ts";
import { insertAfter, numberLines, outline, replaceOnce } from "../edit-text.ts";
import { decodeFile, encodeFile, toUnixBreaks, type FileText } from "../file-text.ts";
import { maxFileBytes, type Workspace } from "../workspace.ts";
import type { ScaffoldWording } from "../wording.ts";
import type { Tool } from "./tool.ts";

/**
 * Maximum number of lines of a Python file that is shown in full; a longer file is shown as an
 * outline.
 */
const outlineLines = 110;
/** Maximum length of a path in Linux, bytes. */
const maxPath = 4096;

/**
 * Creates the tool that views, creates and edits files, like R2E-Gym's `file_editor` and
 * SWE-agent's `str_replace_editor`.
 */
export const createFileEditor = ({ listed }: ScaffoldWording): Tool => ({
  schema: {
    type: "function",
    function: {
      name: "file_editor",
      description: `View, create and edit files. \`view\` shows a file with line numbers (of long Python files, only the outline), or lists the subdirectories and ${listed} of a directory, 2 levels deep. \`create\` writes a new file and fails if the file already exists. \`str_replace\` replaces \`old_str\`, which must match exactly one place in the file, including whitespace. \`insert\` adds lines after \`insert_line\`. \`undo_edit\` reverts the last edit of the file. Long output is truncated.`,
      parameters: {
        type: "object",
        properties: {
          command: {
            type: "string",
            enum: ["view", "create", "str_replace", "insert", "undo_edit"],
            description: "The command to run.",
          },
          path: {
            type: "string",
            description: "Absolute path of the file or directory.",
          },
          file_text: {
            type: "string",
            description: "Required by create: content of the new file.",
          },
          old_str: { type: "string", description: "Required by str_replace: the text to replace." },
          new_str: {
            type: "string",
            description:
              "The replacement for str_replace (default: empty, which deletes old_str). Required by insert: the lines to insert.",
          },
          insert_line: {
            type: "integer",
            description:
              "Required by insert: the line after which to insert; 0 inserts at the beginning.",
          },
          view_range: {
            type: "array",
            items: { type: "integer" },
            description:
              "For view: first and last line, such as [11, 20]. Lines start at 1; -1 as the last line means the end of the file.",
          },
          concise: { type: "boolean", description: "For view: hide the bodies of functions." },
        },
        required: ["command", "path"],
      },
    },
  },
  aliases: { names: ["str_replace_editor"] },
  requiredBy: {
    create: ["file_text"],
    str_replace: ["old_str"],
    insert: ["insert_line", "new_str"],
  },
  run: async (given, workspace) => {
    const answer = await edit(given as unknown as EditorArguments, workspace, listed);
    const { maxCharacters } = workspace;
    const text = clipMiddle(answer, { maxCharacters });
    const hint =
      text === answer ? "" : "\nFind the lines you need with grep -n, then view that range.";
    return { text: `Execution output of [file_editor]:\n${text}${hint}` };
  },
});

/** Arguments after validation. */
interface EditorArguments {
  readonly command: "view" | "create" | "str_replace" | "insert" | "undo_edit";
  readonly path: string;
  readonly file_text?: string;
  readonly old_str?: string;
  readonly new_str?: string;
  readonly insert_line?: number;
  readonly view_range?: readonly number[];
  readonly concise?: boolean;
}

async function edit(
  given: EditorArguments,
  workspace: Workspace,
  listed: ScaffoldWording["listed"],
): Promise<string> {
  const { command, path } = given;
  const name = quote(path);
  if (!path.startsWith("/")) return `path must be absolute and start with /, got ${name}.`;
  if (path.includes("\0")) return "path must not contain NUL characters.";
  if (path.length > maxPath) {
    return `path must have at most ${maxPath} characters, got ${path.length}.`;
  }
  if (command === "view") return view(given, workspace, listed);
  const location = shellWord(path);
  const found = await workspace.runInternal(
    `[ -d ${location} ] && echo folder || { [ -e ${location} ] && echo file; }`,
  );
  const kind = found.stdout.toString("utf8").trim();
  if (command === "create") {
    if (kind !== "") return `${name} already exists: create cannot overwrite it.`;
    const parent = shellWord(path.slice(0, path.lastIndexOf("/")) || "/");
    const problem = await write(workspace, path, given.file_text!, `mkdir -p ${parent} && `);
    return problem ?? `File created successfully at: ${name}`;
  }
  if (kind !== "file") return `${name} does not exist or is not a file.`;
  if (command === "undo_edit") {
    const earlier = workspace.edits.get(path)?.pop();
    if (earlier === undefined) return `No edit history found for ${name}.`;
    return (await write(workspace, path, earlier)) ?? `Last edit to ${name} undone successfully.`;
  }
  const file = await read(workspace, path);
  if ("problem" in file) return file.problem;
  const inFile = (text: string): string => (file.lineBreak === "\n" ? text : toUnixBreaks(text));
  const newText = inFile(given.new_str ?? "");
  const edited =
    command === "insert"
      ? insertAfter(file.text, given.insert_line!, newText)
      : replaceOnce(file.text, inFile(given.old_str!), newText);
  if (!edited.isDone) return `${name} was not changed: ${edited.problem}`;
  const bytes = encodeFile({ ...file, text: edited.text });
  if (bytes === undefined) {
    return `${name} was not changed: it is not in UTF-8, and new_str has characters beyond Latin-1.`;
  }
  const problem = await write(workspace, path, bytes);
  if (problem !== undefined) return problem;
  workspace.edits.set(path, [...(workspace.edits.get(path) ?? []), encodeFile(file)!]);
  return `The file ${name} has been edited. Here's the result of running \`cat -n\` on a snippet of ${name}:\n${edited.snippet}\nReview the changes and make sure they are as expected. Edit the file again if necessary.`;
}

async function view(
  given: EditorArguments,
  workspace: Workspace,
  listed: ScaffoldWording["listed"],
): Promise<string> {
  const { path, view_range: range, concise = false } = given;
  const name = quote(path);
  const location = shellWord(path);
  if ((await workspace.runInternal(`test -d ${location}`)).exitCode === 0) {
    const kinds = listed === "files" ? "-type d -o -type f" : "-type d -o -name '*.py'";
    const found = await workspace.runInternal(
      `find ${location} -maxdepth 2 -not -path '*/.*' \\( ${kinds} \\) | sort`,
    );
    return `Here are the directories and ${listed} up to 2 levels deep in ${name}, excluding hidden items:\n${found.stdout.toString("utf8").trimEnd()}`;
  }
  const file = await read(workspace, path);
  if ("problem" in file) return file.problem;
  const { text: content } = file;
  const lines = content.split("\n");
  const title = `Here's the result of running \`cat -n\` on ${name}:\n`;
  if (range !== undefined) {
    const [first = Number.NaN, end = Number.NaN] = range;
    const last = end === -1 ? lines.length : end;
    if (!(range.length === 2 && first >= 1 && first <= lines.length && last >= first)) {
      return `view_range must be two line numbers in [1, ${lines.length}], the first not greater than the last (-1 for the end of the file), got ${quote(JSON.stringify(range))}.`;
    }
    return title + numberLines(lines.slice(first - 1, last), first, " ");
  }
  if (path.endsWith(".py") && (concise || lines.length > outlineLines)) {
    return title + outline(content);
  }
  return title + numberLines(lines, 1, " ");
}

async function read(
  workspace: Workspace,
  path: string,
): Promise<FileText | { readonly problem: string }> {
  const name = quote(path);
  const location = shellWord(path);
  const result = await workspace.runInternal(
    `[ -f ${location} ] && head -c ${maxFileBytes} -- ${location}`,
  );
  if (result.exitCode !== 0) {
    return { problem: `${name} does not exist or is not a file that can be read.` };
  }
  if (result.stdout.length >= maxFileBytes) {
    return { problem: `${name} is too large for file_editor; use execute_bash.` };
  }
  return decodeFile(result.stdout) ?? { problem: `${name} is not a text file; use execute_bash.` };
}

/** Writes a file. @returns The problem, if it could not be written. */
async function write(
  workspace: Workspace,
  path: string,
  content: string | Uint8Array,
  before = "",
): Promise<string | undefined> {
  const result = await workspace.runInternal(`${before}cat > ${shellWord(path)}`, content);
  if (result.exitCode === 0) return undefined;
  return `${quote(path)} could not be written: ${result.stderr.toString("utf8").trim()}`;
}
