// Starts the thread from its TypeScript source. Node cannot read TypeScript without a loader, and
// `--import tsx` has no effect in a worker thread of Node 20.
import { register } from "tsx/esm/api";

register();
await import("./episode-thread.ts");
