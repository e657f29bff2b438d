import { Fields } from "./fields.ts";
import {
  readImage,
  r2eGymInstance,
  readLogParser,
  sweBenchInstance,
  sweSmithInstance,
} from "./adapters.ts";
import { condaTestbed, evalScript, repositoryFolder, testDirectives } from "./eval-script.ts";
import { shellWord } from "../../shell-word.ts";
import { isRecord } from "../../is-record.ts";
import type { SweBenchInstance, SweInstance } from "./instance.ts";

/** Test commands of SWE-Gym's repositories, because the data set's rows contain no commands. */
const sweGymCommands: ReadonlyMap<string, string> = new Map([
  ["getmoto/moto", "pytest -n0 -rA"],
  ["python/mypy", "pytest -n0 -rA -k"],
  ["conan-io/conan", "pytest -n0 -rA"],
  ["dask/dask", "pytest -n0 -rA --color=no"],
  ["project-monai/monai", "pytest -rA"],
  ["iterative/dvc", "pytest -rA"],
  ["bokeh/bokeh", "pytest -rA -n0"],
  ["modin-project/modin", "pytest -n0 -rA"],
  ["pydantic/pydantic", "pytest -rA --tb=short -vv -o console_output_style=classic --no-header"],
  ["pandas-dev/pandas", "pytest -rA --tb=long"],
  ["facebookresearch/hydra", "pytest -rA --tb=long"],
]);

/** Fields that differ between data sets. */
interface RowParts {
  readonly id: string;
  readonly repo: string;
  readonly baseCommit: string;
  readonly image: string;
  readonly folder?: string;
  readonly hidden?: readonly string[];
  readonly problemStatement: string;
  readonly goldPatch: string;
  readonly testPatch: string;
  readonly failToPass: readonly string[];
  readonly passToPass: readonly string[];
  readonly logParser: string;
  readonly activate?: readonly string[];
  readonly before?: readonly string[];
  readonly testCommand: string;
}

function createInstance(fields: Fields, parts: RowParts): SweBenchInstance {
  const { folder = repositoryFolder, activate = [], before = [], testCommand, ...rest } = parts;
  const version = fields.label("version") ?? "";
  const { repo, baseCommit, testPatch } = rest;
  const script = { repo, version, baseCommit, testPatch, folder, activate, before, testCommand };
  return {
    ...rest,
    ...(folder === repositoryFolder ? {} : { folder }),
    format: "swe-bench",
    version,
    evalScript: fields.optionalText("eval_script") ?? evalScript({ ...script, install: "" }),
    evalType: "pass_and_fail",
    createdAt: fields.label("created_at") ?? "",
  };
}

/** Fields common to all rows with SWE-bench's field names. */
function commonParts(fields: Fields): Omit<RowParts, "image" | "logParser" | "testCommand"> {
  return {
    id: fields.id("instance_id"),
    repo: fields.name("repo"),
    baseCommit: fields.name("base_commit"),
    problemStatement: fields.text("problem_statement"),
    goldPatch: fields.optionalText("patch") ?? "",
    testPatch: fields.text("test_patch"),
    failToPass: fields.tests("FAIL_TO_PASS"),
    passToPass: fields.texts("PASS_TO_PASS"),
  };
}

/**
 * Reads a row of SWE-Gym: SWE-bench's fields without image and commands. Packages are not
 * reinstalled before the tests, so changes of compiled sources (pandas) have no effect.
 */
export function sweGymInstance(row: unknown, location: string): SweBenchInstance {
  const fields: Fields = new Fields(row, location);
  const common = commonParts(fields);
  const command = sweGymCommands.get(common.repo.toLowerCase());
  if (command === undefined) {
    fields.fail("repo", `be one of SWE-Gym's: ${[...sweGymCommands.keys()].join(", ")}`);
  }
  const tests =
    common.repo.toLowerCase() === "python/mypy"
      ? [
          [...common.testPatch.matchAll(/\[case ([^\]\n]+)\]/gu)]
            .map((match) => match[1]!)
            .join(" or "),
        ]
      : testDirectives(common.repo, common.testPatch);
  return createInstance(fields, {
    ...common,
    image:
      readImage(fields) ??
      `xingyaoww/sweb.eval.x86_64.${common.id.replaceAll("__", "_s_").toLowerCase()}:latest`,
    logParser: fields.has("log_parser") ? readLogParser(fields, common.repo) : "parse_log_pytest",
    activate: condaTestbed,
    testCommand: [command, ...tests.map(shellWord)].join(" "),
  });
}

