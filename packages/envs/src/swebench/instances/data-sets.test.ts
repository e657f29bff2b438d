import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readInstance } from "./data-sets.ts";
import { parsePythonTexts } from "./fields.ts";
import { loadInstances } from "./load-instances.ts";

const folder = mkdtempSync(join(tmpdir(), "turnwise-rows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const testPatch = `diff --git a/tests/test_a.py b/tests/test_a.py
--- a/tests/test_a.py
+++ b/tests/test_a.py
@@ -1 +1,2 @@
 same
+more
`;
const row = {
  instance_id: "Owner__name-1",
  repo: "psf/requests",
  base_commit: "abc",
  patch: "diff",
  test_patch: testPatch,
  problem_statement: "It breaks.",
  FAIL_TO_PASS: ["t::a"],
  PASS_TO_PASS: ["t::b"],
};

describe("rows of published data sets", () => {
  it("prefers a row's own image, under any field name, to the benchmark's", () => {
    for (const field of ["image", "docker_image", "image_name"]) {
      expect(readInstance({ ...row, [field]: "own/image:1" }, "f")).toHaveProperty(
        "image",
        "own/image:1",
      );
    }
    expect(readInstance(row, "f").image).toBe("swebench/sweb.eval.x86_64.owner_1776_name-1:latest");
  });

  it("ignores unused fields: dates, numbers and other types are no error", () => {
    const odd = { ...row, version: 2.1, created_at: new Date(0), hints_text: 7, difficulty: {} };
    expect(readInstance(odd, "f")).toMatchObject({ version: "2.1", createdAt: "" });
  });

  it("reads SWE-rebench: command and parser from install_config, image from the row", () => {
    const config = { test_cmd: "pytest --no-header -rA", log_parser: "parse_log_pytest" };
    const first = { ...row, docker_image: "swerebench/x:1", install_config: config };
    expect(readInstance(first, "f")).toMatchObject({
      image: "swerebench/x:1",
      logParser: "parse_log_pytest",
      evalScript: expect.stringContaining("\npytest --no-header -rA tests/test_a.py\n"),
    });
    const { docker_image: _image, ...without } = first;
    expect(() => readInstance(without, "f: row 1")).toThrow(
      "f: row 1: docker_image must name the image of the row, got undefined",
    );
    const second = {
      ...first,
      language: "python",
      install_config: { ...config, test_cmd: ["a", "b"] },
    };
    expect(readInstance(second, "f")).toMatchObject({
      folder: "/requests",
      evalScript: expect.stringContaining("\na\nb\n:"),
    });
    const go = { ...second, install_config: { ...config, log_parser: "parse_log_none" } };
    expect(() => readInstance(go, "f: row 1")).toThrow(
      "f: row 1: install_config: log_parser must be one of",
    );
  });

  it("reads SWE-Gym: command by repository, image by rule", () => {
    expect(
      readInstance({ ...row, repo: "getmoto/moto", instance_id: "getmoto__moto-1" }, "f"),
    ).toMatchObject({
      image: "xingyaoww/sweb.eval.x86_64.getmoto_s_moto-1:latest",
      evalScript: expect.stringContaining("\npytest -n0 -rA tests/test_a.py\n"),
    });
    const mypy = {
      ...row,
      repo: "python/mypy",
      test_patch: `${testPatch}+[case testOne]\n+[case testTwo]\n`,
    };
    expect(readInstance(mypy, "f")).toHaveProperty(
      "evalScript",
      expect.stringContaining("\npytest -n0 -rA -k 'testOne or testTwo'\n"),
    );
  });

  it("reads SWE-bench-Live: unchanged commands", () => {
    const live = { ...row, test_cmds: ["pytest -rA"], log_parser: "pytest" };
    expect(readInstance(live, "f")).toMatchObject({
      image: "starryzhang/sweb.eval.x86_64.owner_1776_name-1:latest",
      logParser: "parse_log_pytest",
      evalScript: expect.stringContaining("\npytest -rA\n"),
    });
  });

  it("reads Multi-SWE-bench if the row names a parser", () => {
    const multi = {
      org: "cli",
      repo: "cli",
      number: 10,
      base: { sha: "abc" },
      fix_patch: "diff",
      test_patch: testPatch,
      resolved_issues: [{ number: 1, title: "Broken", body: "Very." }],
      f2p_tests: { one: {} },
      n2p_tests: { two: {} },
      p2p_tests: { three: {} },
      log_parser: "parse_log_pytest",
    };
    expect(readInstance(multi, "f")).toMatchObject({
      id: "cli__cli-10",
      repo: "cli/cli",
      image: "mswebench/cli_m_cli:pr-10",
      folder: "/home/cli",
      hidden: ["/home/fix.patch", "/home/test.patch", "/home/fix-run.sh", "/home/test-run.sh"],
      baseCommit: "abc",
      problemStatement: "Broken\n\nVery.",
      failToPass: ["one", "two"],
      passToPass: ["three"],
    });
    const { log_parser: _parser, ...without } = multi;
    expect(() => readInstance(without, "f")).toThrow("f: log_parser must be given");
  });

  it("reads SWE-bench Pro if the row contains its test script", () => {
    const { FAIL_TO_PASS: _f, PASS_TO_PASS: _p, ...rest } = row;
    const pro = {
      ...rest,
      dockerhub_tag: "o.n-1",
      fail_to_pass: "['a | it\\'s', \"b\"]",
      pass_to_pass: "[]",
      selected_test_files_to_run: '["x.py", "y.py"]',
      requirements: "It must.",
      run_script: "pytest -rA $1",
      log_parser: "pytest",
    };
    expect(readInstance(pro, "f")).toMatchObject({
      image: "jefzda/sweap-images:o.n-1",
      folder: "/app",
      failToPass: ["a | it's", "b"],
      passToPass: [],
      problemStatement: "It breaks.\n\nIt must.",
      evalScript: expect.stringContaining("\nbash /tmp/run_script.sh x.py,y.py\n"),
    });
    const { run_script: _script, ...without } = pro;
    expect(() => readInstance(without, "f: row 2")).toThrow("f: row 2: run_script must contain");
  });

  it("reads the instance inside a row of NeMo Gym", () => {
    const metadata = { instance_id: row.instance_id, instance_dict: JSON.stringify(row) };
    const gym = { responses_create_params: { input: [], metadata }, agent_ref: {} };
    expect(readInstance(gym, "f")).toEqual(readInstance(row, "f"));
    const broken = { responses_create_params: { metadata: { instance_dict: "{" } } };
    expect(() => readInstance(broken, "f: row 1")).toThrow(
      "f: row 1: instance_dict: row must be an object",
    );
  });

  it("names row and field of values that no engine, terminal or grader could use", () => {
    const cases: readonly (readonly [object, string])[] = [
      [{ image: "Bad Image!" }, "f: row 1: image must be an image reference such"],
      [{ image: 5, docker_image: "x" }, ""],
      [{ docker_image: "docker://x" }, "f: row 1: docker_image must be an image reference such"],
      [{ image: "host:5000/a/b_c.d:tag@sha256:" + "0".repeat(64) }, ""],
      [{ instance_id: "a\nb" }, "f: row 1: instance_id must contain no control characters"],
      [{ FAIL_TO_PASS: [] }, "f: row 1: FAIL_TO_PASS must contain a test, got []"],
      [{ FAIL_TO_PASS: "[]" }, "f: row 1: FAIL_TO_PASS must contain a test"],
    ];
    for (const [fields, message] of cases) {
      let found = "";
      try {
        readInstance({ ...row, ...fields }, "f: row 1");
      } catch (cause) {
        found = (cause as Error).message;
      }
      expect([found.slice(0, message.length), found === ""]).toEqual([message, message === ""]);
    }
  });

  it("reads Python list literals", () => {
    expect(parsePythonTexts(`['a', "b's", 'c\\nd',]`)).toEqual(["a", "b's", "c\nd"]);
    expect(parsePythonTexts(`["it's"]`)).toEqual(["it's"]);
    expect(parsePythonTexts(`["a"]`)).toBeUndefined();
    expect(parsePythonTexts(`['a' 'b', 3]`)).toBeUndefined();
  });
});

describe("loadInstances", () => {
  const file = (...rows: readonly unknown[]): string => {
    const path = join(folder, "rows.jsonl");
    writeFileSync(
      path,
      rows.map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry))).join("\n"),
    );
    return path;
  };

  it("skips and reports invalid rows", async () => {
    const path = file(row, { ...row, instance_id: "b", log_parser: "none" }, "{", row, {
      ...row,
      instance_id: "c",
    });
    const messages: string[] = [];
    const instances = await loadInstances(path, {
      onInvalid: ({ message }) => messages.push(message),
    });
    expect(instances.map(({ id }) => id)).toEqual([row.instance_id, "c"]);
    expect(messages.map((message) => message.slice(path.length, path.length + 25))).toEqual([
      ": line 2: log_parser must",
      ": line 3: row is not vali",
      ": line 4: instance_id mus",
    ]);
    await expect(loadInstances(file("{"), { onInvalid: () => undefined })).rejects.toThrow(
      "file must contain an instance, got only invalid ones, such as",
    );
  });

  it("reads fields from mapped paths", async () => {
    const { instance_id, test_patch, ...rest } = row;
    const path = file({
      ...rest,
      id: instance_id,
      tests: { patch: test_patch },
      docker: { image: "i:1" },
    });
    const fields = { instance_id: "id", test_patch: "tests.patch", image: "docker.image" };
    const [instance] = await loadInstances(path, { fields });
    expect(instance).toMatchObject({ id: row.instance_id, testPatch, image: "i:1" });
  });
});
