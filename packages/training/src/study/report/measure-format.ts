import type { Study } from "../study-schema.ts";

/** Formatters for the numbers of a measure. */
export interface MeasureFormat {
  /** Formats a value: `64.3 %`. */
  readonly value: (value: number) => string;
  /** Formats a width, such as a standard deviation: `3.1 points`. */
  readonly width: (value: number) => string;
  /** Formats a difference with its sign: `+3.1 points`. */
  readonly difference: (value: number) => string;
  /** Formats the interval of a value: `[61.0, 67.6]`. */
  readonly interval: (ends: Ends) => string;
  /** Formats the interval of a difference: `[-0.4, +6.6]`. */
  readonly differenceInterval: (ends: Ends) => string;
  /** Factor from the stored number to the displayed one. */
  readonly scale: number;
  /** Unit of values and of differences, for headers and axes. */
  readonly unit: string;
  readonly differenceUnit: string;
}

interface Ends {
  readonly low: number;
  readonly high: number;
}

/** Creates the format of a study's primary measure: rates in percent, returns unchanged. */
export function createMeasureFormat(measure: Study["metric"]["measure"]): MeasureFormat {
  return measure === "return"
    ? createNumberFormat({ scale: 1, digits: 3, unit: "", differenceUnit: "" })
    : createNumberFormat({ scale: 100, digits: 1, unit: "%", differenceUnit: "points" });
}

/** Format of entropies, nats per token. */
export const entropyFormat: MeasureFormat = createNumberFormat({
  scale: 1,
  digits: 3,
  unit: "nats",
  differenceUnit: "nats",
});

function createNumberFormat(options: {
  readonly scale: number;
  readonly digits: number;
  readonly unit: string;
  readonly differenceUnit: string;
}): MeasureFormat {
  const { scale, digits, unit, differenceUnit } = options;
  const plain = (value: number): string => dropMinusZero((scale * value).toFixed(digits));
  const signed = (value: number): string => {
    const text = plain(value);
    return text.startsWith("-") || Number(text) === 0 ? text : `+${text}`;
  };
  const withUnit = (text: string, name: string): string => (name === "" ? text : `${text} ${name}`);
  return {
    value: (value) => withUnit(plain(value), unit),
    width: (value) => withUnit(plain(value), differenceUnit),
    difference: (value) => withUnit(signed(value), differenceUnit),
    interval: ({ low, high }) => `[${plain(low)}, ${plain(high)}]`,
    differenceInterval: ({ low, high }) => `[${signed(low)}, ${signed(high)}]`,
    scale,
    unit,
    differenceUnit,
  };
}

/** Replaces `-0.0` by `0.0`. */
const dropMinusZero = (text: string): string => (Number(text) === 0 ? text.replace("-", "") : text);

/** Formats a p value with two significant digits: `0.0625` as `0.062`, or `1.8e-12`. */
export function formatP(p: number): string {
  return p < 1e-4 ? p.toExponential(1) : String(Number(p.toPrecision(2)));
}