/** Reads a row of SWE-rebench (version 1 or 2), with commands in `install_config`. */
export function sweRebenchInstance(row: unknown, location: string): SweBenchInstance {
  const fields: Fields = new Fields(row, location);
  const common = commonParts(fields);
  const config = fields.inner("install_config");
  const commands = config.lines("test_cmd");
  if (commands.length === 0) config.fail("test_cmd", "be a command, or a list of commands");
  const image = readImage(fields);
  if (image === undefined) fields.fail("docker_image", "name the image of the row");
  // Version 2 has a language, runs its commands unchanged, and works in `/name`.
  const isSecond = fields.has("language");
  const files = testDirectives(common.repo, common.testPatch).map(shellWord);
  const lines = isSecond ? commands : commands.map((command) => [command, ...files].join(" "));
  return createInstance(fields, {
    ...common,
    image,
    logParser: readLogParser(config, common.repo),
    ...(isSecond ? { folder: `/${common.repo.split("/").at(-1)!}` } : { activate: condaTestbed }),
    testCommand: lines.join("\n"),
  });
}

/** Reads a row of SWE-bench-Live: `test_cmds` run unchanged, after `rebuild_cmds`. */
export function sweBenchLiveInstance(row: unknown, location: string): SweBenchInstance {
  const fields: Fields = new Fields(row, location);
  const common = commonParts(fields);
  const commands = fields.lines("test_cmds");
  if (commands.length === 0) fields.fail("test_cmds", "be a list of commands");
  const name = common.id.replaceAll("__", "_1776_").toLowerCase();
  return createInstance(fields, {
    ...common,
    image: readImage(fields) ?? `starryzhang/sweb.eval.x86_64.${name}:latest`,
    logParser: readLogParser(fields, common.repo),
    before: fields.lines("rebuild_cmds"),
    testCommand: [...commands, ...fields.lines("print_cmds")].join("\n"),
  });
}

/**
 * Reads a row of SWE-bench Pro. Its test script is published separately: the row needs it as
 * `run_script`, and the name of a parser as `log_parser`.
 */
export function sweBenchProInstance(row: unknown, location: string): SweBenchInstance {
  const fields: Fields = new Fields(row, location);
  const repo = fields.name("repo");
  const field = (upper: string): string => (fields.has(upper) ? upper : upper.toLowerCase());
  const files = fields.texts("selected_test_files_to_run").join(",");
  const script = fields.has("run_script")
    ? fields.name("run_script")
    : fields.fail("run_script", "contain the test script published with the data set");
  const end = "END_OF_RUN_SCRIPT";
  return createInstance(fields, {
    id: fields.id("instance_id"),
    repo,
    baseCommit: fields.name("base_commit"),
    image: readImage(fields) ?? `jefzda/sweap-images:${fields.name("dockerhub_tag")}`,
    folder: "/app",
    problemStatement: ["problem_statement", "requirements", "interface"]
      .map((name) => fields.optionalText(name) ?? "")
      .filter((text) => text.trim() !== "")
      .join("\n\n"),
    goldPatch: fields.optionalText("patch") ?? "",
    testPatch: fields.text("test_patch"),
    failToPass: fields.tests(field("FAIL_TO_PASS")),
    passToPass: fields.texts(field("PASS_TO_PASS")),
    logParser: readLogParser(fields, repo),
    before: [`cat >/tmp/run_script.sh <<'${end}'\n${script}\n${end}`],
    testCommand: `bash /tmp/run_script.sh ${shellWord(files)}`,
  });
}

/**
 * Reads a row of Multi-SWE-bench, whose images contain the test script. The row needs the name of a
 * parser as `log_parser`, because the data set does not name one.
 */
