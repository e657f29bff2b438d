import { configureGlobal } from "fast-check";

// CI runs the same cases every time; a developer's machine runs new ones, and a failure prints the
// seed to reproduce it.
if (process.env["CI"]) configureGlobal({ seed: 20_260_501 });
