import {
  compileModulator,
  diagnoseModulation,
  findUnmetNeeds,
  modulators,
  type KnownOfResponses,
  type ModulationDiagnostics,
  type Modulator,
  type ModulatorRecord,
} from "@turnwise/aem";
import { createRandom, mean, parseRecord, type ScoredRow } from "@turnwise/core";
import {
  algorithmPresets,
  batchRows,
  compileAlgorithm,
  type Algorithm,
  type AlgorithmState,
  type BatchRow,
  type CompiledAlgorithm,
} from "@turnwise/estimators";
import {
  correctRows,
  creditRows,
  type CreditedRow,
  type KnownEntropies,
} from "../../loop/credit.ts";
import { mergeSettings } from "../../settings/merge-settings.ts";
import { didYouMean } from "../../settings/suggest.ts";
import {
  advantagesRequestSchema,
  type AdvantagesRequest,
  type CheckedRequest,
  type RequestRow,
} from "./advantages-request.ts";
import { readRows, refuse, type ReadBatch, type ReadRow } from "./read-rows.ts";

/** Credit of one row of the request. Numbers have the precision of float32, as in a run. */
export interface RowAdvantages {
  /** False if the algorithm leaves the row out of the loss; its advantages are then 0. */
  readonly isTrainedOn: boolean;
  /** Advantage of each response after modulation, `[response]`; the mean if tokens differ. */
  readonly advantages: readonly number[];
  /** Advantage of each response before modulation, `[response]`. */
  readonly baseAdvantages: readonly number[];
  /** Coefficient of each response, `[response]`; 1 without modulation. */
  readonly coefficients: readonly number[];
  /** Advantage of each position after modulation, 0 outside responses, `[position]`. */
  readonly tokenAdvantages?: readonly number[];
  /** Targets of the critic, 0 outside responses, `[position]`; absent without a critic. */
  readonly returns?: readonly number[];
  /** Weights of the rollout correction, 0 outside responses, `[position]`; absent if there is no correction. */
  readonly correctionWeights?: readonly number[];
}

/** Answer to an advantages request. */
export interface AdvantagesAnswer {
  /** Name of the modulator with all its options. */
  readonly modulator: string;
  /** Credit of each row, in the order of the request. */
  readonly rows: readonly RowAdvantages[];
  /** Statistics of the trained responses. */
  readonly diagnostics: ModulationDiagnostics;
  /** Metrics of the algorithm's KL penalty in the reward and of its rollout correction. */
  readonly metrics: Readonly<Record<string, number>>;
  /** State for the request of the next iteration. */
  readonly state: AlgorithmState;
}

/**
 * Computes the credit of another trainer's batch, with the functions of the training loop:
 * select, estimate, modulate, correct.
 * @param request - Object of the form of {@link AdvantagesRequest}, checked here.
 * @throws `TypeError` or `RangeError`, one line: field, rule and value.
 */
export function computeAdvantages(request: AdvantagesRequest): AdvantagesAnswer {
  const checked = parseRecord("advantages", "", advantagesRequestSchema, request);
  const algorithm = compileAlgorithm(findAlgorithm(checked.algorithm));
  const modulator = compileModulator(findModulator(checked.modulation));
  const batch = readRows(checked.rows);
  checkFields(algorithm, checked.rows);
  const known = findKnownEntropies(checked.rows);
  checkModulator(modulator, known, checked.rows);

  const kept = batch.groups.map(algorithm.usable).filter(algorithm.keep);
  const rows = batchRows(kept, algorithm.isTrainedOn);
  const sources = rows.map((entry) => findSource(entry, kept, batch));
  const scores = sources.map((source) => readScores(source, known));
  const references = sources.every(({ fields }) => fields.referenceLogProbs !== undefined)
    ? sources.map((source) => toScores(source, source.fields.referenceLogProbs!))
    : undefined;
  const estimated = algorithm.credit(
    {
      groups: kept,
      rows,
      scores,
      ...(references && { references }),
      ...(algorithm.needs.stateKeys && { stateKeys: batch.stateKeys }),
    },
    checked.state ?? algorithm.initialState,
  );
  const modulated = creditRows(kept, rows, scores, estimated.credits, {
    modulator,
    entropies: known === "means" ? "exact" : known,
    random: createRandom(checked.seed).fork(`iteration/${checked.iteration}`).fork("modulate"),
    findRoles: modulator.needs.includes("spans") ? batch.findRoles : undefined,
  });
  const corrected = correctRows(algorithm, kept, modulated);
  const credited = new Map(corrected.rows.map((row, i) => [sources[i]!.index, row]));

  return {
    modulator: modulator.name,
    rows: listSources(batch).map((source) =>
      describeRow(source, credited.get(source.index), checked.tokenAdvantages),
    ),
    diagnostics: diagnose(corrected.rows, known !== "none"),
    metrics: { ...estimated.metrics, ...corrected.metrics },
    state: estimated.state,
  };
}