export function multiSweBenchInstance(row: unknown, location: string): SweBenchInstance {
  const fields: Fields = new Fields(row, location);
  const [org, name] = [fields.name("org"), fields.name("repo")];
  const number = fields.label("number") ?? fields.fail("number", "be the number of a pull request");
  const keys = (field: string): readonly string[] => {
    if (!fields.has(field)) return [];
    return fields.inner(field).names;
  };
  const failToPass = ["f2p_tests", "s2p_tests", "n2p_tests"].flatMap(keys);
  if (failToPass.length === 0) fields.fail("f2p_tests", "contain a test");
  const issues = fields.json("resolved_issues");
  const texts = (Array.isArray(issues) ? issues : [])
    .filter(isRecord)
    .map(({ title, body }) => `${toText(title)}\n\n${toText(body)}`.trim());
  const problemStatement = texts.filter((text) => text !== "").join("\n\n");
  if (problemStatement === "")
    fields.fail("resolved_issues", "contain an issue with a title or body");
  return createInstance(fields, {
    id: fields.firstName("instance_id") ?? `${org}__${name}-${number}`,
    repo: `${org}/${name}`,
    baseCommit: fields.inner("base").name("sha"),
    image: readImage(fields) ?? `mswebench/${org}_m_${name}:pr-${number}`.toLowerCase(),
    folder: `/home/${name}`,
    hidden: ["fix.patch", "test.patch", "fix-run.sh", "test-run.sh"].map((file) => `/home/${file}`),
    problemStatement,
    goldPatch: fields.text("fix_patch"),
    testPatch: fields.text("test_patch"),
    failToPass,
    passToPass: keys("p2p_tests"),
    logParser: readLogParser(fields, `${org}/${name}`),
    testCommand: "bash /home/run.sh",
  });
}

const toText = (value: unknown): string => (typeof value === "string" ? value : "");

/** Instance inside a row of NeMo Gym (Nemotron): JSON in the metadata of its request. */
function nemotronRow(row: Readonly<Record<string, unknown>>): unknown {
  const request = row["responses_create_params"];
  const metadata = isRecord(request) ? request["metadata"] : undefined;
  if (!isRecord(metadata) || metadata["instance_dict"] === undefined) return undefined;
  const inner = metadata["instance_dict"];
  if (typeof inner !== "string") return inner;
  try {
    return JSON.parse(inner) as unknown;
  } catch {
    return inner;
  }
}

/**
 * Reads a row of any known data set, recognized by its fields. Unused fields are ignored.
 *
 * | field                            | data set                       |
 * | -------------------------------- | ------------------------------ |
 * | `responses_create_params`        | Nemotron: the row within it    |
 * | `expected_output_json`           | R2E-Gym                        |
 * | `fix_patch` and `org`            | Multi-SWE-bench                |
 * | `dockerhub_tag`                  | SWE-bench Pro                  |
 * | `install_config`                 | SWE-rebench                    |
 * | `test_cmds`                      | SWE-bench-Live                 |
 * | `image_name` without test patch  | SWE-smith                      |
 * | a repository of SWE-Gym          | SWE-Gym                        |
 * | otherwise                        | SWE-bench, Lite, Verified, ... |
 *
 * @throws `InstanceError` that names the first invalid field.
 */
export function readInstance(row: unknown, location: string): SweInstance {
  const fields: Fields = new Fields(row, location);
  if (fields.has("responses_create_params")) {
    const inner = isRecord(row) ? nemotronRow(row) : undefined;
    if (inner === undefined) {
      fields.fail("responses_create_params", "contain metadata with an instance_dict");
    }
    return readInstance(inner, `${location}: instance_dict`);
  }
  if (fields.has("expected_output_json")) return r2eGymInstance(row, location);
  if (fields.has("fix_patch") && fields.has("org")) return multiSweBenchInstance(row, location);
  if (fields.has("dockerhub_tag")) return sweBenchProInstance(row, location);
  if (fields.has("eval_script")) return sweBenchInstance(row, location);
  if (fields.has("install_config")) return sweRebenchInstance(row, location);
  if (fields.has("test_cmds")) return sweBenchLiveInstance(row, location);
  if (fields.has("image_name") && !fields.has("test_patch")) return sweSmithInstance(row, location);
  const repo = fields.label("repo")?.toLowerCase() ?? "";
  if (sweGymCommands.has(repo)) return sweGymInstance(row, location);
  return sweBenchInstance(row, location);
}
