import { formatCount } from "@turnwise/core";
import { shellWord } from "../../shell-word.ts";
import { clipMiddle, quote } from "../clip.ts";
import type { Workspace } from "../workspace.ts";
import type { ScaffoldWording } from "../wording.ts";
import type { Tool } from "./tool.ts";

/** Maximum length of the search term and of the path, characters: the path limit of Linux. */
const maxArgument = 4096;
/** Maximum number of matching files that are listed. */
const maxFiles = 100;

/** Creates the tool that searches text in a file or folder, as R2E-Gym does. */
export const createSearch = ({ folder }: ScaffoldWording): Tool => ({
  schema: {
    type: "function",
    function: {
      name: "search",
      description:
        "Search for text in a file (returns line numbers) or in all files of a directory (returns counts).",
      parameters: {
        type: "object",
        properties: {
          search_term: {
            type: "string",
            description: "The text to search for; not a regular expression.",
          },
          path: {
            type: "string",
            description: `The file or directory to search. Default: ${folder}.`,
          },
        },
        required: ["search_term"],
      },
    },
  },
  run: async ({ search_term: term, path }, workspace) => {
    const answer = await find(String(term), typeof path === "string" ? path : ".", workspace);
    const { maxCharacters } = workspace;
    return {
      text: `Execution output of [search]:\n${clipMiddle(answer, { maxLines: 80, maxCharacters })}`,
    };
  },
});

const formatMatches = (count: number): string => formatCount(count, "match", "matches");

const tooLong = "The search took too long. Search a smaller directory, or use execute_bash.";

async function find(term: string, path: string, workspace: Workspace): Promise<string> {
  const inPath = `for "${quote(term)}" in ${quote(path)}`;
  if (Math.max(term.length, path.length) > maxArgument) {
    return `search_term and path must have at most ${maxArgument} characters, got ${term.length} and ${path.length}.`;
  }
  if (/[\0\n]/u.test(term) || path.includes("\0")) {
    return "search_term must be text of one line, without NUL characters.";
  }
  const [pattern, location] = [shellWord(term), shellWord(path)];
  const isFolder = (await workspace.runInternal(`test -d ${location}`)).exitCode === 0;
  if (!isFolder) {
    const found = await workspace.runInternal(`grep -n -F -e ${pattern} -- ${location}`);
    if (found.isTimedOut) return tooLong;
    if (found.exitCode === 1) return `No matches found ${inPath}`;
    if (found.exitCode !== 0) return `search: ${found.stderr.toString("utf8").trim()}`;
    return `Matches ${inPath}:\n${found.stdout.toString("utf8").trimEnd()}`;
  }
  const found = await workspace.runInternal(
    `grep -rIcFZ --exclude='.*' --exclude-dir='.?*' -e ${pattern} -- ${location}`,
  );
  if (found.isTimedOut) return tooLong;
  // Each entry is a file name, a zero byte, a count and a line break, because names may contain
  // line breaks.
  const files = Array.from(
    found.stdout.toString("utf8").matchAll(/([^\0]+)\0(\d+)\n/gu),
    ([, name, count]) => ({ name: name!, count: Number(count) }),
  )
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (files.length === 0) return `No matches found ${inPath}`;
  if (files.length > maxFiles) {
    return `More than ${maxFiles} files matched ${inPath} (${files.length} files). Narrow your search.`;
  }
  const total = files.reduce((sum, { count }) => sum + count, 0);
  const lines = files.map(({ name, count }) => `${name} (${formatMatches(count)})`);
  return `Found ${formatMatches(total)} ${inPath}:\n${lines.join("\n")}\nEnd of matches ${inPath}`;
}
