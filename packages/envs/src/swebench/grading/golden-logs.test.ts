import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { loadInstances } from "../instances/load-instances.ts";
import { sweSmithInstance } from "../instances/adapters.ts";
import type { SweInstance } from "../instances/instance.ts";
import { sharedSwebench } from "../testing/shared-data.ts";
import { grade, type Grade } from "./grade.ts";
import { officialReport } from "./official-report.ts";
import type { TestReport } from "./report.ts";

const data = sharedSwebench();

interface OfficialLists {
  readonly success: readonly string[];
  readonly failure: readonly string[];
}

interface Expected {
  readonly instance_id: string;
  readonly repo: string;
  readonly dataset: "verified" | "lite";
  readonly labels?: { readonly FAIL_TO_PASS: string[]; readonly PASS_TO_PASS: string[] };
  readonly mutation?: string;
  readonly official: {
    readonly found: boolean;
    readonly resolution?: string;
    readonly report: {
      readonly patch_is_None: boolean;
      readonly resolved: boolean;
      readonly infra_failure: boolean;
      readonly infra_failure_reason?: string;
    };
    readonly tests_status?: Readonly<Record<"FAIL_TO_PASS" | "PASS_TO_PASS", OfficialLists>>;
  };
  readonly status_map: Readonly<Record<string, string>>;
}

interface Report {
  readonly resolved: boolean;
  readonly tests_status: Readonly<Record<"FAIL_TO_PASS" | "PASS_TO_PASS", OfficialLists>>;
}

const unzip = (...path: readonly string[]): string =>
  gunzipSync(readFileSync(join(...path))).toString("utf8");

function casesOf(folder: string): readonly string[] {
  const index: { readonly case: string }[] = JSON.parse(
    readFileSync(join(folder, "index.json"), "utf8"),
  );
  return index.map((entry) => entry.case);
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byKey = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
  byText(a[0], b[0]);

/** Both verdicts in the official format, with lists as sorted sets. */
function officialForm({ official, status_map }: Expected): unknown {
  const { found, report, tests_status: tests, resolution = "RESOLVED_NO" } = official;
  const lists = (name: "FAIL_TO_PASS" | "PASS_TO_PASS"): unknown =>
    tests && [tests[name].success.toSorted(byText), tests[name].failure.toSorted(byText)];
  return {
    found,
    resolved: report.resolved,
    resolution,
    infra: report.infra_failure,
    reason: report.infra_failure_reason,
    failToPass: lists("FAIL_TO_PASS"),
    passToPass: lists("PASS_TO_PASS"),
    statuses: new Map(Object.entries(status_map).toSorted(byKey)),
  };
}

function ourForm(verdict: Grade): unknown {
  const lists = (name: keyof TestReport): unknown =>
    verdict.tests && [
      verdict.tests[name].success.toSorted(byText),
      verdict.tests[name].failure.toSorted(byText),
    ];
  return {
    found: verdict.isFound,
    resolved: verdict.isResolved,
    resolution: `RESOLVED_${verdict.resolution.toUpperCase()}`,
    infra: verdict.isInfrastructureFailure,
    reason: verdict.infrastructureReason,
    failToPass: lists("failToPass"),
    passToPass: lists("passToPass"),
    statuses: new Map([...verdict.statuses].toSorted(byKey)),
  };
}

describe.skipIf(data === undefined)("logs with official verdicts", () => {
  it("grades every SWE-bench log like the official harness, tests and reasons included", async () => {
    const sets: Record<string, Map<string, SweInstance>> = {};
    for (const name of ["verified", "lite"]) {
      const instances = await loadInstances(join(data!, `${name}.jsonl.gz`));
      sets[name] = new Map(instances.map((instance) => [instance.id, instance]));
    }
    const folder = join(data!, "golden");
    const cases = casesOf(folder);
    const counts = new Map<string, number>();
    let numTests = 0;
    for (const name of cases) {
      const expected: Expected = JSON.parse(unzip(folder, name, "expected.json.gz"));
      const log = unzip(folder, name, "test_output.txt.gz");
      const stored = sets[expected.dataset]!.get(expected.instance_id)!;
      const instance: SweInstance =
        expected.labels && stored.format === "swe-bench"
          ? {
              ...stored,
              failToPass: expected.labels.FAIL_TO_PASS,
              passToPass: expected.labels.PASS_TO_PASS,
            }
          : stored;
      const patch = expected.official.report.patch_is_None ? null : "diff";
      const verdict = grade(instance, log, { patch });
      expect([name, ourForm(verdict)]).toEqual([name, officialForm(expected)]);
      expect([name, { ...officialReport(verdict), tests_status: undefined }]).toEqual([
        name,
        { ...expected.official.report, tests_status: undefined },
      ]);
      counts.set(expected.repo, (counts.get(expected.repo) ?? 0) + 1);
      numTests += Object.keys(expected.status_map).length;
    }
    expect(cases.length).toBeGreaterThan(0);
    const byRepository = [...counts].toSorted(byKey).map(([repo, count]) => `${repo} ${count}`);
    console.log(
      `agreement on ${cases.length} of ${cases.length} logs, ${numTests} test statuses: ${byRepository.join(", ")}`,
    );
  });

  it("grades every SWE-smith log like its harness", () => {
    const folder = join(data!, "golden-swesmith");
    const cases = casesOf(folder);
    for (const name of cases) {
      const { status_map }: Expected = JSON.parse(unzip(folder, name, "expected.json.gz"));
      const report: Report = JSON.parse(unzip(folder, name, "report.json.gz"));
      const { FAIL_TO_PASS: fixed, PASS_TO_PASS: kept } = report.tests_status;
      const instance = sweSmithInstance(
        {
          instance_id: name,
          repo: "swesmith/repo",
          image_name: "image",
          patch: "",
          FAIL_TO_PASS: [...fixed.success, ...fixed.failure],
          PASS_TO_PASS: [...kept.success, ...kept.failure],
        },
        name,
      );
      const verdict = grade(instance, unzip(folder, name, "test_output.txt.gz"));
      expect({
        name,
        isResolved: verdict.isResolved,
        tests: verdict.tests,
        statuses: Object.fromEntries(verdict.statuses),
      }).toEqual({
        name,
        isResolved: report.resolved,
        tests: { failToPass: fixed, passToPass: kept },
        statuses: status_map,
      });
    }
    console.log(`agreement on ${cases.length} of ${cases.length} SWE-smith logs`);
  });

  it("grades the logs of the demo task", async () => {
    const [instance] = await loadInstances(join(data!, "demo", "instance.json"));
    const verdicts = ["gold", "empty", "wrong"].map((name) => {
      const log = readFileSync(join(data!, "demo", "logs", `${name}.txt`), "utf8");
      return [name, grade(instance!, log).resolution];
    });
    expect(verdicts).toEqual([
      ["gold", "full"],
      ["empty", "no"],
      ["wrong", "no"],
    ]);
  });
});
