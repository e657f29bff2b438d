import { createScaffolds, type ScaffoldName } from "../scaffold/scaffolds.ts";
import type { Scaffold } from "../scaffold/scaffold.ts";

const interactive = "it is interactive and would wait for input.";

/** Scaffolds for tasks at a Linux command line, by name. */
export const terminalScaffolds: Readonly<Record<ScaffoldName, Scaffold>> = createScaffolds({
  assignment:
    "You solve a task in a Linux container. The user describes the task. " +
    "Work with the tools until it is done, check your result, then submit your work. " +
    "Hidden tests will check the state of the container.",
  folder: "the working directory",
  submission: "the current state of the container",
  listed: "files",
  rejected: new Map([
    [
      "cd",
      "every call starts a new shell in the working directory. Use absolute paths, or (cd DIRECTORY && COMMAND).",
    ],
    ["vim", interactive],
    ["vi", interactive],
    ["nano", interactive],
    ["less", interactive],
  ]),
});
