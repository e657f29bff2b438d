import type { ToolCall } from "../../scaffold/tool-call.ts";
import { writeXmlCall } from "../../scaffold/xml-calls.ts";
import { createApplyCommand } from "../apply-command.ts";
import type { DemoTask } from "./tasks.ts";

/** Agent as a list of responses, one per turn; it ignores observations. */
export type DemoAgent = (task: DemoTask) => readonly string[];

/** Creates a response with a tool call in R2E-Gym's XML format. */
const xmlResponse = (thought: string, call: ToolCall): string =>
  `${thought}\n\n${writeXmlCall(call)}`;

const finish = xmlResponse("I submit my work.", {
  tool: "finish",
  arguments: { command: "submit", result: "done" },
});

/** Agent that looks around, fixes the code, runs the tests, and submits. */
export const scriptedAgent: DemoAgent = ({ fix }) => {
  const path = `/testbed/${fix.file}`;
  const word = fix.to.trim().split("\n").at(-1)!.trim();
  return [
    xmlResponse("First, I look at the repository.", {
      tool: "file_editor",
      arguments: { command: "view", path: "/testbed" },
    }),
    xmlResponse("The issue points to this file.", {
      tool: "file_editor",
      arguments: { command: "view", path },
    }),
    xmlResponse("I search for its uses.", {
      tool: "search",
      arguments: { search_term: word.split(/\W+/u)[0] || "def", path: "/testbed" },
    }),
    xmlResponse("I fix the code.", {
      tool: "file_editor",
      arguments: { command: "str_replace", path, old_str: fix.from, new_str: fix.to },
    }),
    xmlResponse("I check that the tests still pass.", {
      tool: "execute_bash",
      arguments: { cmd: "python3 -m pytest -q 2>&1 | tail -3" },
    }),
    finish,
  ];
};

/** Agent that applies the gold patch and submits. */
export const goldAgent: DemoAgent = ({ instance }) => [
  xmlResponse("I apply the known fix.", {
    tool: "execute_bash",
    arguments: { cmd: createApplyCommand(instance.goldPatch) },
  }),
  finish,
];

/** Agent that submits immediately; must not be rewarded. */
export const idleAgent: DemoAgent = () => [finish];

/** Agent that changes only the tests and leaves a build product; must not be rewarded. */
export const cheatingAgent: DemoAgent = ({ instance }) => [
  xmlResponse("I make the tests pass.", {
    tool: "execute_bash",
    arguments: {
      cmd: "mkdir -p build; echo x > build/x; for f in tests/test_*.py; do echo 'def test_all(): pass' > $f; done; printf 'import pytest\\n@pytest.hookimpl\\ndef pytest_runtest_makereport(item, call): pass\\n' > conftest.py",
    },
  }),
  xmlResponse(`I check ${instance.repo} again.`, {
    tool: "execute_bash",
    arguments: { cmd: "git log --all --oneline; git status --short" },
  }),
  finish,
];
