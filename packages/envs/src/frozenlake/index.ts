export { bestLakePolicy, type LakePolicy } from "./best-policy.ts";
export {
  frozenlakeTasksSchema,
  openFrozenlakeTasks,
  type FrozenlakeTasks,
} from "./frozenlake-tasks.ts";
export {
  generateLakes,
  type GeneratedLake,
  type GenerateLakesOptions,
  type LakeDifficulty,
} from "./generate-lakes.ts";
export { lakeEnvironment, type LakeEnvironmentOptions } from "./lake-environment.ts";
export { lakeSymbols, readLake, writeLake } from "./lake-text.ts";
export { lakeDirections, neighbour, listSlips, type Lake } from "./lake.ts";
export { ragenLakeFormat } from "./ragen-lake-format.ts";
export { shortestLakePath } from "./shortest-path.ts";
export { compactGridFormat, compactGridMarkers } from "../grid/compact-grid-format.ts";
export type { Direction } from "../grid/direction.ts";
export type { RagenFormatOptions } from "../grid/ragen-format.ts";
