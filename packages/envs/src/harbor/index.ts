export {
  harborEnvironment,
  harborEnvironmentFactory,
  harborTasks,
  type HarborEnvironmentOptions,
  type HarborRecord,
} from "./environment.ts";
export { exampleFiles, loadExampleTasks, writeTask } from "./examples.ts";
export { harborTasksSchema, openHarborTasks, type HarborTasks } from "./harbor-tasks.ts";
export {
  loadHarborTasks,
  readTask,
  type HarborTask,
  type LoadTasksOptions,
  type TaskFolder,
  type TaskReader,
} from "./load-tasks.ts";
export { readReward, type Reward, type RewardFiles } from "./reward.ts";
export { createHarborTools } from "./served-tools.ts";
export { HarborTaskError } from "./task-error.ts";
export { parseTaskSettings, type HarborSettings, type TaskNetwork } from "./task-settings.ts";
export { verifyTask, type Verification, type VerifyOptions } from "./verify.ts";
export { terminalScaffolds } from "./wording.ts";
