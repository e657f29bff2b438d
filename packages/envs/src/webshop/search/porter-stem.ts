/** Suffixes of step 2 and their replacements, by their second-to-last letter. */
const secondEndings: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  a: [
    ["ational", "ate"],
    ["tional", "tion"],
  ],
  c: [
    ["enci", "ence"],
    ["anci", "ance"],
  ],
  e: [["izer", "ize"]],
  l: [
    ["bli", "ble"],
    ["alli", "al"],
    ["entli", "ent"],
    ["eli", "e"],
    ["ousli", "ous"],
  ],
  o: [
    ["ization", "ize"],
    ["ation", "ate"],
    ["ator", "ate"],
  ],
  s: [
    ["alism", "al"],
    ["iveness", "ive"],
    ["fulness", "ful"],
    ["ousness", "ous"],
  ],
  t: [
    ["aliti", "al"],
    ["iviti", "ive"],
    ["biliti", "ble"],
  ],
  g: [["logi", "log"]],
};

const thirdEndings: readonly (readonly [string, string])[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
];

/** Suffixes of step 4; a longer one precedes its own suffixes. */
const fourthEndings: readonly string[] = [
  "al",
  "ance",
  "ence",
  "er",
  "ic",
  "able",
  "ible",
  "ant",
  "ement",
  "ment",
  "ent",
  "ion",
  "ou",
  "ism",
  "ate",
  "iti",
  "ous",
  "ive",
  "ize",
];

function isConsonant(word: string, i: number): boolean {
  const letter = word[i]!;
  if ("aeiou".includes(letter)) return false;
  return letter !== "y" || i === 0 || !isConsonant(word, i - 1);
}

/** Number of vowel-consonant transitions in the first `length` letters. */
function measure(word: string, length: number): number {
  let count = 0;
  let wasVowel = false;
  for (let i = 0; i < length; i++) {
    const isVowel = !isConsonant(word, i);
    if (wasVowel && !isVowel) count += 1;
    wasVowel = isVowel;
  }
  return count;
}

function hasVowel(word: string, length: number): boolean {
  for (let i = 0; i < length; i++) if (!isConsonant(word, i)) return true;
  return false;
}

function endsInDouble(word: string): boolean {
  const last = word.length - 1;
  return last >= 1 && word[last] === word[last - 1] && isConsonant(word, last);
}

/** True if the word ends in consonant, vowel, consonant, and the last is not w, x or y. */
function endsInShortSyllable(word: string): boolean {
  const last = word.length - 1;
  if (last < 2 || "wxy".includes(word[last]!)) return false;
  return isConsonant(word, last) && !isConsonant(word, last - 1) && isConsonant(word, last - 2);
}

/** Step 1: plurals, -ed and -ing. */
function applyStep1(word: string): string {
  let stem = word;
  if (stem.endsWith("s")) {
    if (stem.endsWith("sses") || stem.endsWith("ies")) stem = stem.slice(0, -2);
    else if (!stem.endsWith("ss")) stem = stem.slice(0, -1);
  }
  if (stem.endsWith("eed")) {
    return measure(stem, stem.length - 3) > 0 ? stem.slice(0, -1) : stem;
  }
  const ending = stem.endsWith("ed") ? 2 : stem.endsWith("ing") ? 3 : 0;
  if (ending === 0 || !hasVowel(stem, stem.length - ending)) return stem;
  stem = stem.slice(0, -ending);
  if (stem.endsWith("at") || stem.endsWith("bl") || stem.endsWith("iz")) return `${stem}e`;
  if (endsInDouble(stem)) return "lsz".includes(stem.at(-1)!) ? stem : stem.slice(0, -1);
  return measure(stem, stem.length) === 1 && endsInShortSyllable(stem) ? `${stem}e` : stem;
}

/** Replaces the first matching suffix, if a syllable precedes it. */
function replaceEnding(word: string, endings: readonly (readonly [string, string])[]): string {
  for (const [ending, replacement] of endings) {
    if (!word.endsWith(ending)) continue;
    const length = word.length - ending.length;
    return measure(word, length) > 0 ? word.slice(0, length) + replacement : word;
  }
  return word;
}

/** Step 4: drops a suffix if two syllables precede it. */
function applyStep4(word: string): string {
  for (const ending of fourthEndings) {
    if (!word.endsWith(ending)) continue;
    const length = word.length - ending.length;
    if (ending === "ion" && !"st".includes(word[length - 1] ?? "?")) continue;
    return measure(word, length) > 1 ? word.slice(0, length) : word;
  }
  return word;
}

/** Step 5: a final e, and one of two l. */
function applyStep5(word: string): string {
  let stem = word;
  if (stem.endsWith("e")) {
    const syllables = measure(stem, stem.length - 1);
    if (syllables > 1 || (syllables === 1 && !endsInShortSyllable(stem.slice(0, -1)))) {
      stem = stem.slice(0, -1);
    }
  }
  const isLong = stem.endsWith("ll") && measure(stem, stem.length) > 1;
  return isLong ? stem.slice(0, -1) : stem;
}

/**
 * Porter's stemmer of 1980 with its author's two later changes (`bli` to `ble`, `logi` to `log`),
 * as in Lucene. Words of one or two letters are unchanged; letters other than a-z count as
 * consonants.
 *
 * @param word - In lower case.
 * @see M. F. Porter, An algorithm for suffix stripping, Program 14(3), 1980
 */
export function porterStem(word: string): string {
  if (word.length <= 2) return word;
  let stem = applyStep1(word);
  if (stem.endsWith("y") && hasVowel(stem, stem.length - 1)) stem = `${stem.slice(0, -1)}i`;
  stem = replaceEnding(stem, secondEndings[stem.at(-2) ?? ""] ?? []);
  stem = replaceEnding(stem, thirdEndings);
  return applyStep5(applyStep4(stem));
}
