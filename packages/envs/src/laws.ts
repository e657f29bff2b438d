export {
  environmentClaims,
  environmentLaws,
  type EnvironmentClaim,
  type EnvironmentLawOptions,
  type LawfulTasks,
} from "./laws/environment-laws.ts";
