import { setting } from "@turnwise/envs";
import { z } from "zod";
import { parseIndices } from "../environments/parse-option.ts";
import { describeIssue } from "../settings/describe-issue.ts";
import { InputError } from "../input-error.ts";

const text = z.string().min(1);
const settings = z.record(z.string(), z.unknown());

/** Name that is part of file names. */
const name = setting(
  z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9._+]*(?:-[a-z0-9._+]+)*$/iu,
      "must consist of letters, digits, dots and single dashes",
    ),
  "Name in reports and file names",
);

/** Allows a text as the short form of an object. */
function allowText<T extends z.ZodType>(schema: T, expand: (text: string) => unknown) {
  return z.preprocess(
    (value: unknown) => (typeof value === "string" ? expand(value) : value),
    schema,
  );
}

const preset = setting(
  text,
  "Preset that the other fields change. Default: the experiment's own record",
);
const choice = allowText(z.looseObject({ preset: preset.optional() }), (value) => ({
  preset: value,
}));

const algorithm = setting(
  choice.optional(),
  "Algorithm: a preset's name, a preset with changed fields, or changed fields of the experiment's algorithm",
);
const modulator = setting(
  choice.optional(),
  "Modulator: a preset's name, a preset with changed fields, or a full record with `kind`",
);

const armSchema = z.strictObject({
  name,
  algorithm,
  modulator,
  settings: setting(settings.default({}), "Changes to the experiment's settings"),
  experiments: setting(
    z.array(text).min(1).optional(),
    "Experiments in which the arm runs. Default: all",
  ),
});

const experimentEntry = allowText(
  z
    .strictObject({
      name: name.optional(),
      experiment: setting(text, "Built-in experiment, or a module's path relative to this file"),
      settings: setting(settings.default({}), "Changes to the experiment's settings, for all arms"),
    })
    .transform((entry) => ({ ...entry, name: entry.name ?? entry.experiment })),
  (experiment) => ({ experiment }),
);

/** Grid of arms: each combination of one entry from every list is an arm. */
const gridSchema = z.strictObject({
  algorithms: setting(
    z
      .array(
        allowText(z.strictObject({ name, algorithm }), (one) => ({ name: one, algorithm: one })),
      )
      .default([]),
    "Algorithms: names of presets, or a name and an algorithm",
  ),
  modulators: setting(
    z
      .array(
        allowText(z.strictObject({ name, modulator }), (one) => ({ name: one, modulator: one })),
      )
      .default([]),
    "Modulators: names, or a name and a modulator",
  ),
  settings: setting(
    z.array(z.strictObject({ name, settings })).default([]),
    "Changes to settings, each with a name",
  ),
});

/**
 * Expands seeds given as a number or a text such as `1-10,15` to a list; returns other values
 * unchanged.
 */
function expandSeeds(value: unknown): unknown {
  if (typeof value === "number") return [value];
  if (typeof value !== "string") return value;
  try {
    return parseIndices(value);
  } catch {
    return value; // Leave the text unchanged; the schema reports the error.
  }
}

/** Schema of a study file: experiments, arms, seeds and criteria, fixed before the first run. */
export const studySchema = z.strictObject({
  name,
  question: setting(text, "Question that the study answers"),
  experiments: setting(z.array(experimentEntry).min(1), "Experiments to run every arm in"),
  grid: setting(gridSchema.optional(), "Arms as all combinations of lists"),
  arms: setting(z.array(armSchema).default([]), "Arms in addition to the grid's"),
  seeds: setting(
    z.preprocess(expandSeeds, z.array(z.int().nonnegative()).min(1)),
    "Seeds, as a list or a text such as 1-10; every arm runs with every seed",
  ),
  metric: setting(
    z.strictObject({
      split: setting(
        text.optional(),
        "Split of the evaluation after training. Default: the first split of each experiment",
      ),
      mode: setting(
        z.enum(["sampled", "greedy"]).default("sampled"),
        "Mode of the evaluation after training",
      ),
      measure: setting(
        z.enum(["success", "score", "return"]).default("success"),
        "Measure of the evaluation after training",
      ),
    }),
    "Primary metric",
  ),
  checkpoint: setting(
    z.literal("last").default("last"),
    "Checkpoint to evaluate. Choosing the best checkpoint would favor noisy arms",
  ),
  evaluation: setting(
    z
      .strictObject({ numTasks: setting(z.int().positive().default(1024), "Tasks per split") })
      .prefault({}),
    "Evaluation of every cell",
  ),
  families: setting(
    z
      .array(
        z.strictObject({
          name,
          pairs: setting(
            z.array(z.tuple([text, text])).min(1),
            "Pairs of arms to compare: the first minus the second",
          ),
          experiments: setting(
            z.array(text).optional(),
            "Experiments in which the pairs are compared. Default: all",
          ),
        }),
      )
      .default([]),
    "Families of comparisons, each corrected for its own number of comparisons (Holm)",
  ),
  notes: setting(z.array(text).default([]), "Remarks for the report"),
  keep: setting(
    z.array(z.enum(["warm-start", "checkpoint", "run"])).default([]),
    "Files to keep of each finished cell: its warm start, its last checkpoint and policy, or its whole run folder",
  ),
});

