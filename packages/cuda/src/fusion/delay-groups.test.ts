import { expect, it } from "vitest";
import { delayGroups, type Delayable } from "./delay-groups.ts";

interface Named extends Delayable {
  readonly name: string;
}

function group(
  name: string,
  before: readonly Named[] = [],
  reads: readonly (readonly [number, number])[] = [],
  resultSize = 10,
): Named {
  return { name, dependencies: before, reads: new Map(reads), resultSize };
}

/** Groups without dependencies. */
function others(count: number): Named[] {
  return Array.from({ length: count }, (_, i) => group(`other ${i}`, [], [], -1));
}

const names = (groups: readonly Named[]): string[] =>
  delayGroups(groups)
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("other"));

it("moves a chain that is read much later right before its reader, in order", () => {
  const first = group("first", [], [[1, 10]]);
  const second = group("second", [first], [[2, 10]]);
  const between = group("between", [], [], -1);
  const reader = group("reader", [second], [[3, 10]], -1);
  const groups = [first, second, ...others(20), between, reader];
  expect(names(groups)).toEqual(["between", "first", "second", "reader"]);
});

it("leaves results that are read soon, and those whose inputs are larger than themselves", () => {
  const small = group("small", [], [[1, 1000]], 1);
  const near = group("near", [], [], 10);
  const readerOfNear = group("reader of near", [near], [], -1);
  const reader = group("reader", [small], [], -1);
  const groups = [small, near, readerOfNear, ...others(20), reader];
  expect(names(groups)).toEqual(["small", "near", "reader of near", "reader"]);
});

it("delays even a small result if its inputs are kept for others anyway", () => {
  const small = group("small", [], [[1, 1000]], 1);
  const reader = group("reader", [small], [], -1);
  const also = group("also", [], [[1, 1000]], -1);
  expect(names([small, ...others(20), reader, also])).toEqual(["small", "reader", "also"]);
  expect(delayGroups([small, ...others(20), reader, also]).indexOf(small)).toBe(20);
});
