/** Part of a unified diff that changes one file. */
export interface FilePatch {
  /** Text from `diff --git` up to the next `diff --git`, including line breaks. */
  readonly text: string;
  /** Path before the change; the new path if the file is new. */
  readonly oldPath: string;
  /** Path after the change; the old path if the file is deleted. */
  readonly newPath: string;
  readonly isNew: boolean;
  readonly isDeleted: boolean;
  readonly isBinary: boolean;
}

/** Decodes a path that git quoted: C escapes, bytes in octal. */
function unquote(path: string): string {
  if (!path.startsWith('"') || !path.endsWith('"')) return path;
  const bytes: number[] = [];
  const inner = Buffer.from(path.slice(1, -1), "utf8");
  const escapes: Readonly<Record<string, number>> = {
    a: 7,
    b: 8,
    t: 9,
    n: 10,
    v: 11,
    f: 12,
    r: 13,
  };
  for (let i = 0; i < inner.length; i++) {
    if (inner[i] !== 0x5c) {
      bytes.push(inner[i]!);
      continue;
    }
    const octal = /^[0-7]{3}/u.exec(inner.subarray(i + 1, i + 4).toString("latin1"));
    if (octal) {
      bytes.push(Number.parseInt(octal[0], 8));
      i += 3;
    } else {
      i += 1;
      const letter = String.fromCharCode(inner[i] ?? 0x5c);
      bytes.push(escapes[letter] ?? letter.charCodeAt(0));
    }
  }
  return Buffer.from(bytes).toString("utf8");
}

function headerPaths(line: string): readonly [string, string] {
  const rest = line.slice("diff --git ".length);
  const quoted = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/u.exec(rest);
  const strip = (path: string): string => unquote(path).replace(/^[^/]*\//u, "");
  if (quoted) return [strip(quoted[1]!), strip(quoted[2]!)];
  // A path with spaces that is not renamed: the two halves are equal except for their prefix.
  const half = (rest.length - 1) / 2;
  const [first, second] = [rest.slice(0, half), rest.slice(half + 1)];
  if (Number.isInteger(half) && strip(first) === strip(second)) {
    return [strip(first), strip(second)];
  }
  const middle = rest.lastIndexOf(" b/");
  return middle === -1
    ? [strip(rest), strip(rest)]
    : [strip(rest.slice(0, middle)), strip(rest.slice(middle + 1))];
}

/**
 * Splits the output of `git diff` into files, in order. Text before the first `diff --git` is
 * dropped; a text without `diff --git` gives an empty list.
 */
export function splitPatch(patch: string): FilePatch[] {
  const files: FilePatch[] = [];
  const lines = patch.split("\n");
  let start = -1;
  let header: string[] = [];
  let isInHeader = false;
  const close = (end: number): void => {
    if (start === -1) return;
    const isLast = end === lines.length;
    const text = `${lines.slice(start, end).join("\n")}${isLast ? "" : "\n"}`;
    let [oldPath, newPath] = headerPaths(header[0]!);
    const field = (name: string): string | undefined =>
      header.find((line) => line.startsWith(name))?.slice(name.length);
    const isNew = field("new file mode") !== undefined;
    const isDeleted = field("deleted file mode") !== undefined;
    oldPath = readPath(field("rename from ") ?? field("copy from ")) ?? oldPath;
    newPath = readPath(field("rename to ") ?? field("copy to ")) ?? newPath;
    const isBinary = header.some(
      (line) => line.startsWith("GIT binary patch") || line.startsWith("Binary files "),
    );
    files.push({ text, oldPath, newPath, isNew, isDeleted, isBinary });
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith("diff --git ")) {
      close(i);
      start = i;
      header = [line];
      isInHeader = true;
      continue;
    }
    // Every line of a hunk starts with a space, a sign or a backslash, so no line of a hunk looks
    // like a header.
    if (line.startsWith("@@ ")) isInHeader = false;
    else if (isInHeader) header.push(line);
  }
  close(lines.length);
  return files;
}

function readPath(field: string | undefined): string | undefined {
  return field === undefined ? undefined : unquote(field);
}