/** Finds the algorithm that a request names or describes. */
function findAlgorithm(wanted: CheckedRequest["algorithm"]): Algorithm {
  if (typeof wanted === "string") return findPreset("algorithm", wanted, algorithmPresets);
  const { preset, ...changes } = wanted;
  if (preset === undefined) return changes as unknown as Algorithm; // `compileAlgorithm` checks the result.
  const base = findPreset("algorithm.preset", preset, algorithmPresets);
  return mergeSettings(base, changes) as Algorithm;
}

/** Finds the modulator that a request names or describes. */
function findModulator(wanted: CheckedRequest["modulation"]): ModulatorRecord {
  return typeof wanted === "string"
    ? findPreset("modulation", wanted, modulators)
    : (wanted as unknown as ModulatorRecord); // `compileModulator` checks the result.
}

function findPreset<T>(field: string, name: unknown, presets: Readonly<Record<string, T>>): T {
  if (typeof name === "string" && Object.hasOwn(presets, name)) return presets[name]!;
  const names = Object.keys(presets);
  throw new RangeError(
    `advantages: ${field} must be one of ${names.join(", ")}, got ${JSON.stringify(name)}${didYouMean(String(name), names)}`,
  );
}

/** Checks that the rows have all fields that the algorithm reads. */
function checkFields({ record, needs }: CompiledAlgorithm, rows: readonly RequestRow[]): void {
  const isKlInReward = record.kl.kind === "reward";
  const isCorrected = record.rolloutCorrection.kind !== "none";
  const required: Readonly<Partial<Record<keyof RequestRow, string | false>>> = {
    logProbs:
      (isKlInReward && "the KL penalty in the reward") ||
      (isCorrected && "algorithm.rolloutCorrection"),
    referenceLogProbs: isKlInReward && "the KL penalty in the reward",
    samplerLogProbs: isCorrected && "algorithm.rolloutCorrection",
    values: needs.critic && "an algorithm with a critic",
    stateKeys: needs.stateKeys && `algorithm.advantages.kind ${record.advantages.kind}`,
  };
  for (const [field, reason] of Object.entries(required)) {
    const missing = rows.findIndex((row) => row[field as keyof RequestRow] === undefined);
    if (reason !== false && missing !== -1) {
      refuse(missing, field, `be given, because ${reason} reads it`, undefined);
    }
  }
}

/** Kind of uncertainty in a request: a kind that learners report, or only means over responses. */
type Known = KnownEntropies | "means";

/**
 * Finds the kind of uncertainty that all rows have. If they have several kinds, returns the most
 * exact.
 */
function findKnownEntropies(rows: readonly RequestRow[]): Known {
  const kinds = { entropies: "exact", meanEntropies: "means", logProbs: "surprisal" } as const;
  for (const [field, kind] of Object.entries(kinds) as ["entropies", "exact"][]) {
    const missing = rows.findIndex((row) => row[field] === undefined);
    if (missing === -1) return kind;
    if (rows.some((row) => row[field] !== undefined)) {
      refuse(missing, field, "be given in all rows, or in none", undefined);
    }
  }
  return "none";
}

/** Entropies that modulators can read, by the kind of uncertainty. */
const knownOf: Readonly<Record<Known, KnownOfResponses["entropies"]>> = {
  exact: "tokens",
  "top-k": "tokens",
  means: "responses",
  surprisal: "responses",
  none: "none",
};

/** Checks that the rows have all fields that the modulator reads. */
function checkModulator(modulator: Modulator, known: Known, rows: readonly RequestRow[]): void {
  const withoutRoles = rows.findIndex(({ roles }) => roles === undefined);
  const [need] = findUnmetNeeds(modulator, {
    entropies: knownOf[known],
    spans: withoutRoles === -1,
  });
  if (need === undefined) return;
  const reason = `be given, because modulation ${modulator.name} reads it`;
  if (need === "spans") refuse(withoutRoles, "roles", reason, undefined);
  const others = need === "response-entropy" ? " (or meanEntropies, or logProbs)," : ",";
  refuse(
    0,
    "entropies",
    `be given${others} because modulation ${modulator.name} reads it`,
    undefined,
  );
}

