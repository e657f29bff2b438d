export type { Game, GameFile, GameState, Operator, World } from "./game.ts";
export {
  generateGame,
  type GeneratedGame,
  type GenerateGameOptions,
  type HouseholdSplit,
} from "./generator/generate-game.ts";
export { generateGames, type GenerateGamesOptions } from "./generator/generate-games.ts";
export { householdTaskKinds, type HouseholdTaskKind } from "./generator/household-task.ts";
export { householdSizes, type HouseholdSize } from "./generator/household.ts";
export { writeGames } from "./generator/write-games.ts";
export { createSearcher, type Searcher } from "./expert/searcher.ts";
