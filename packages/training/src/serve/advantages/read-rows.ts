import {
  recordVersion,
  type Group,
  type Outcome,
  type RoleSpan,
  type Trajectory,
  type Turn,
} from "@turnwise/core";
import type { RequestRow } from "./advantages-request.ts";

/** Position of a response in its row. */
interface Span {
  readonly start: number;
  readonly length: number;
}

/** Checked row of a request: its fields, its responses, and its index in the request. */
export interface ReadRow {
  readonly index: number;
  readonly fields: RequestRow;
  readonly spans: readonly Span[];
  /** Number of positions. */
  readonly length: number;
}

/** Batch of a request as records of the training loop. */
export interface ReadBatch {
  readonly groups: readonly Group[];
  /** Returns the rows of a trajectory, in the order of their turns. */
  readonly rowsOf: (trajectory: Trajectory) => readonly ReadRow[];
  /** Keys of the states before each turn, if given. */
  readonly stateKeys: (trajectory: Trajectory) => readonly string[];
  /** Roles of the tokens of a response, if given. */
  readonly findRoles: (turn: Turn) => readonly RoleSpan[];
}

/** Throws the error of a field: its path, the violated rule, and the value. */
export function refuse(row: number, field: string, rule: string, got: unknown): never {
  throw new RangeError(`rows.${row}.${field} must ${rule}, got ${JSON.stringify(got) ?? "none"}`);
}

/** Fields with one entry per position. */
const positionFields = [
  "entropies",
  "logProbs",
  "referenceLogProbs",
  "samplerLogProbs",
  "values",
] as const;

/** Fields with one entry per response. */
const responseFields = ["rewards", "penalties", "meanEntropies", "stateKeys", "roles"] as const;

const outcomes: Readonly<Record<RequestRow["outcome"], Outcome>> = {
  terminated: { kind: "terminated", isSuccess: false },
  truncated: { kind: "truncated", limit: "turns" },
  failed: { kind: "failed", error: { kind: "environment", message: "" } },
};

/**
 * Converts the rows of a request to groups of trajectories.
 * @throws `RangeError`: one line that names the row, the field, the rule and the value.
 */
export function readRows(rows: readonly RequestRow[]): ReadBatch {
  const roles = new Map<Turn, readonly RoleSpan[]>();
  const known = new Map<string, readonly ReadRow[]>();
  const rowsOf = ({ groupId, trajectoryIndex }: Trajectory): readonly ReadRow[] =>
    known.get(`${groupId}/${trajectoryIndex}`)!;
  const groups = collect(rows.map(readRow), ({ fields }) => JSON.stringify(fields.group)).map(
    (members, groupIndex): Group => {
      const groupId = String(groupIndex);
      const task = { id: String(members[0]!.fields.group), kind: "" };
      const trajectories = collect(members, ({ fields, index }) =>
        fields.trajectory === undefined ? `row ${index}` : JSON.stringify(fields.trajectory),
      ).map((own, trajectoryIndex): Trajectory => {
        const ordered = orderRows(own);
        known.set(`${groupId}/${trajectoryIndex}`, ordered);
        return {
          version: recordVersion,
          taskId: task.id,
          taskKind: "",
          groupId,
          trajectoryIndex,
          presentation: ordered.length === 1 ? "concatenated" : "turn-wise",
          policyVersion: 0,
          firstObservation: "",
          turns: ordered.flatMap((row, i) => readTurns(row, i === ordered.length - 1, roles)),
          outcome: outcomes[ordered[0]!.fields.outcome],
        };
      });
      return { id: groupId, task, trajectories };
    },
  );
  return {
    groups,
    rowsOf,
    stateKeys: (trajectory) => rowsOf(trajectory).flatMap(({ fields }) => fields.stateKeys ?? []),
    findRoles: (turn) => roles.get(turn) ?? [],
  };
}

/** Collects entries with the same key, in the order of their first entries. */
function collect<T>(entries: readonly T[], keyOf: (entry: T) => string): T[][] {
  const members = new Map<string, T[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const known = members.get(key);
    if (known === undefined) members.set(key, [entry]);
    else known.push(entry);
  }
  return [...members.values()];
}

