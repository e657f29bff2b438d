import { wordBreakOf, wordBreaks as is, type WordBreak } from "./word-break-table.ts";

/** The longest token, UTF-16 units; what is longer is cut into pieces. */
const maxTokenLength = 255;

const keycap = 0x20e3;
const emojiSelector = 0xfe0f;

const wordCharacter = 1;
const partingCharacter = 2;

/** ASCII letters and digits, and the other ASCII characters that join nothing, by code. */
const plainCharacters = Uint8Array.from({ length: 128 }, (_, code) => {
  const kind = wordBreakOf(code);
  if (kind === is.letter || kind === is.numeric) return wordCharacter;
  return kind === is.other || kind === is.keycapBase ? partingCharacter : 0;
});

function isExtension(kind: WordBreak): boolean {
  return (
    kind === is.extend ||
    kind === is.zeroWidthJoiner ||
    kind === is.textSelector ||
    kind === is.southEastAsianMark
  );
}

/** A place in a text: the code points before `limit`, with their classes. */
class Scanner {
  readonly text: string;
  limit = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The code point at a place; -1 at the limit. */
  codeAt(place: number): number {
    return place < this.limit ? this.text.codePointAt(place)! : -1;
  }

  classAt(place: number): WordBreak {
    return place < this.limit ? wordBreakOf(this.text.codePointAt(place)!) : -1;
  }

  /** The place after the code point at a place. */
  after(place: number): number {
    return place + (this.text.codePointAt(place)! > 0xffff ? 2 : 1);
  }

  /** The place after a code point and the marks that belong to it. */
  afterExtended(place: number): number {
    let end = this.after(place);
    while (isExtension(this.classAt(end))) end = this.after(end);
    return end;
  }

  /**
   * The end of the run of ASCII letters and digits at `start`, if the word surely ends there: what
   * follows is blank or punctuation that joins nothing. Else `start`.
   */
  plainWordEnd(start: number): number {
    const { text, limit } = this;
    let end = start;
    while (end < limit && plainCharacters[text.charCodeAt(end)] === wordCharacter) end += 1;
    if (end === limit) return end;
    return plainCharacters[text.charCodeAt(end)] === partingCharacter ? end : start;
  }

  /** The end of the word that begins at `start`; `start` if none does. */
  wordEnd(start: number): number {
    let end = start;
    let place = start;
    let previous: WordBreak = is.other;
    for (;;) {
      const kind = this.classAt(place);
      const isLetter =
        kind === is.letter || kind === is.hebrewLetter || kind === is.pictographLetter;
      if (isLetter || kind === is.numeric) {
        if (previous === is.katakana) return end;
      } else if (kind === is.katakana) {
        if (previous !== is.katakana && previous !== is.extendNumLet && previous !== is.other) {
          return end;
        }
      } else if (kind !== is.extendNumLet) {
        const next = this.#acrossPunctuation(place, kind, previous);
        if (next === place) return end;
        place = next;
        // A quote after a Hebrew letter belongs to the word even where none follows.
        if (kind === is.singleQuote && previous === is.hebrewLetter) end = place;
        continue;
      }
      place = this.afterExtended(place);
      if (kind !== is.extendNumLet || end > start) end = place;
      previous = isLetter && kind !== is.hebrewLetter ? is.letter : kind;
    }
  }

  /** The place after punctuation that joins what surrounds it; else the place itself. */
  #acrossPunctuation(place: number, kind: WordBreak, previous: WordBreak): number {
    const isAfterLetter = previous === is.letter || previous === is.hebrewLetter;
    const isAny = kind === is.midNumLet || kind === is.singleQuote;
    const joinsLetters = isAfterLetter && (isAny || kind === is.midLetter);
    const joinsDigits = previous === is.numeric && (isAny || kind === is.midNum);
    const joinsHebrew = previous === is.hebrewLetter && kind === is.doubleQuote;
    if (!joinsLetters && !joinsDigits && !joinsHebrew) return place;
    const next = this.afterExtended(place);
    const following = this.classAt(next);
    if (joinsDigits) return following === is.numeric ? next : place;
    if (following === is.hebrewLetter) return next;
    if (joinsHebrew) return place;
    if (following === is.letter || following === is.pictographLetter) return next;
    return kind === is.singleQuote && previous === is.hebrewLetter ? next : place;
  }

  /** The end of the run of Thai-like text that begins at `start`. */
  southEastAsianEnd(start: number): number {
    let end = start;
    for (;;) {
      const kind = this.classAt(end);
      if (kind !== is.southEastAsian && kind !== is.southEastAsianMark) return end;
      end = this.afterExtended(end);
    }
  }

  /** The end of the emoji sequence that begins at `start`; `start` if none does. */
  emojiEnd(start: number): number {
    const kind = this.classAt(start);
    if (kind === is.regionalIndicator) {
      const next = this.afterExtended(start);
      return this.classAt(next) === is.regionalIndicator ? this.afterExtended(next) : start;
    }
    const code = this.codeAt(start);
    if (kind === is.keycapBase || (code >= 0x30 && code <= 0x39)) {
      let end = start + 1;
      if (this.codeAt(end) === emojiSelector) end += 1;
      return this.codeAt(end) === keycap ? this.afterExtended(end) : start;
    }
    // A joiner that no word took begins a sequence, but no lone skin tone.
    const first = kind === is.zeroWidthJoiner ? start + 1 : start;
    let end = this.#pictographEnd(first, first > start);
    if (end === first) return start;
    while (this.classAt(end) === is.zeroWidthJoiner) {
      const next = this.#pictographEnd(end + 1, true);
      if (next === end + 1) break;
      end = next;
    }
    while (isExtension(this.classAt(end)) && this.classAt(end) !== is.textSelector) {
      end = this.after(end);
    }
    return end;
  }

  /** The end of one pictograph with its marks and its skin tone; `start` if none is there. */
  #pictographEnd(start: number, isJoined: boolean): number {
    const kind = this.classAt(start);
    const isBase = kind === is.modifierBase;
    const isLoneModifier = kind === is.emojiModifier && !isJoined;
    const isPlain = kind === is.pictograph || kind === is.pictographLetter;
    if (!isBase && !isLoneModifier && !isPlain) return start;
    let end = this.after(start);
    while (this.classAt(end) === is.extend) end = this.after(end);
    if (isBase && this.classAt(end) === is.emojiModifier) {
      end = this.after(end);
      while (this.classAt(end) === is.extend) end = this.after(end);
    }
    return end;
  }
}

/**
 * Cuts a text into words as Lucene 8's StandardTokenizer does: the word breaks of Unicode's annex
 * 29, single ideographs, runs of Thai-like scripts, and emoji sequences as tokens. Case is kept.
 */
export function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const scanner = new Scanner(text);
  let place = 0;
  while (place < text.length) {
    scanner.limit = Math.min(text.length, place + maxTokenLength);
    const plainEnd = scanner.plainWordEnd(place);
    if (plainEnd > place) {
      tokens.push(text.slice(place, plainEnd));
      place = plainEnd;
      continue;
    }
    const kind = scanner.classAt(place);
    let end = place;
    if (kind === is.ideograph) end = scanner.afterExtended(place);
    else if (kind === is.southEastAsian || kind === is.southEastAsianMark) {
      end = scanner.southEastAsianEnd(place);
    } else if (kind !== is.other && kind !== is.extend) {
      end = Math.max(scanner.wordEnd(place), scanner.emojiEnd(place));
    }
    if (end > place) {
      tokens.push(text.slice(place, end));
      place = end;
    } else place = scanner.after(place);
  }
  return tokens;
}
