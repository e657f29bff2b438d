export type { AgentFormat, ParsedResponse, PastTurn } from "./agent-format.ts";
export type { Environment, EnvironmentFactory, Observation, StepResult } from "./environment.ts";
export { rollout, rolloutGroup, type RolloutOptions, type RolloutParts } from "./rollout.ts";