/** Finds the responses of a row, and checks the lengths of its lists. */
function readRow(fields: RequestRow, index: number): ReadRow {
  const { mask, spans: given } = fields;
  if ((mask === undefined) === (given === undefined)) {
    refuse(index, "mask", "be given if spans is absent, and absent if spans is given", mask);
  }
  const spans = given ?? findRuns(mask!);
  if (spans.length === 0) refuse(index, "mask", "contain a response token", mask);
  let end = 0;
  spans.forEach(({ start, length }, i) => {
    if (start < end)
      refuse(index, `spans.${i}.start`, `be >= ${end}, the end of the previous span`, start);
    end = start + length;
  });
  const known = positionFields.find((field) => fields[field] !== undefined);
  const length = mask?.length ?? (known === undefined ? end : fields[known]!.length);
  if (length < end)
    refuse(
      index,
      known!,
      `have ${end} entries, one for each position up to the end of the last span`,
      length,
    );
  for (const field of positionFields) {
    const values = fields[field];
    if (values === undefined) continue;
    if (values.length !== length) {
      refuse(index, field, `have ${length} entries, one per position`, values.length);
    }
    for (const { start, length: size } of spans) {
      const missing = values.slice(start, start + size).indexOf(null);
      if (missing !== -1) {
        const path = `${field}.${start + missing}`;
        refuse(index, path, "be a number at every position of a response", null);
      }
    }
  }
  for (const field of responseFields) {
    const values = fields[field];
    if (values !== undefined && values.length !== spans.length) {
      refuse(index, field, `have ${spans.length} entries, one per response`, values.length);
    }
  }
  if ((fields.rewards === undefined) === (fields.return === undefined)) {
    refuse(
      index,
      "rewards",
      "be given if return is absent, and absent if return is given",
      fields.rewards,
    );
  }
  return { index, fields, spans, length };
}

/** Finds the runs of ones in a mask. */
function findRuns(mask: readonly (0 | 1 | boolean)[]): Span[] {
  const spans: { start: number; length: number }[] = [];
  mask.forEach((flag, position) => {
    if (!flag) return;
    if (position > 0 && mask[position - 1]) spans.at(-1)!.length += 1;
    else spans.push({ start: position, length: 1 });
  });
  return spans;
}

/** Sorts the rows of a trajectory by turn, and checks that they are consistent. */
function orderRows(rows: readonly ReadRow[]): readonly ReadRow[] {
  const [first] = rows;
  const isOrdered = first!.fields.turn !== undefined;
  for (const { index, fields, spans } of rows) {
    if ((fields.turn !== undefined) !== isOrdered) {
      refuse(index, "turn", "be given in all rows of a trajectory, or in none", fields.turn);
    }
    if (rows.length > 1 && spans.length > 1) {
      const rule = "contain one response, because its trajectory has several rows";
      refuse(index, fields.mask ? "mask" : "spans", rule, spans.length);
    }
    if (fields.outcome !== first!.fields.outcome) {
      const rule = `be "${first!.fields.outcome}", as in rows.${first!.index}, which belongs to the same trajectory`;
      refuse(index, "outcome", rule, fields.outcome);
    }
    if (fields.return !== first!.fields.return) {
      const rule = `be ${first!.fields.return ?? "absent"}, as in rows.${first!.index}, which belongs to the same trajectory`;
      refuse(index, "return", rule, fields.return);
    }
    if ((fields.stateKeys === undefined) !== (first!.fields.stateKeys === undefined)) {
      refuse(index, "stateKeys", "be given in all rows of a trajectory, or in none", undefined);
    }
  }
  if (!isOrdered) return rows;
  const ordered = [...rows].sort((a, b) => a.fields.turn! - b.fields.turn!);
  ordered.forEach(({ index, fields }, turn) => {
    if (fields.turn !== turn) {
      refuse(index, "turn", `be ${turn}: turns of a trajectory count from 0`, fields.turn);
    }
  });
  return ordered;
}

/**
 * Creates the turns of a row. Credit depends only on the number of tokens, so every token is 0. The
 * return of a trajectory becomes the reward of its last turn.
 */
function readTurns(
  { fields, spans }: ReadRow,
  isLastRow: boolean,
  roles: Map<Turn, readonly RoleSpan[]>,
): Turn[] {
  let end = 0;
  return spans.map(({ start, length }, i) => {
    const isLast = isLastRow && i === spans.length - 1;
    const turn: Turn = {
      promptTokens: Array<number>(start - end).fill(0),
      responseTokens: Array<number>(length).fill(0),
      // Sound because entries within a response were checked above.
      samplerLogProbs: (fields.samplerLogProbs?.slice(start, start + length) ?? []) as number[],
      action: "",
      isValidAction: true,
      observation: "",
      reward: fields.rewards?.[i] ?? (isLast ? fields.return! : 0),
      penalty: fields.penalties?.[i] ?? 0,
    };
    end = start + length;
    roles.set(turn, fields.roles?.[i] ?? []);
    return turn;
  });
}
