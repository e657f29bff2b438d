import { interpret } from "./interpret.ts";
import { createProgram, type Feeds, type Program } from "./program.ts";

/**
 * Gradient of a program's scalar output with respect to one input, by central differences in the
 * float64 interpreter: slow, but independent of all differentiation rules.
 *
 * @param step - Distance by which an entry is shifted in each direction. Default 1e-5, which gives
 *   an error of about 1e-10 for values near 1.
 * @returns One number per entry of the input.
 */
export function finiteDifferences(
  program: Program,
  feeds: Feeds,
  output: string,
  input: string,
  step = 1e-5,
): Float64Array {
  const { data, shape } = feeds[input]!;
  const needed = createProgram(program.operations, program.inputs, {
    [output]: program.outputs[output]!,
  });
  const base = Float64Array.from(data);
  const at = (index: number, value: number): number => {
    const moved = { ...feeds, [input]: { data: base.with(index, value), shape } };
    return interpret(needed, moved)[output]!.data[0]!;
  };
  return base.map((entry, i) => (at(i, entry + step) - at(i, entry - step)) / (2 * step));
}
