export {
  generateSokobanLevels,
  type GeneratedSokobanLevel,
  type GenerateSokobanOptions,
  type SokobanDifficulty,
} from "./generator/generate-levels.ts";
export type { SokobanLevel, SokobanRoom, SokobanState } from "./level.ts";
export { move } from "./move.ts";
export { ragenSokobanFormat } from "./ragen-sokoban-format.ts";
export { readRoom, sokobanSymbols, writeRoom } from "./room-text.ts";
export { shortestSokobanPlan, type SokobanPlanOptions } from "./shortest-plan.ts";
export { sokobanEnvironment, type SokobanEnvironmentOptions } from "./sokoban-environment.ts";
export { gymSokobanRewards, type SokobanRewards } from "./sokoban-game.ts";
export { openSokobanTasks, sokobanTasksSchema, type SokobanTasks } from "./sokoban-tasks.ts";
export { compactGridFormat, compactGridMarkers } from "../grid/compact-grid-format.ts";
export type { Direction } from "../grid/direction.ts";
export type { RagenFormatOptions } from "../grid/ragen-format.ts";
