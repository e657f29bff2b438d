export type { AgentFormat, ParsedResponse, PastTurn } from "./agent-format.ts";
export {
  demonstrate,
  demonstrateAll,
  type DemonstratedTurn,
  type Demonstration,
  type ScriptedPlayer,
  type Slips,
} from "./demonstration.ts";
export type { Environment, EnvironmentFactory, Observation, StepResult } from "./environment.ts";
export { createDemonstratingPlayers, createRandomPlayers } from "./baselines.ts";
export type { EpisodeOptions, EpisodeParts, EpisodeSequence } from "./episode.ts";
export type { EndActivity, EpisodeActivity, OnActivity } from "./episode-activity.ts";
export { playScripted, type EpisodePlayer, type ScriptedParts } from "./play-scripted.ts";
export { isLoopback, listen, type ListeningServer } from "./listen.ts";
export { rollout, rolloutGroup, type RolloutOptions, type RolloutParts } from "./rollout.ts";
export type { AuditRecord, Demonstrator, TaskSource, TaskSplit } from "./task-source.ts";
export { actionRoles, taggedRoles, type TextRole } from "./text-roles.ts";
export { turnWise } from "./turn-wise.ts";
export { setting } from "./setting.ts";
export type { EvaluationSplit, TaskEpisode, TasksSchema } from "./task-settings.ts";
