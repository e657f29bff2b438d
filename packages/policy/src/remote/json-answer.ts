import { isJsonObject } from "../files/json-file.ts";
import { RemoteError } from "./remote-error.ts";

/** Origin of an answer, for messages. */
export interface AnswerSource {
  /** Method and URL of the request. */
  readonly where: string;
  readonly url: string;
  readonly status: number;
  /** Removes secrets from a text. */
  readonly redact: (text: string) => string;
}

/**
 * A value in the JSON of a server's answer. Unexpected content throws an error that names URL and
 * field.
 */
export class JsonAnswer {
  readonly #source: AnswerSource;
  readonly #path: string;
  readonly #value: unknown;

  private constructor(source: AnswerSource, path: string, value: unknown) {
    this.#source = source;
    this.#path = path;
    this.#value = value;
  }

  /** Parses an answer. @throws {@link RemoteError} for text that is not JSON. */
  static parse(source: AnswerSource, text: string): JsonAnswer {
    try {
      return new JsonAnswer(source, "", JSON.parse(text) as unknown);
    } catch (cause) {
      const { where, url, status, redact } = source;
      throw new RemoteError(
        "protocol",
        url,
        `${where}: body is not valid JSON: ${JSON.stringify(redact(text).slice(0, 100))}`,
        status,
        { cause },
      );
    }
  }

  /** HTTP status of the answer. */
  get status(): number {
    return this.#source.status;
  }

  /** Creates an error about this value. */
  ruleError(rule: string): RemoteError {
    const { where, url, status, redact } = this.#source;
    const value = redact(JSON.stringify(this.#value) ?? "none").slice(0, 120);
    return new RemoteError(
      "protocol",
      url,
      `${where}: ${this.#path || "body"} must ${rule}, got ${value}`,
      status,
    );
  }

  /** Returns a field of an object; the field may be absent. */
  field(name: string): JsonAnswer {
    const inner =
      isJsonObject(this.#value) && Object.hasOwn(this.#value, name) ? this.#value[name] : undefined;
    const path = this.#path === "" ? name : `${this.#path}.${name}`;
    return new JsonAnswer(this.#source, path, inner);
  }

  /** True for an object that is not a list. */
  get isObject(): boolean {
    return isJsonObject(this.#value);
  }

  /** True if the field is absent or null. */
  get isAbsent(): boolean {
    return this.#value === undefined || this.#value === null;
  }

  /** Returns the field names of an object. */
  names(): string[] {
    if (!isJsonObject(this.#value)) throw this.ruleError("be an object");
    return Object.keys(this.#value);
  }

  /** Returns the entries of a list. */
  entries(): JsonAnswer[] {
    if (!Array.isArray(this.#value)) throw this.ruleError("be a list");
    return this.#value.map(
      (entry: unknown, i) => new JsonAnswer(this.#source, `${this.#path}[${i}]`, entry),
    );
  }

  text(): string {
    if (typeof this.#value !== "string") throw this.ruleError("be a string");
    return this.#value;
  }

  /** Returns a finite number. */
  number(): number {
    if (typeof this.#value !== "number" || !Number.isFinite(this.#value)) {
      throw this.ruleError("be a finite number");
    }
    return this.#value;
  }

  /** Returns a token id. */
  token(): number {
    if (!Number.isSafeInteger(this.#value) || (this.#value as number) < 0) {
      throw this.ruleError("be a whole number >= 0");
    }
    return this.#value as number;
  }

  /**
   * Returns a log-prob: a finite number, at most 0; a small excess from rounding is clamped to 0.
   */
  logProb(): number {
    const value = this.number();
    if (value > 1e-3) throw this.ruleError("be a log-prob, at most 0");
    return Math.min(0, value);
  }

  /** Returns the value without any checks. */
  get raw(): unknown {
    return this.#value;
  }
}
