import type { JsonWriter } from "./json-writer.ts";
import type {
  RatioRange,
  RecordedTrajectory,
  RecordedTurn,
  TurnCredit,
} from "./recorded-trajectory.ts";

type WriteValue<Value> = (writer: JsonWriter, value: Value) => void;

/** Writers of all fields, in the order of the text. The type requires a writer for every field. */
type FieldWriters<Record> = {
  readonly [Name in keyof Record]-?: WriteValue<Exclude<Record[Name], undefined>>;
};

const string: WriteValue<string> = (writer, value) => writer.string(value);
const number: WriteValue<number> = (writer, value) => writer.number(value);
const numbers: WriteValue<readonly number[]> = (writer, value) => writer.numbers(value);
const float32: WriteValue<number> = (writer, value) => writer.float32(value);
const float32s: WriteValue<readonly number[]> = (writer, value) => writer.float32s(value);
const oneOrList: WriteValue<number | readonly number[]> = (writer, value) => {
  if (typeof value === "number") writer.float32(value);
  else writer.float32s(value);
};
const boolean: WriteValue<boolean> = (writer, value) => writer.raw(value ? "true" : "false");
const json: WriteValue<unknown> = (writer, value) => writer.json(value);

/** Creates the writer of a list. */
function createListWriter<Item>(writeItem: WriteValue<Item>): WriteValue<readonly Item[]> {
  return (writer, items) => {
    writer.raw("[");
    items.forEach((item, i) => {
      if (i > 0) writer.raw(",");
      writeItem(writer, item);
    });
    writer.raw("]");
  };
}

/** Creates the writer of a record; its first field must never be absent. */
function createRecordWriter<Record extends object>(
  fields: FieldWriters<Record>,
): WriteValue<Record> {
  const writers = (Object.keys(fields) as (keyof Record & string)[]).map((name, i) => ({
    name,
    begin: `${i === 0 ? "{" : ","}${JSON.stringify(name)}:`,
    write: fields[name] as WriteValue<unknown>,
  }));
  return (writer, record) => {
    for (const { name, begin, write } of writers) {
      const value = record[name];
      if (value === undefined) continue;
      writer.raw(begin);
      write(writer, value);
    }
    writer.raw("}");
  };
}

const ratioRange = createRecordWriter<RatioRange>({ mean: float32, min: float32, max: float32 });

const credit = createRecordWriter<TurnCredit>({
  oldLogProbs: float32s,
  entropies: float32s,
  meanTokenEntropy: float32,
  baseAdvantage: oneOrList,
  coefficient: float32,
  advantage: oneOrList,
  samplerRatio: ratioRange,
  correction: oneOrList,
  returns: float32s,
  oldValues: float32s,
});

const turn = createRecordWriter<RecordedTurn>({
  promptTokens: numbers,
  responseTokens: numbers,
  samplerLogProbs: float32s,
  samplerEntropies: float32s,
  policyVersions: numbers,
  usage: json,
  stopReason: string,
  action: string,
  isValidAction: boolean,
  observation: string,
  reward: number,
  score: number,
  penalty: number,
  state: json,
  credit,
});

const trajectoryRecord = createRecordWriter<RecordedTrajectory>({
  version: number,
  status: string,
  taskId: string,
  taskKind: string,
  groupId: string,
  trajectoryIndex: number,
  presentation: string,
  policyVersion: number,
  firstObservation: string,
  outcome: json,
  turns: createListWriter(turn),
  finalState: json,
});

/** Writes a trajectory as a line of JSON, with as few digits as float32 needs. */
export function writeTrajectory(writer: JsonWriter, trajectory: RecordedTrajectory): void {
  trajectoryRecord(writer, trajectory);
  writer.raw("\n");
}
