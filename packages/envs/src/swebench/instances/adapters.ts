import { Fields } from "./fields.ts";
import { logParserNames } from "../grading/log-parsers.ts";
import { isRecord } from "../../is-record.ts";
import type { R2eGymInstance, SweBenchInstance, SweSmithInstance } from "./instance.ts";
import { tableEvalScript } from "./eval-script.ts";
import { r2eGoldPatch } from "./r2e-patch.ts";
import { repositoryRules } from "./repository-rules.ts";
import { reversePatch } from "./reverse-patch.ts";

/**
 * Image name for a SWE-bench row without one, as the benchmark's own builder derives it: lower
 * case, `__` written as `_1776_`.
 */
export function sweBenchImage(instanceId: string): string {
  return `swebench/sweb.eval.x86_64.${instanceId.replaceAll("__", "_1776_").toLowerCase()}:latest`;
}

/** Image reference: registry, path, tag and digest. */
const imageReference =
  /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,})?$/u;

/** Image of a row, under any of the field names that data sets use. */
export function readImage(fields: Fields): string | undefined {
  for (const name of ["image", "docker_image", "image_name"]) {
    const image = fields.firstName(name);
    if (image === undefined) continue;
    if (!imageReference.test(image)) {
      fields.fail(name, "be an image reference such as name:tag");
    }
    return image;
  }
  return undefined;
}

/** Like {@link readImage}, but required. */
function requireImage(fields: Fields, field: string): string {
  return readImage(fields) ?? fields.name(field);
}

/** Name of an existing parser, given in full or without `parse_log_`. */
export function readLogParser(fields: Fields, repo: string, field = "log_parser"): string {
  const named = fields.optionalText(field) ?? repositoryRules.get(repo)?.logParser;
  if (named === undefined) {
    return fields.fail(field, `be given for a repository without built-in rules (${repo})`);
  }
  const name = [named, `parse_log_${named}`].find((known) => logParserNames.includes(known));
  return name ?? fields.fail(field, `be one of ${logParserNames.join(", ")}`, named);
}

/**
 * Reads a row of SWE-bench. A 4.x row (without image, script or parser) is completed from the
 * repository table.
 * @param location - Location of the row, for messages: `verified.jsonl: row 3`.
 * @throws `InstanceError` that names the first invalid field.
 */
export function sweBenchInstance(row: unknown, location: string): SweBenchInstance {
  const fields: Fields = new Fields(row, location);
  const id = fields.id("instance_id");
  const repo = fields.name("repo");
  const version = fields.label("version") ?? "";
  const baseCommit = fields.name("base_commit");
  const testPatch = fields.text("test_patch");
  const logParser = readLogParser(fields, repo);
  let evalScript = fields.optionalText("eval_script");
  if (evalScript === undefined) {
    evalScript = tableEvalScript(repo, version, baseCommit, testPatch);
    if (evalScript === undefined) {
      fields.fail("eval_script", `be given for a repository without built-in rules (${repo})`);
    }
  }
  const evalType = fields.optionalText("eval_type") ?? "pass_and_fail";
  if (evalType !== "pass_and_fail" && evalType !== "fail_only") {
    fields.fail("eval_type", "be pass_and_fail or fail_only");
  }
  const difficulty = fields.label("difficulty");
  return {
    format: "swe-bench",
    id,
    repo,
    version,
    baseCommit,
    image: readImage(fields) ?? sweBenchImage(id),
    problemStatement: fields.text("problem_statement"),
    goldPatch: fields.text("patch"),
    testPatch,
    failToPass: fields.tests("FAIL_TO_PASS"),
    passToPass: fields.texts("PASS_TO_PASS"),
    evalScript,
    logParser,
    evalType,
    createdAt: fields.label("created_at") ?? "",
    ...(difficulty === undefined ? {} : { difficulty }),
  };
}

/**
 * Reads a row of R2E-Gym. The gold patch consists of the hunks of the commit except tests; the id
 * is the repository and the first 12 digits of the commit.
 * @throws `InstanceError` that names the first invalid field.
 */
export function r2eGymInstance(row: unknown, location: string): R2eGymInstance {
  const fields: Fields = new Fields(row, location);
  const repo = fields.name("repo_name");
  const commit = fields.name("commit_hash");
  const expectedStatuses: (readonly [string, string])[] = [];
  const expected = fields.json("expected_output_json");
  const rule = "be an object of test names and statuses, or a string with such an object in JSON";
  if (!isRecord(expected)) return fields.fail("expected_output_json", rule);
  if (Object.keys(expected).length === 0) fields.fail("expected_output_json", "contain a test");
  for (const [test, status] of Object.entries(expected)) {
    if (typeof status !== "string") return fields.fail("expected_output_json", rule);
    expectedStatuses.push([test, status]);
  }
  let goldPatch = "";
  if (fields.has("parsed_commit_content")) {
    try {
      goldPatch = r2eGoldPatch(fields.json("parsed_commit_content"));
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      fields.fail("parsed_commit_content", cause.message);
    }
  }
  return {
    format: "r2e-gym",
    id: fields.optionalText("instance_id") ?? `${repo}__${commit.slice(0, 12)}`,
    repo,
    commit,
    image: requireImage(fields, "docker_image"),
    problemStatement: fields
      .text("problem_statement")
      .replace(/^\s*\[ISSUE\]\s*/u, "")
      .replace(/(?<!\s)\s*\[\/ISSUE\]\s*$/u, ""),
    goldPatch,
    expectedStatuses,
  };
}

/**
 * Reads a row of SWE-smith. Its `patch` is the bug; the gold patch is its reverse.
 * @throws `InstanceError` that names the first invalid field.
 */
export function sweSmithInstance(row: unknown, location: string): SweSmithInstance {
  const fields: Fields = new Fields(row, location);
  const bugPatch = fields.text("patch");
  return {
    format: "swe-smith",
    id: fields.id("instance_id"),
    repo: fields.name("repo"),
    baseCommit: fields.optionalText("base_commit") ?? "",
    image: requireImage(fields, "image_name"),
    problemStatement: fields.optionalText("problem_statement") ?? "",
    bugPatch,
    goldPatch: reversePatch(bugPatch),
    failToPass: fields.tests("FAIL_TO_PASS"),
    passToPass: fields.texts("PASS_TO_PASS"),
  };
}
