import { isRecord } from "../../is-record.ts";

/**
 * A commit as R2E-Gym stores it: files, hunks, lines. Contains only the fields that a patch needs.
 */
type Plain = Readonly<Record<string, unknown>>;

function readObject(value: unknown, name: string): Plain {
  if (isRecord(value)) return value;
  throw new TypeError(`contain an object at ${name}`);
}

function readList(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`contain a list at ${name}`);
}

function readText(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new TypeError(`contain a string at ${name}`);
}

function readInteger(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TypeError(`contain an integer at ${name}`);
}

function formatRange(value: unknown, name: string): string {
  const { start, length } = readObject(value, name);
  const first = readInteger(start, `${name}.start`);
  return length === null || length === undefined
    ? `${first}`
    : `${first},${readInteger(length, `${name}.length`)}`;
}

/** True if R2E-Gym counts a path as a test. */
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
 * Unified diff of an R2E-Gym commit, without files that are tests.
 * @param content - Value of `parsed_commit_content`.
 * @throws `TypeError` that names the part with the wrong form.
 */
export function r2eGoldPatch(content: unknown): string {
  const files = readList(readObject(content, "commit")["file_diffs"], "file_diffs");
  let patch = "";
  for (const [i, entry] of files.entries()) {
    const name = `file_diffs[${i}]`;
    const file = readObject(entry, name);
    const header = readObject(
      readObject(file["header"], `${name}.header`)["file"],
      `${name}.header.file`,
    );
    const path = readText(header["path"], `${name}.header.file.path`);
    if (isR2eTestPath(path) || file["is_binary_file"] === true) continue;
    patch += `diff --git a/${path} b/${path}\n`;
    const misc = readObject(file["header"], `${name}.header`)["misc_line"];
    if (typeof misc === "string" && misc !== "") patch += `${misc}\n`;
    const hunks = readList(file["hunks"] ?? [], `${name}.hunks`);
    if (hunks.length === 0) continue;
    const side = (key: string, prefix: string): string => {
      const value = file[key];
      if (value === null || value === undefined) return `${prefix}/${path}`;
      const given = readText(readObject(value, `${name}.${key}`)["path"], `${name}.${key}.path`);
      return given === "/dev/null" ? given : `${prefix}/${given.replace(/^[ab]\//u, "")}`;
    };
    patch += `--- ${side("minus_file", "a")}\n+++ ${side("plus_file", "b")}\n`;
    for (const [j, part] of hunks.entries()) {
      patch += hunkText(readObject(part, `${name}.hunks[${j}]`), `${name}.hunks[${j}]`);
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
  const descriptor = readObject(hunk["descriptor"], `${name}.descriptor`);
  const old = formatRange(descriptor["old_range"], `${name}.descriptor.old_range`);
  const renewed = formatRange(descriptor["new_range"], `${name}.descriptor.new_range`);
  const section = descriptor["section"];
  const heading = typeof section === "string" && section !== "" ? ` ${section}` : "";
  let result = `@@ -${old} +${renewed} @@${heading}\n`;
  const group = readObject(hunk["line_group"], `${name}.line_group`);
  for (const [k, value] of readList(group["all_lines"], `${name}.line_group.all_lines`).entries()) {
    const line = readObject(value, `${name}.line_group.all_lines[${k}]`);
    const type = readText(line["type"], `${name}.line_group.all_lines[${k}].type`);
    const sign = signs[type];
    if (sign === undefined)
      throw new TypeError(`contain a known line type at line ${k} of ${name} (${type})`);
    const content = readText(line["content"], `${name}.line_group.all_lines[${k}].content`);
    result += type === "note" ? `\\ ${content.replace(/^\\ /u, "")}\n` : `${sign}${content}\n`;
  }
  return result;
}
