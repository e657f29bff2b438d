import { findWordBreak, wordBreaks as is, type WordBreak } from "./word-break-table.ts";

/** Maximum length of a token, UTF-16 units; longer ones are cut into pieces. */
const maxTokenLength = 255;

const keycap = 0x20e3;
const emojiSelector = 0xfe0f;

const wordCharacter = 1;
const partingCharacter = 2;

/** Class of each ASCII character by its code: letter or digit, never joins words, or 0 for the others. */
const plainCharacters = Uint8Array.from({ length: 128 }, (_, code) => {
  const kind = findWordBreak(code);
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

/** A scanner over the code points before `limit`, with their word-break classes. */
class Scanner {
  readonly text: string;
  limit = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Code point at an offset; -1 at the limit. */
  codeAt(offset: number): number {
    return offset < this.limit ? this.text.codePointAt(offset)! : -1;
  }

  classAt(offset: number): WordBreak {
    return offset < this.limit ? findWordBreak(this.text.codePointAt(offset)!) : -1;
  }

  /** Offset after the code point at an offset. */
  nextOffset(offset: number): number {
    return offset + (this.text.codePointAt(offset)! > 0xffff ? 2 : 1);
  }

  /** Offset after a code point and the marks that belong to it. */
  skipExtended(offset: number): number {
    let end = this.nextOffset(offset);
    while (isExtension(this.classAt(end))) end = this.nextOffset(end);
    return end;
  }

  /**
   * End of the run of ASCII letters and digits at `start`, if the word certainly ends there because
   * a space or punctuation that never joins follows. Otherwise `start`.
   */
  plainWordEnd(start: number): number {
    const { text, limit } = this;
    let end = start;
    while (end < limit && plainCharacters[text.charCodeAt(end)] === wordCharacter) end += 1;
    if (end === limit) return end;
    return plainCharacters[text.charCodeAt(end)] === partingCharacter ? end : start;
  }

  /** End of the word at `start`; `start` for none. */
  wordEnd(start: number): number {
    let end = start;
    let offset = start;
    let previous: WordBreak = is.other;
    for (;;) {
      const kind = this.classAt(offset);
      const isLetter =
        kind === is.letter || kind === is.hebrewLetter || kind === is.pictographLetter;
      if (isLetter || kind === is.numeric) {
        if (previous === is.katakana) return end;
      } else if (kind === is.katakana) {
        if (previous !== is.katakana && previous !== is.extendNumLet && previous !== is.other) {
          return end;
        }
      } else if (kind !== is.extendNumLet) {
        const next = this.#skipPunctuation(offset, kind, previous);
        if (next === offset) return end;
        offset = next;
        // A quote after a Hebrew letter belongs to the word even if no other letter follows.
        if (kind === is.singleQuote && previous === is.hebrewLetter) end = offset;
        continue;
      }
      offset = this.skipExtended(offset);
      if (kind !== is.extendNumLet || end > start) end = offset;
      previous = isLetter && kind !== is.hebrewLetter ? is.letter : kind;
    }
  }

  /**
   * Offset after punctuation that joins the characters around it; the given offset if there is
   * none.
   */
  #skipPunctuation(offset: number, kind: WordBreak, previous: WordBreak): number {
    const isAfterLetter = previous === is.letter || previous === is.hebrewLetter;
    const isAny = kind === is.midNumLet || kind === is.singleQuote;
    const joinsLetters = isAfterLetter && (isAny || kind === is.midLetter);
    const joinsDigits = previous === is.numeric && (isAny || kind === is.midNum);
    const joinsHebrew = previous === is.hebrewLetter && kind === is.doubleQuote;
    if (!joinsLetters && !joinsDigits && !joinsHebrew) return offset;
    const next = this.skipExtended(offset);
    const following = this.classAt(next);
    if (joinsDigits) return following === is.numeric ? next : offset;
    if (following === is.hebrewLetter) return next;
    if (joinsHebrew) return offset;
    if (following === is.letter || following === is.pictographLetter) return next;
    return kind === is.singleQuote && previous === is.hebrewLetter ? next : offset;
  }

  /** End of the run of Thai-like text at `start`. */
  southEastAsianEnd(start: number): number {
    let end = start;
    for (;;) {
      const kind = this.classAt(end);
      if (kind !== is.southEastAsian && kind !== is.southEastAsianMark) return end;
      end = this.skipExtended(end);
    }
  }

  /** End of the emoji sequence at `start`; `start` for none. */
  emojiEnd(start: number): number {
    const kind = this.classAt(start);
    if (kind === is.regionalIndicator) {
      const next = this.skipExtended(start);
      return this.classAt(next) === is.regionalIndicator ? this.skipExtended(next) : start;
    }
    const code = this.codeAt(start);
    if (kind === is.keycapBase || (code >= 0x30 && code <= 0x39)) {
      let end = start + 1;
      if (this.codeAt(end) === emojiSelector) end += 1;
      return this.codeAt(end) === keycap ? this.skipExtended(end) : start;
    }
    // A joiner outside a word starts a sequence, but a lone skin tone does not.
    const first = kind === is.zeroWidthJoiner ? start + 1 : start;
    let end = this.#pictographEnd(first, first > start);
    if (end === first) return start;
    while (this.classAt(end) === is.zeroWidthJoiner) {
      const next = this.#pictographEnd(end + 1, true);
      if (next === end + 1) break;
      end = next;
    }
    while (isExtension(this.classAt(end)) && this.classAt(end) !== is.textSelector) {
      end = this.nextOffset(end);
    }
    return end;
  }

  /** End of one pictograph with its marks and its skin tone; `start` for none. */
  #pictographEnd(start: number, isJoined: boolean): number {
    const kind = this.classAt(start);
    const isBase = kind === is.modifierBase;
    const isLoneModifier = kind === is.emojiModifier && !isJoined;
    const isPlain = kind === is.pictograph || kind === is.pictographLetter;
    if (!isBase && !isLoneModifier && !isPlain) return start;
    let end = this.nextOffset(start);
    while (this.classAt(end) === is.extend) end = this.nextOffset(end);
    if (isBase && this.classAt(end) === is.emojiModifier) {
      end = this.nextOffset(end);
      while (this.classAt(end) === is.extend) end = this.nextOffset(end);
    }
    return end;
  }
}

/**
 * Splits a text into words like Lucene 8's StandardTokenizer: the word breaks of Unicode's annex
 * 29, with single ideographs, runs of Thai-like scripts and emoji sequences as tokens. Case is
 * preserved.
 */
export function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const scanner = new Scanner(text);
  let offset = 0;
  while (offset < text.length) {
    scanner.limit = Math.min(text.length, offset + maxTokenLength);
    const plainEnd = scanner.plainWordEnd(offset);
    if (plainEnd > offset) {
      tokens.push(text.slice(offset, plainEnd));
      offset = plainEnd;
      continue;
    }
    const kind = scanner.classAt(offset);
    let end = offset;
    if (kind === is.ideograph) end = scanner.skipExtended(offset);
    else if (kind === is.southEastAsian || kind === is.southEastAsianMark) {
      end = scanner.southEastAsianEnd(offset);
    } else if (kind !== is.other && kind !== is.extend) {
      end = Math.max(scanner.wordEnd(offset), scanner.emojiEnd(offset));
    }
    if (end > offset) {
      tokens.push(text.slice(offset, end));
      offset = end;
    } else offset = scanner.nextOffset(offset);
  }
  return tokens;
}
