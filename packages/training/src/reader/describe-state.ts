import { formatCount } from "@turnwise/core";
import type {
  CountedItem,
  EnvironmentState,
  GridState,
  HouseholdObject,
  HouseholdState,
  RepositoryState,
  ShopState,
} from "@turnwise/core";

/**
 * Describes the state of an environment in lines of text, for viewers that cannot draw its kind.
 *
 * @example
 * describeState({ kind: "text", version: 1, text: "a door" }); // ["a door"]
 */
export function describeState(state: EnvironmentState): string[] {
  const lines = describeKind(state);
  return state.isTruncated === true ? [...lines, "(longer texts and lists were cut)"] : lines;
}

function describeKind(state: EnvironmentState): string[] {
  if (state.kind === "household") return describeHousehold(state);
  if (state.kind === "shop") return describeShop(state);
  if (state.kind === "repository") return describeRepository(state);
  if (state.kind === "grid") return drawGrid(state);
  if (state.kind === "crafting") {
    return [`goal: ${state.goal}`, `inventory: ${listCounts(state.inventory)}`];
  }
  return state.kind === "text" ? state.text.split("\n") : [`no state: ${state.reason}`];
}

const orNothing = (text: string): string => (text === "" ? "nothing" : text);

function listObjects(objects: readonly HouseholdObject[]): string {
  return orNothing(objects.map(({ name, marks = [] }) => [...marks, name].join(" ")).join(", "));
}

function describeHousehold({ location, inventory, receptacles }: HouseholdState): string[] {
  const seen = receptacles.filter(({ door }) => door !== "unknown");
  return [
    `at ${location ?? "the middle of the room"}, holding ${listObjects(inventory)}`,
    ...seen.map(({ name, door, contents }) => {
      const state = door === "none" ? "" : ` (${door})`;
      return `  ${name}${state}: ${contents === null ? "not seen" : listObjects(contents)}`;
    }),
  ];
}

function describeShop({ page, query, results, product, section, score }: ShopState): string[] {
  const options = product?.options.map(({ name, chosen }) => `${name}: ${chosen ?? "-"}`) ?? [];
  return [
    `page ${section ?? page}${query === undefined ? "" : `, search ${JSON.stringify(query)}`}`,
    ...(results ?? []).map(({ id, title, price }) => `  ${id} ${title}, ${price}`),
    ...(product ? [`  ${product.id} ${product.title}, ${product.price}`] : []),
    ...(options.length > 0 ? [`  options ${options.join(", ")}`] : []),
    ...(score === undefined ? [] : [`  score ${score}`]),
  ];
}

function describeRepository({ files, missing, verdict }: RepositoryState): string[] {
  return [
    missing === undefined
      ? `${formatCount(files.length, "file")} changed`
      : `changes not known: ${missing}`,
    ...files.map(
      ({ path, change, numAdded, numRemoved }) => `  ${change} ${path} +${numAdded} -${numRemoved}`,
    ),
    ...(verdict ? [verdict.isResolved ? "resolved" : "not resolved"] : []),
  ];
}

/**
 * Draws a grid as rows of text: `#` wall, `o` hole, `.` target, `$` box, `*` box on target, `@`
 * agent.
 */
function drawGrid({ width, height, cells, agent, boxes, targets }: GridState): string[] {
  const drawCell = (cell: number): string => {
    if (cell === agent) return "@";
    if (boxes.includes(cell)) return targets.includes(cell) ? "*" : "$";
    if (targets.includes(cell)) return ".";
    return cells[cell] === "wall" ? "#" : cells[cell] === "hole" ? "o" : " ";
  };
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_unused, column) => drawCell(row * width + column)).join(""),
  );
}

function listCounts(items: readonly CountedItem[]): string {
  return orNothing(items.map(({ name, count }) => `${count} ${name}`).join(", "));
}
