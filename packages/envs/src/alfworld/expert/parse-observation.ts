/**
 * Parses the texts of a game into data, for a player without other knowledge. Covers the sentences
 * of released games since version 0.4.0 of ALFWorld ("move X to Y") and before ("put X in/on Y"),
 * and of generated games.
 */

/** Task as stated in its sentence, with classes in lower case. */
export type ParsedTask =
  | {
      readonly kind: "place";
      readonly objectClass: string;
      readonly targetClass: string;
      readonly count: 1 | 2;
      /** Required treatment of the object: `clean`, `heat` or `cool`. */
      readonly treatment: "clean" | "heat" | "cool" | undefined;
    }
  | { readonly kind: "look"; readonly objectClass: string; readonly lampClass: string };

const treatmentWords: ReadonlyMap<string, "clean" | "heat" | "cool"> = new Map([
  ["clean", "clean"],
  ["hot", "heat"],
  ["heat", "heat"],
  ["cool", "cool"],
]);

const placePatterns: readonly RegExp[] = [
  /^put a (?<treatment>clean|hot|cool) (?<object>\w+) in (?<target>\w+)$/u,
  /^(?<treatment>clean|heat|cool) some (?<object>\w+) and put it in (?<target>\w+)$/u,
  /^(?:put|find) (?<two>two) (?<object>\w+) (?:in|and put them in) (?<target>\w+)$/u,
  /^put (?:a|some) (?<object>\w+) (?:in|on) (?<target>\w+)$/u,
];

const lookPatterns: readonly RegExp[] = [
  /^look at (?<object>\w+) under the (?<lamp>\w+)$/u,
  /^examine the (?<object>\w+) with the (?<lamp>\w+)$/u,
];

/** Parses the sentence of a task, without the full stop; `undefined` for an unknown sentence. */
export function readTask(sentence: string): ParsedTask | undefined {
  for (const pattern of placePatterns) {
    const groups = pattern.exec(sentence)?.groups;
    if (groups === undefined) continue;
    return {
      kind: "place",
      objectClass: groups["object"]!,
      targetClass: groups["target"]!,
      count: groups["two"] === undefined ? 1 : 2,
      treatment: treatmentWords.get(groups["treatment"] ?? ""),
    };
  }
  for (const pattern of lookPatterns) {
    const groups = pattern.exec(sentence)?.groups;
    if (groups === undefined) continue;
    return { kind: "look", objectClass: groups["object"]!, lampClass: groups["lamp"]! };
  }
  return undefined;
}

/** Parses a list such as `a mug 2, a pen 1, and a cd 3` or `nothing`. */
function readList(text: string): string[] {
  return [...text.matchAll(/\ba (\w+ \d+)/gu)].map((match) => match[1]!);
}

/** Parses an introduction; `undefined` for other texts. */
export function readIntroduction(
  text: string,
): { readonly receptacles: readonly string[]; readonly task: ParsedTask | undefined } | undefined {
  const room = /Looking quickly around you, you see (.*)\.$/mu.exec(text);
  const task = /Your task is to: (.*)\.\s*$/u.exec(text);
  if (room === null || task === null) return undefined;
  return { receptacles: readList(room[1]!), task: readTask(task[1]!) };
}

/** Receptacle as described in a text. */
export interface ParsedReceptacle {
  readonly name: string;
  readonly door: "none" | "open" | "closed";
  /** Names of the objects seen in or on it; `undefined` while it is closed. */
  readonly contents: readonly string[] | undefined;
}

/** Parses the part of a text that describes a receptacle; `undefined` if there is none. */
export function readReceptacle(text: string): ParsedReceptacle | undefined {
  const on = /On the (\w+ \d+), you see (.*)\.$/mu.exec(text);
  if (on !== null) return { name: on[1]!, door: "none", contents: readList(on[2]!) };
  const open = /The (\w+ \d+) is open\. In it, you see (.*)\.$/mu.exec(text);
  if (open !== null) return { name: open[1]!, door: "open", contents: readList(open[2]!) };
  const closed = /The (\w+ \d+) is closed\.$/mu.exec(text);
  return closed === null ? undefined : { name: closed[1]!, door: "closed", contents: undefined };
}

/** Class of a name: `mug` for `mug 2`. */
export function classOfName(name: string): string {
  return name.slice(0, name.lastIndexOf(" "));
}
