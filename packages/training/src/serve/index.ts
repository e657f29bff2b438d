export { serveBuiltIn, type ServeTaskOptions } from "./serve-built-in.ts";
export { openModuleTasks, serveModule } from "./serve-module.ts";
export { type AdvantagesRequest } from "./advantages/advantages-request.ts";
export {
  computeAdvantages,
  type AdvantagesAnswer,
  type RowAdvantages,
} from "./advantages/compute-advantages.ts";
export {
  serveAdvantages,
  type AdvantagesServer,
  type ServeAdvantagesOptions,
} from "./advantages/serve-advantages.ts";
