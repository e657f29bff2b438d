import { isRecord } from "../../is-record.ts";

/** A commit as R2E-Gym stores it: files, hunks, lines. Only what a patch needs is looked at. */
type Plain = Readonly<Record<string, unknown>>;

function plain(value: unknown, name: string): Plain {
  if (isRecord(value)) return value;
  throw new TypeError(`hold an object at ${name}`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`hold a list at ${name}`);
}

function text(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new TypeError(`hold a text at ${name}`);
}

function whole(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TypeError(`hold a whole number at ${name}`);
}

function range(value: unknown, name: string): string {
  const { start, length } = plain(value, name);
  const first = whole(start, `${name}.start`);
  return length === null || length === undefined
    ? `${first}`
    : `${first},${whole(length, `${name}.length`)}`;
}

/** Whether R2E-Gym counts a path as a test. */
export function isR2eTestPath(path: string): boolean {
  const parts = path.split("/");
  const file = parts.at(-1)!;
  return (
    parts.some((part) => part === "tests" || part === "test") ||
    /^test_.*|_test\.py$/u.test(file) ||
    parts.includes("testing")
  );
}

/**
 * The change of an R2E-Gym commit as a unified diff, files that are tests left out.
 * @param content - The value of `parsed_commit_content`.
 * @throws `TypeError` naming what has not the right form.
 */
export function r2eGoldPatch(content: unknown): string {
  const files = list(plain(content, "commit")["file_diffs"], "file_diffs");
  let patch = "";
  for (const [i, entry] of files.entries()) {
    const name = `file_diffs[${i}]`;
    const file = plain(entry, name);
    const header = plain(plain(file["header"], `${name}.header`)["file"], `${name}.header.file`);
    const path = text(header["path"], `${name}.header.file.path`);
    if (isR2eTestPath(path) || file["is_binary_file"] === true) continue;
    patch += `diff --git a/${path} b/${path}\n`;
    const misc = plain(file["header"], `${name}.header`)["misc_line"];
    if (typeof misc === "string" && misc !== "") patch += `${misc}\n`;
    const hunks = list(file["hunks"] ?? [], `${name}.hunks`);
    if (hunks.length === 0) continue;
    const side = (key: string, prefix: string): string => {
      const value = file[key];
      if (value === null || value === undefined) return `${prefix}/${path}`;
      const given = text(plain(value, `${name}.${key}`)["path"], `${name}.${key}.path`);
      return given === "/dev/null" ? given : `${prefix}/${given.replace(/^[ab]\//u, "")}`;
    };
    patch += `--- ${side("minus_file", "a")}\n+++ ${side("plus_file", "b")}\n`;
    for (const [j, part] of hunks.entries()) {
      patch += hunkText(plain(part, `${name}.hunks[${j}]`), `${name}.hunks[${j}]`);
    }
  }
  return patch;
}

const signs: Readonly<Record<string, string>> = {
  context: " ",
  added: "+",
  deleted: "-",
  note: "",
};

function hunkText(hunk: Plain, name: string): string {
  const descriptor = plain(hunk["descriptor"], `${name}.descriptor`);
  const old = range(descriptor["old_range"], `${name}.descriptor.old_range`);
  const renewed = range(descriptor["new_range"], `${name}.descriptor.new_range`);
  const section = descriptor["section"];
  const heading = typeof section === "string" && section !== "" ? ` ${section}` : "";
  let result = `@@ -${old} +${renewed} @@${heading}\n`;
  const group = plain(hunk["line_group"], `${name}.line_group`);
  for (const [k, value] of list(group["all_lines"], `${name}.line_group.all_lines`).entries()) {
    const line = plain(value, `${name}.line_group.all_lines[${k}]`);
    const type = text(line["type"], `${name}.line_group.all_lines[${k}].type`);
    const sign = signs[type];
    if (sign === undefined) throw new TypeError(`know the type of line ${k} of ${name} (${type})`);
    const content = text(line["content"], `${name}.line_group.all_lines[${k}].content`);
    result += type === "note" ? `\\ ${content.replace(/^\\ /u, "")}\n` : `${sign}${content}\n`;
  }
  return result;
}
