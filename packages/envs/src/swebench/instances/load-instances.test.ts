import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { logParserNames } from "../grading/log-parsers.ts";
import { sharedSwebench } from "../testing/shared-data.ts";
import { sweBenchImage } from "./adapters.ts";
import { tableEvalScript, testDirectives, addExitCode } from "./eval-script.ts";
import { InstanceError } from "./instance-error.ts";
import { loadInstances } from "./load-instances.ts";
import { selectInstances } from "./select-instances.ts";

const data = sharedSwebench();
const folder = mkdtempSync(join(tmpdir(), "turnwise-instances-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const patch = `diff --git a/src/a.py b/src/a.py
--- a/src/a.py
+++ b/src/a.py
@@ -1,2 +1,2 @@
-old
+new
 same
`;
const testPatch = `diff --git a/tests/test_a.py b/tests/test_a.py
--- a/tests/test_a.py
+++ b/tests/test_a.py
@@ -1 +1,2 @@
 same
+more
diff --git a/tests/new.json b/tests/new.json
new file mode 100644
--- /dev/null
+++ b/tests/new.json
@@ -0,0 +1 @@
+{}
`;
const row = {
  instance_id: "Owner__name-1",
  repo: "psf/requests",
  version: "2.0",
  base_commit: "abc",
  patch,
  test_patch: testPatch,
  problem_statement: "It breaks.\r\n",
  FAIL_TO_PASS: '["t::a"]',
  PASS_TO_PASS: ["t::b"],
};
const lines = (...rows: readonly unknown[]): string =>
  `${rows.map((entry) => JSON.stringify(entry)).join("\n")}\n`;

it("reads text with a byte order mark or in UTF-16, and rejects bytes that are not text", async () => {
  const json = `\uFEFF${JSON.stringify(row)}\n`;
  const marked = file("marked.jsonl", json);
  const wide = file("wide.jsonl", Buffer.from(json, "utf16le"));
  expect(await loadInstances(wide)).toEqual(await loadInstances(marked));
  const latin = file("latin.jsonl", Buffer.from(`${JSON.stringify(row)}\né`, "latin1"));
  await expect(loadInstances(latin)).rejects.toThrow(
    /latin\.jsonl: text must be UTF-8, got byte 0xe9 at offset \d+ \(line 2\)$/u,
  );
});

describe("loadInstances", () => {
  it("completes a 4.x row from the table of repositories", async () => {
    const [instance] = await loadInstances(file("old.jsonl", lines(row)));
    expect(instance).toMatchObject({
      format: "swe-bench",
      image: "swebench/sweb.eval.x86_64.owner_1776_name-1:latest",
      logParser: "parse_log_requests",
      evalType: "pass_and_fail",
      failToPass: ["t::a"],
      passToPass: ["t::b"],
      problemStatement: "It breaks.\r\n",
    });
    expect(instance).toHaveProperty(
      "evalScript",
      expect.stringContaining("\npytest -rA tests/test_a.py\n"),
    );
  });

  it("reads gzip, a JSON list and a single object", async () => {
    const expected = await loadInstances(file("plain.jsonl", lines(row)));
    const others = [
      file("zipped.jsonl", gzipSync(lines(row))),
      file("list.json", JSON.stringify([row], null, 1)),
      file("one.json", JSON.stringify(row, null, 2)),
    ];
    for (const path of others) expect(await loadInstances(path)).toEqual(expected);
  });

  it("reads R2E-Gym rows, gold patch and expected outcomes included", async () => {
    const commit = {
      file_diffs: [
        {
          header: { file: { path: "pkg/core.py" }, misc_line: null },
          index_line: {},
          is_binary_file: false,
          minus_file: { path: "a/pkg/core.py" },
          plus_file: { path: "b/pkg/core.py" },
          hunks: [
            {
              descriptor: {
                old_range: { start: 1, length: 2 },
                new_range: { start: 1, length: 2 },
                section: "def f():",
              },
              line_group: {
                all_lines: [
                  { content: "same", type: "context" },
                  { content: "old", type: "deleted" },
                  { content: "new", type: "added" },
                ],
              },
            },
          ],
        },
        { header: { file: { path: "pkg/tests/test_core.py" } }, hunks: [] },
      ],
    };
    const [instance] = await loadInstances(
      file(
        "r2e.jsonl",
        lines({
          repo_name: "aiohttp",
          docker_image: "user/aiohttp_final:0123456789abcdef",
          commit_hash: "0123456789abcdef",
          parsed_commit_content: JSON.stringify(commit),
          expected_output_json: '{"TestA.b":"PASSED","c":"FAILED"}',
          problem_statement: "[ISSUE]\nIt breaks.\n[/ISSUE]",
        }),
      ),
    );
    expect(instance).toEqual({
      format: "r2e-gym",
      id: "aiohttp__0123456789ab",
      repo: "aiohttp",
      commit: "0123456789abcdef",
      image: "user/aiohttp_final:0123456789abcdef",
      problemStatement: "It breaks.",
      goldPatch:
        "diff --git a/pkg/core.py b/pkg/core.py\n--- a/pkg/core.py\n+++ b/pkg/core.py\n@@ -1,2 +1,2 @@ def f():\n same\n-old\n+new\n",
      expectedStatuses: [
        ["TestA.b", "PASSED"],
        ["c", "FAILED"],
      ],
    });
  });

  it("reverses the bug of a SWE-smith row into the gold patch", async () => {
    const [instance] = await loadInstances(
      file(
        "smith.jsonl",
        lines({
          instance_id: "o__r.01234567.func__1",
          repo: "swesmith/o__r.01234567",
          image_name: "image",
          patch,
          FAIL_TO_PASS: ["t::a"],
          PASS_TO_PASS: [],
        }),
      ),
    );
    expect(instance!.goldPatch).toBe(
      "diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,2 @@\n-new\n+old\n same\n",
    );
  });

  it("names the file, the line, the field, the rule and the value of a bad row", async () => {
    const messageOf = async (path: string): Promise<string> =>
      loadInstances(path).then(
        () => "nothing",
        (error: Error) => `${error.name} ${error.message}`,
      );
    const { repo: _repo, ...withoutRepo } = row;
    const cases: readonly (readonly [string | Buffer, string])[] = [
      [lines(row, withoutRepo), "line 2: repo must be a string, got undefined"],
      [
        lines({ ...row, FAIL_TO_PASS: "[1]" }),
        'line 1: FAIL_TO_PASS must be a list of strings, or a string with such a list in JSON, got "[1]"',
      ],
      [lines({ ...row, FAIL_TO_PASS: "[" }), 'line 1: FAIL_TO_PASS must be valid JSON, got "["'],
      [
        lines({ ...row, repo: "me/mine" }),
        "line 1: log_parser must be given for a repository without built-in rules (me/mine), got undefined",
      ],
      [
        lines({ ...row, repo: "me/mine", log_parser: "parse_log_pytest" }),
        "line 1: eval_script must be given for a repository without built-in rules (me/mine), got undefined",
      ],
      [
        lines(row, { ...row, instance_id: "b", log_parser: "parse_log_none" }),
        `line 2: log_parser must be one of ${logParserNames.join(", ")}, got "parse_log_none"`,
      ],
      [
        lines({ ...row, eval_type: "all" }),
        'line 1: eval_type must be pass_and_fail or fail_only, got "all"',
      ],
      [
        lines(row, row),
        'line 2: instance_id must be unique in a file, got "Owner__name-1", as in line 1',
      ],
      ["\n", "file must contain an instance, got none"],
      ["nonsense\n", 'line 1: row is not valid JSON: "nonsense"'],
      ["[1]", "row 1: row must be an object, got 1"],
      [
        gzipSync(lines(row)).subarray(0, 40),
        "file is not complete gzip data: unexpected end of file",
      ],
    ];
    for (const [i, [content, message]] of cases.entries()) {
      const path = file(`bad-${i}.jsonl`, content);
      expect(await messageOf(path)).toBe(`InstanceError ${path}: ${message}`);
    }
    expect(await messageOf(join(folder, "missing"))).toContain("missing: file cannot be read");
  });
});

describe("selectInstances", () => {
  it("filters by patterns, in a seeded order that does not depend on the file's", async () => {
    const rows = ["a__x-1", "a__x-2", "b__y-1", "b__y-2", "b__y-3"].map((id) => ({
      ...row,
      instance_id: id,
    }));
    const instances = await loadInstances(file("many.jsonl", lines(...rows)));
    const ids = (chosen: readonly { readonly id: string }[]): string[] =>
      chosen.map(({ id }) => id);
    expect(ids(selectInstances(instances, { ids: ["b__*"], limit: 2 }))).toEqual([
      "b__y-1",
      "b__y-2",
    ]);
    expect(ids(selectInstances(instances, { repos: ["psf/*"] }))).toHaveLength(5);
    expect(selectInstances(instances, { maxFailToPass: 0 })).toEqual([]);
    const shuffled = ids(selectInstances(instances, { seed: 1 }));
    expect(shuffled.toSorted()).toEqual(ids(instances));
    expect(shuffled).not.toEqual(ids(instances));
    expect(ids(selectInstances(instances.toReversed(), { seed: 1 }))).toEqual(shuffled);
  });
});

describe("eval scripts", () => {
  it("passes dotted labels to django's runner and skips data files", () => {
    expect(testDirectives("django/django", testPatch)).toEqual(["test_a"]);
    expect(testDirectives("psf/requests", testPatch)).toEqual(["tests/test_a.py"]);
  });

  it("never checks out an empty list of files", () => {
    const added = testPatch.slice(testPatch.indexOf("diff --git a/tests/new"));
    const script = tableEvalScript("psf/requests", "2.0", "abc", added)!;
    expect(script).not.toMatch(/git checkout abc *\n/u);
    expect(script).toContain("rm -f tests/new.json\n");
  });

  it("adds the exit code of the tests around the end marker, once", () => {
    const script = "run\n: '>>>>> End Test Output'\nafter\n";
    const wanted =
      "run\nSWEBENCH_TEST_EXIT_CODE=$?\n: '>>>>> End Test Output'\n" +
      'echo ">>>>> Test Exit Code: $SWEBENCH_TEST_EXIT_CODE"\nafter\n';
    expect(addExitCode(script)).toBe(wanted);
    expect(addExitCode(wanted)).toBe(wanted);
  });
});

describe("damaged Parquet files", () => {
  const cutOff = /: Parquet file must start and end with PAR1; is it cut off or damaged\?$/u;
  const invalid =
    /: file must be valid Parquet with SNAPPY or no compression; reading it failed: /u;
  it.each<[string, Buffer, RegExp]>([
    ["without its end", Buffer.from("PAR1 and no more rows"), cutOff],
    ["without its start", Buffer.from("rows\0\0\0\0PAR1"), cutOff],
    ["of its marks alone", Buffer.from("PAR1"), invalid],
    [
      "with a random footer",
      Buffer.from(`PAR1${"\x9e\x51\x07".repeat(40)}\x40\0\0\0PAR1`),
      invalid,
    ],
    [
      "with a footer longer than the file",
      Buffer.from("PAR1\xff\xff\xff\x7fPAR1", "latin1"),
      invalid,
    ],
  ])("refuses one %s", async (_name, bytes, message) => {
    const path = file("damaged.parquet", bytes);
    await expect(loadInstances(path)).rejects.toThrow(message);
    await expect(loadInstances(path)).rejects.toBeInstanceOf(InstanceError);
  });
});

describe.skipIf(data === undefined)("published data", () => {
  it("reads the same 500 instances of Verified from JSON Lines and from Parquet", async () => {
    const fromLines = await loadInstances(join(data!, "verified.jsonl.gz"));
    const fromParquet = await loadInstances(join(data!, "SWE-bench_Verified-test.parquet"));
    expect(fromLines).toHaveLength(500);
    expect(fromParquet).toEqual(fromLines);
  });

  it("refuses the Parquet file with damaged pages or a damaged footer", async () => {
    const whole = readFileSync(join(data!, "SWE-bench_Verified-test.parquet"));
    const footer = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
    for (const start of [4, 40, 400, 4000, footer, footer + 40]) {
      const damaged = Buffer.from(whole).fill(0xff, start, start + 64);
      const path = file("damaged-verified.parquet", damaged);
      await expect(loadInstances(path)).rejects.toBeInstanceOf(InstanceError);
    }
  });

  it("derives the published image and script of every row from the tables", async () => {
    let numScripts = 0;
    const differing: string[] = [];
    for (const name of ["verified", "lite"]) {
      for (const instance of await loadInstances(join(data!, `${name}.jsonl.gz`))) {
        if (instance.format !== "swe-bench") throw new Error(instance.format);
        expect(instance.image).toBe(sweBenchImage(instance.id));
        const { repo, version, baseCommit, testPatch } = instance;
        numScripts += 1;
        if (tableEvalScript(repo, version, baseCommit, testPatch) === instance.evalScript) continue;
        // If the test patch adds files, the published script checks out files that the commit does
        // not contain; this project's script removes them. All other differences are counted.
        if (!testPatch.includes("\nnew file mode ")) differing.push(instance.id);
      }
    }
    // A renamed test, and two rows with special lines.
    expect(differing).toEqual([
      "astropy__astropy-7336",
      "astropy__astropy-8707",
      "astropy__astropy-8872",
    ]);
    expect(numScripts).toBe(800);
  });
});
