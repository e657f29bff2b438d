import { configureGlobal } from "fast-check";

// On CI the same cases run every time; on a developer's machine each run looks at new ones,
// and a failure prints the seed that repeats it.
if (process.env["CI"]) configureGlobal({ seed: 20_260_501 });
