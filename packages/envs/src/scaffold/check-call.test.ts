import { describe, expect, it } from "vitest";
import { checkCall } from "./check-call.ts";
import { r2eToolset } from "./r2e-tools.ts";

const check = (tool: string, given: Readonly<Record<string, unknown>>): unknown => {
  const checked = checkCall({ tool, arguments: given }, r2eToolset);
  return checked.isValid ? [checked.tool.schema.function.name, checked.arguments] : checked.problem;
};
const create = { command: "create", path: "/a" };

describe("calls", () => {
  it("without a required argument are rejected with what is missing and what was given", () => {
    expect(check("file_editor", { ...create, content: "x" })).toBe(
      "file_editor was not run: missing required argument file_text (Required by create: content of the new file). Your call has the arguments command, path, content.",
    );
    expect(check("file_editor", {})).toMatch(/arguments command .*, path .*has no arguments\.$/u);
    expect(check("file_editor", { command: "str_replace", path: "/a" })).toMatch(/old_str/u);
    expect(check("file_editor", { command: "insert", path: "/a" })).toMatch(
      /insert_line.*new_str/u,
    );
    expect(check("execute_bash", { cmd: null })).toMatch(/missing required argument cmd/u);
    expect(check("file_editor", { command: "constructor", path: "/a" })).toMatch(/one of view/u);
  });

  it("with an argument of another type or value are rejected", () => {
    expect(check("file_editor", { ...create, file_text: { a: 1 } })).toBe(
      'file_editor was not run: file_text must be a string, got {"a":1}.',
    );
    expect(check("execute_bash", { cmd: ["ls"] })).toMatch(/cmd must be a string/u);
    expect(check("file_editor", { command: "delete", path: "/a" })).toMatch(/one of view, create/u);
    const insert = { command: "insert", path: "/a", new_str: "x" };
    expect(check("file_editor", { ...insert, insert_line: "first" })).toMatch(/an integer/u);
  });

  it("with an unknown argument are rejected: an edit would lose its text", () => {
    const edit = { command: "str_replace", path: "/a", old_str: "x", new_string: "y" };
    expect(check("file_editor", edit)).toBe(
      "file_editor was not run: it has no argument new_string. Its arguments are command, path, file_text, old_str, new_str, insert_line, view_range, concise.",
    );
    expect(check("execute_bash", { cmd: "ls", timeout: 5, is_input: "false" })).toMatch(
      /no arguments timeout, is_input\. Its arguments are cmd\.$/u,
    );
    expect(check("execute_bash", { cmd: "ls", timeout: null })).toEqual([
      "execute_bash",
      { cmd: "ls" },
    ]);
    expect(check("finish", { message: "done" })).toEqual(["finish", {}]);
    expect(check("functions.execute_bash", { cmd: "ls" })).toEqual(["execute_bash", { cmd: "ls" }]);
  });

  it("of an unknown tool are answered with the names of the tools", () => {
    expect(check("python", {})).toBe(
      "There is no tool called python. Tools: file_editor, execute_bash, search, finish.",
    );
  });

  it("get typed arguments, and accept the names of related scaffolds", () => {
    const view = { command: "view", path: "/a" };
    const given = { ...view, view_range: "[2, -1]", concise: "True", new_str: null };
    expect(check("str_replace_editor", given)).toEqual([
      "file_editor",
      { ...view, view_range: [2, -1], concise: true },
    ]);
    expect(check("bash", { command: "ls" })).toEqual(["execute_bash", { cmd: "ls" }]);
    expect(check("submit", {})).toEqual(["finish", {}]);
    expect(check("file_editor", { ...create, file_text: "" })).toEqual([
      "file_editor",
      { ...create, file_text: "" },
    ]);
  });
});
