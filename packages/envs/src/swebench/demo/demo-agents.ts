import type { ToolCall } from "../scaffold/tool-call.ts";
import { writeXmlCall } from "../scaffold/xml-calls.ts";
import type { DemoTask } from "./tasks.ts";

/** What an agent writes in each turn: it does not look at answers. */
export type DemoAgent = (task: DemoTask) => readonly string[];

/** A response in R2E-Gym's XML form. */
const xmlResponse = (thought: string, call: ToolCall): string =>
  `${thought}\n\n${writeXmlCall(call)}`;

const finish = xmlResponse("I hand in the work.", {
  tool: "finish",
  arguments: { command: "submit", result: "done" },
});

/** Looks, changes the one place, runs the tests, hands in: the course of a good agent. */
export const scriptedAgent: DemoAgent = ({ mend }) => {
  const path = `/testbed/${mend.file}`;
  const word = mend.to.trim().split("\n").at(-1)!.trim();
  return [
    xmlResponse("First I look at what there is.", {
      tool: "file_editor",
      arguments: { command: "view", path: "/testbed" },
    }),
    xmlResponse("The issue points to this file.", {
      tool: "file_editor",
      arguments: { command: "view", path },
    }),
    xmlResponse("Who uses it?", {
      tool: "search",
      arguments: { search_term: word.split(/\W+/u)[0] || "def", path: "/testbed" },
    }),
    xmlResponse("I change the place.", {
      tool: "file_editor",
      arguments: { command: "str_replace", path, old_str: mend.from, new_str: mend.to },
    }),
    xmlResponse("Do the tests still pass?", {
      tool: "execute_bash",
      arguments: { cmd: "python3 -m pytest -q 2>&1 | tail -3" },
    }),
    finish,
  ];
};

/** Applies the gold patch and hands in. */
export const goldAgent: DemoAgent = ({ instance }) => [
  xmlResponse("I apply the known fix.", {
    tool: "execute_bash",
    arguments: { cmd: `git apply -v - <<'END_OF_PATCH'\n${instance.goldPatch}END_OF_PATCH` },
  }),
  finish,
];

/** Hands in at once: must not be rewarded. */
export const idleAgent: DemoAgent = () => [finish];

/** Changes nothing but the tests, and leaves a build product: must not be rewarded. */
export const cheatingAgent: DemoAgent = ({ instance }) => [
  xmlResponse("I make the tests pass.", {
    tool: "execute_bash",
    arguments: {
      cmd: "mkdir -p build; echo x > build/x; for f in tests/test_*.py; do echo 'def test_all(): pass' > $f; done; printf 'import pytest\\n@pytest.hookimpl\\ndef pytest_runtest_makereport(item, call): pass\\n' > conftest.py",
    },
  }),
  xmlResponse(`I look at ${instance.repo} once more.`, {
    tool: "execute_bash",
    arguments: { cmd: "git log --all --oneline; git status --short" },
  }),
  finish,
];
