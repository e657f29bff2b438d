/**
 * Creates the unified diff of a file with one contiguous change, as git writes it: three lines of
 * context, no index line.
 * @param before - Old text; `undefined` for a new file. Both texts end in a line feed.
 */
export function fileDiff(path: string, before: string | undefined, after: string): string {
  if (before === after) return "";
  const added = after.split("\n").slice(0, -1);
  if (before === undefined) {
    return (
      `diff --git a/${path} b/${path}\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n` +
      `@@ -0,0 +1,${added.length} @@\n${added.map((line) => `+${line}\n`).join("")}`
    );
  }
  const removed = before.split("\n").slice(0, -1);
  let start = 0;
  while (start < removed.length && removed[start] === added[start]) start += 1;
  let same = 0;
  const room = Math.min(removed.length, added.length) - start;
  while (same < room && removed.at(-1 - same) === added.at(-1 - same)) same += 1;
  const first = Math.max(0, start - 3);
  const tail = Math.min(3, same);
  const [oldEnd, newEnd] = [removed.length - same, added.length - same];
  const lines = [
    ...removed.slice(first, start).map((line) => ` ${line}`),
    ...removed.slice(start, oldEnd).map((line) => `-${line}`),
    ...added.slice(start, newEnd).map((line) => `+${line}`),
    ...removed.slice(oldEnd, oldEnd + tail).map((line) => ` ${line}`),
  ];
  const range = `-${first + 1},${oldEnd + tail - first} +${first + 1},${newEnd + tail - first}`;
  return `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ ${range} @@\n${lines.join("\n")}\n`;
}
