export { gameEnvironment } from "./environment.ts";
export { startEpisode, type Episode, type EpisodeOptions } from "./episode.ts";
export { breadthFirstPlan, type BreadthFirstOptions } from "./expert/breadth-first.ts";
export { expertCommand, expertPlan, shortestPlan } from "./expert/expert.ts";
export { createSearcher, type Searcher, type SearcherOptions } from "./expert/searcher.ts";
export { GameFileError } from "./game-file-error.ts";
export { gameOrder } from "./game-order.ts";
export { checkGameFile, parseGameFile } from "./game-file.ts";
export type { Game, GameFile, GameState, LoadOptions, Operator, World } from "./game.ts";
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
export { readHumanGoals, type HumanGoals } from "./human-goals.ts";
export { loadGame } from "./load-game.ts";
export type { BrokenGame } from "./find-game-files.ts";
export { gameKinds } from "./game-kind.ts";
export { gameSplits, includableGames, type GameSplit, type SkipReason } from "./game-path.ts";
export {
  describeGames,
  openGames,
  type GameSet,
  type GameTask,
  type OpenGamesOptions,
} from "./open-games.ts";
export { selectGames, type GameSelection } from "./select-games.ts";
export { wordings, type Wording } from "./wording.ts";
export { parseBareAction, parseTaggedAction } from "./parse.ts";
export { compactFormat, compactMarkers, compactObservation, verlAgentFormat } from "./prompt.ts";
export {
  replayGame,
  startReplay,
  type Replay,
  type ReplayOptions,
  type ReplayRecord,
} from "./replay.ts";
export {
  alfworldTasksSchema,
  defaultEvaluationSplit,
  openAlfworldTasks,
  type AlfworldTasks,
} from "./alfworld-tasks.ts";
export { exchangeableClasses } from "./exchangeable-classes.ts";
