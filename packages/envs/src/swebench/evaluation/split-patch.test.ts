import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reversePatch } from "../instances/reverse-patch.ts";
import { splitPatch } from "./split-patch.ts";

describe("splitPatch", () => {
  it("distinguishes new, deleted, renamed and binary files, and reads quoted paths", () => {
    const patch = [
      "diff --git a/new.py b/new.py",
      "new file mode 100644",
      "--- /dev/null",
      "+++ b/new.py",
      "@@ -0,0 +1 @@",
      "+deleted file mode in a line",
      "diff --git a/gone.py b/gone.py",
      "deleted file mode 100644",
      "diff --git a/old name.py b/new name.py",
      "similarity index 100%",
      "rename from old name.py",
      "rename to new name.py",
      'diff --git "a/caf\\303\\251.png" "b/caf\\303\\251.png"',
      "GIT binary patch",
      "diff --git a/with blank.py b/with blank.py",
      "",
    ].join("\n");
    expect(
      splitPatch(patch).map(({ text: _text, ...rest }) => Object.values(rest).join(" | ")),
    ).toEqual([
      "new.py | new.py | true | false | false",
      "gone.py | gone.py | false | true | false",
      "old name.py | new name.py | false | false | false",
      "café.png | café.png | false | false | true",
      "with blank.py | with blank.py | false | false | false",
    ]);
    expect(
      splitPatch(patch)
        .map(({ text }) => text)
        .join(""),
    ).toBe(patch);
  });

  it("finds nothing in a text without a diff", () => {
    expect(splitPatch("hello\n--- a\n+++ b\n")).toEqual([]);
  });
});

describe("reversePatch", () => {
  const line = fc.string({ unit: fc.constantFrom("a", "b", " ", "-", "+") });
  it("restores the patch when it is reversed twice", () => {
    const hunk = fc
      .tuple(fc.array(line), fc.array(line), fc.array(line))
      .map(
        ([removed, added, kept]) =>
          `@@ -1,${removed.length + kept.length} +1,${added.length + kept.length} @@ f\n${[
            ...removed.map((text) => `-${text}`),
            ...added.map((text) => `+${text}`),
            ...kept.map((text) => ` ${text}`),
          ].join("\n")}\n`,
      );
    fc.assert(
      fc.property(fc.array(hunk, { minLength: 1 }), (hunks) => {
        const patch = `diff --git a/x.py b/x.py\nindex 1111111..2222222 100644\n--- a/x.py\n+++ b/x.py\n${hunks.join("")}`;
        expect(reversePatch(reversePatch(patch))).toBe(patch);
      }),
    );
  });

  it("turns a new file into a deleted one", () => {
    const added =
      "diff --git a/x b/x\nnew file mode 100644\nindex 0000000..1111111\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+one\n\\ No newline at end of file\n";
    expect(reversePatch(added)).toBe(
      "diff --git a/x b/x\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n\\ No newline at end of file\n",
    );
  });
});