/** Checked study file with all defaults filled in. */
export type Study = z.output<typeof studySchema>;

/** Study file as a module exports it. */
export type StudyInput = z.input<typeof studySchema>;

/** An arm of a study: changes of an experiment. */
export type StudyArm = z.output<typeof armSchema>;

/**
 * Finds the evaluation of the primary metric, after training or before it.
 * @returns The evaluation; `undefined` if there is none.
 */
export function findPrimaryEvaluation<
  T extends { readonly phase: string; readonly split: string; readonly mode: string },
>(
  evaluations: readonly T[],
  { split, mode }: Study["metric"],
  phase: "before" | "after" = "after",
): T | undefined {
  return evaluations.find(
    (one) =>
      one.phase === phase && one.mode === mode && (split === undefined || one.split === split),
  );
}

/** Describes the primary metric: `success on held_out (sampled)`. */
export function describeMetric({ measure, split, mode }: Study["metric"]): string {
  return `${measure}${split === undefined ? "" : ` on ${split}`} (${mode})`;
}

/**
 * Lists all arms of a study: the combinations of the grid in the order of its lists, followed by
 * the other arms.
 */
export function listArms({ grid, arms }: Pick<Study, "grid" | "arms">): StudyArm[] {
  if (grid === undefined) return [...arms];
  const axes = [grid.algorithms, grid.modulators, grid.settings].filter(({ length }) => length > 0);
  const combinations = axes.reduce<readonly (readonly { readonly name: string }[])[]>(
    (lists, axis) => lists.flatMap((list) => axis.map((entry) => [...list, entry])),
    axes.length === 0 ? [] : [[]],
  );
  const product = combinations.map((parts) => ({
    settings: {},
    ...Object.assign({}, ...parts),
    name: parts.map((part) => part.name).join("-"),
  }));
  return [...product, ...arms];
}

/** True if an arm runs in an experiment. */
export function runsIn(
  { experiments }: Pick<StudyArm, "experiments">,
  experiment: string,
): boolean {
  return experiments?.includes(experiment) ?? true;
}

/**
 * Lists the experiments in which a family compares arms: the experiments that the family names, or
 * all experiments in which its arms run.
 */
export function listFamilyExperiments(
  study: Pick<Study, "grid" | "arms" | "experiments">,
  { pairs, experiments }: Study["families"][number],
): readonly string[] {
  if (experiments !== undefined) return experiments;
  const arms = listArms(study).filter(({ name: arm }) => pairs.flat().includes(arm));
  return study.experiments
    .map((entry) => entry.name)
    .filter((experiment) => arms.every((arm) => runsIn(arm, experiment)));
}

/**
 * Checks a study.
 * @param source - Name of the file, for messages.
 * @throws `InputError` naming the first invalid field.
 */
export function checkStudy(value: unknown, source: string): Study {
  const result = studySchema.safeParse(value);
  if (!result.success) {
    throw new InputError(describeIssue(studySchema, source, result.error.issues[0]!, value));
  }
  const study = result.data;
  const arms = listArms(study).map((arm) => arm.name);
  if (arms.length === 0) {
    throw new InputError(
      `${source}: arms or a list of grid must have at least one entry, got none`,
    );
  }
  const experiments = study.experiments.map((entry) => entry.name);
  for (const [field, names] of [
    ["experiments", experiments],
    ["arms", arms],
    ["seeds", study.seeds.map(String)],
    ["families", study.families.map((family) => family.name)],
  ] as const) {
    const twice = names.find((one, i) => names.indexOf(one) !== i);
    if (twice !== undefined) {
      throw new InputError(`${source}: ${field} must have different names, got ${twice} twice`);
    }
  }
  for (const arm of study.arms) {
    checkExperiments(`${source}: arms.${arm.name}`, arm.experiments, experiments);
  }
  for (const family of study.families) {
    const field = `${source}: families.${family.name}`;
    const arm = family.pairs.flat().find((one) => !arms.includes(one));
    if (arm !== undefined) {
      throw new InputError(`${field}.pairs must name arms (${arms.join(", ")}), got ${arm}`);
    }
    checkExperiments(field, family.experiments, experiments);
    const shared = listFamilyExperiments(study, { ...family, experiments: undefined });
    const alone = listFamilyExperiments(study, family).find((one) => !shared.includes(one));
    if (alone !== undefined || shared.length === 0) {
      throw new InputError(
        `${field}.pairs must contain arms that all run in ${alone ?? "at least one common experiment"}, got ${family.pairs.flat().join(", ")}`,
      );
    }
  }
  return study;
}

/** Checks that a list contains only experiments of the study. */
function checkExperiments(
  field: string,
  names: readonly string[] | undefined,
  known: readonly string[],
): void {
  const unknown = names?.find((one) => !known.includes(one));
  if (unknown === undefined) return;
  throw new InputError(
    `${field}.experiments must name experiments (${known.join(", ")}), got ${unknown}`,
  );
}
