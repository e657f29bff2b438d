export type { Game, GameFile, GameState, Operator, World } from "./game.ts";
