import { fileURLToPath } from "node:url";
import { computeDigest } from "../canonical-json.ts";
import type { StudyFile } from "../read-study.ts";
import { checkStudy, type StudyInput } from "../study-schema.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

const toy: StudyInput = {
  name: "toy",
  question: "Does a study run?",
  experiments: [{ name: "numbers", experiment: "./toy-experiment.ts" }],
  grid: { modulators: ["none", "aem"] },
  seeds: [1],
  metric: { split: "all" },
  evaluation: { numTasks: 4 },
  families: [{ name: "aem", pairs: [["aem", "none"]] }],
};

/**
 * Creates a study with two arms, one seed and cells that take a second.
 * @param changes - Changes to its fields.
 */
export function createToyStudy(changes: Partial<StudyInput> = {}): StudyFile {
  const study = checkStudy({ ...toy, ...changes }, "toy.yaml");
  return { path: `${folder}toy.yaml`, folder, study, sha256: computeDigest(study) };
}
