export { serveBuiltIn, type ServeTaskOptions } from "./serve-built-in.ts";
export { openModuleTasks, serveModule } from "./serve-module.ts";