/** Finds the row of the request to which a row of the batch corresponds. */
function findSource(
  { row, groupIndex, trajectoryIndex }: BatchRow,
  groups: ReadBatch["groups"],
  { rowsOf }: ReadBatch,
): ReadRow {
  const trajectory = groups[groupIndex]!.trajectories[trajectoryIndex]!;
  const rows = rowsOf(trajectory);
  return rows.length === 1 ? rows[0]! : rows[row.spans[0]!.turnIndex]!;
}

/** Lists the rows of a batch in the order of the request. */
function listSources({ groups, rowsOf }: ReadBatch): ReadRow[] {
  return groups
    .flatMap(({ trajectories }) => trajectories.flatMap(rowsOf))
    .sort((a, b) => a.index - b.index);
}

/** Selects the values at the positions of each response of a row, `[response][token]`. */
function cut({ spans }: ReadRow, values: readonly (number | null)[]): Float32Array[] {
  return spans.map(({ start, length }) =>
    // Sound because `readRows` checked that entries within a response are not null.
    Float32Array.from(values.slice(start, start + length) as number[]),
  );
}

/** Creates scores that contain only log-probs. */
function toScores(source: ReadRow, logProbs: readonly (number | null)[]): ScoredRow {
  return {
    spans: cut(source, logProbs).map((own) => ({ logProbs: own, entropies: new Float32Array() })),
  };
}

/**
 * Reads the scores of a row before the update. Missing log-probs become 0, because nothing reads
 * them.
 */
function readScores(source: ReadRow, known: Known): ScoredRow {
  const { spans, fields } = source;
  const empty = (): Float32Array[] => spans.map(({ length }) => new Float32Array(length));
  const logProbs = fields.logProbs ? cut(source, fields.logProbs) : empty();
  const values = fields.values && cut(source, fields.values);
  const entropies =
    known === "exact"
      ? cut(source, fields.entropies!)
      : known === "means"
        ? spans.map(({ length }, i) => new Float32Array(length).fill(fields.meanEntropies![i]!))
        : known === "surprisal"
          ? logProbs.map((own) => own.map((logProb) => Math.max(0, -logProb)))
          : empty();
  return {
    spans: spans.map((_, i) => ({
      logProbs: logProbs[i]!,
      entropies: entropies[i]!,
      ...(values && { values: values[i]! }),
    })),
  };
}

/** Describes the credit of a row; zeros if it is not trained on. */
function describeRow(
  { spans, length }: ReadRow,
  credited: CreditedRow | undefined,
  withTokens: boolean,
): RowAdvantages {
  const responses = credited?.responses;
  const spread = (lists: readonly ArrayLike<number>[]): number[] => {
    const positions = Array<number>(length).fill(0);
    spans.forEach(({ start }, i) => {
      for (const [token, value] of Array.from(lists[i]!).entries())
        positions[start + token] = value;
    });
    return positions;
  };
  const all = <T>(value: T): T[] => spans.map(() => value);
  const tokens = responses?.map(({ modulated }) => modulated);
  const returns = responses?.flatMap((response) => response.returns ?? []);
  const weights = credited?.correction?.weights;
  let next = 0;
  return {
    isTrainedOn: credited !== undefined,
    advantages: tokens?.map(mean) ?? all(0),
    baseAdvantages: responses?.map(({ baseAdvantage }) => baseAdvantage) ?? all(0),
    coefficients: responses?.map(({ coefficient }) => coefficient) ?? all(1),
    ...(withTokens && { tokenAdvantages: spread(tokens ?? all([])) }),
    ...(returns?.length === spans.length && { returns: spread(returns) }),
    ...(weights && {
      correctionWeights: spread(spans.map((span) => weights.slice(next, (next += span.length)))),
    }),
  };
}

function diagnose(rows: readonly CreditedRow[], areEntropiesKnown: boolean): ModulationDiagnostics {
  const responses = rows.flatMap((row) => row.responses);
  return diagnoseModulation({
    advantages: responses.map(({ baseAdvantage }) => baseAdvantage),
    groups: rows.flatMap(({ groupIndex, responses: own }) => own.map(() => groupIndex)),
    coefficients: responses.map(({ coefficient }) => coefficient),
    modulated: responses.map(({ modulated }) => mean(modulated)),
    ...(areEntropiesKnown && {
      entropies: responses.map(({ meanTokenEntropy }) => meanTokenEntropy),
    }),
  });
}
