// Starts the worker from its TypeScript source. Node.js cannot load TypeScript by itself, and
// `--import tsx` has no effect in worker threads of Node.js 20.
import { register } from "tsx/esm/api";

register();
await import("./policy-worker.ts");
