import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Container } from "../containers/container.ts";
import { demoBaseImage } from "../demo/base-image.ts";
import { testEngine } from "../testing/test-engine.ts";
import { ToolRunner } from "./tool-runner.ts";

const engine = await testEngine();

describe.skipIf(engine === undefined)("ToolRunner", () => {
  let container: Container;
  let tools: ToolRunner;
  beforeAll(async () => {
    container = await engine!.start({ image: demoBaseImage });
    await container.exec("mkdir -p /testbed/pkg /testbed/.hidden", { cwd: "/" });
    await container.copyIn("/testbed", [
      { path: "pkg/a.py", content: Buffer.from("one\ntwo\nthree\n") },
      { path: "pkg/b.txt", content: Buffer.from("two\n") },
      { path: "pkg/binary", content: Buffer.from([0xff, 0xfe, 0]) },
      { path: ".hidden/c.py", content: Buffer.from("two\n") },
    ]);
    tools = new ToolRunner(container, { commandTimeoutSeconds: 1 });
  });
  afterAll(async () => {
    await container?.close();
    await engine?.close();
  });

  const answer = async (tool: string, given: Readonly<Record<string, unknown>>): Promise<string> =>
    (await tools.run({ tool, arguments: given })).text;
  const edit = async (given: Readonly<Record<string, unknown>>): Promise<string> =>
    (await answer("file_editor", given)).replace("Execution output of [file_editor]:\n", "");

  it("views folders and files, whole or in part", async () => {
    expect(await edit({ command: "view", path: "/testbed" })).toMatch(
      /excluding hidden items:\n\/testbed\n\/testbed\/pkg\n\/testbed\/pkg\/a\.py$/u,
    );
    const view = { command: "view", path: "/testbed/pkg/a.py" };
    expect(await edit({ ...view, view_range: "[2, -1]" })).toMatch(
      /:\n {5}2 two\n {5}3 three\n {5}4 $/u,
    );
    expect(await edit({ ...view, view_range: [9, 10] })).toContain("two line numbers in [1, 4]");
    expect(await edit({ command: "view", path: "/none" })).toContain("does not exist");
    expect(await edit({ command: "view", path: "/testbed/pkg/binary" })).toContain("not a text");
    expect(await edit({ command: "view", path: "pkg" })).toContain("must be absolute");
  });

  it("creates, replaces, inserts and takes back", async () => {
    const path = "/testbed/new folder/it's.py";
    expect(await edit({ command: "create", path, file_text: "a\nb\n" })).toContain(
      "created successfully",
    );
    expect(await edit({ command: "create", path })).toContain("exists already");
    expect(await edit({ command: "str_replace", path, old_str: "a\n", new_str: "$x\n" })).toContain(
      "     1\t$x\n     2\tb",
    );
    expect(await edit({ command: "insert", path, insert_line: "1", new_str: "mid" })).toContain(
      "     2\tmid",
    );
    expect(await edit({ command: "str_replace", path, old_str: "zz" })).toContain(
      "Nothing was changed",
    );
    await edit({ command: "undo_edit", path });
    await edit({ command: "undo_edit", path });
    expect(await edit({ command: "undo_edit", path })).toContain("No edit history");
    const { stdout } = await container.exec("cat '/testbed/new folder/'*");
    expect(stdout.toString()).toBe("a\nb\n");
  });

  it("runs commands in shells of their own, and tells how they ended", async () => {
    expect(await answer("execute_bash", { cmd: "pwd; echo $PAGER" })).toBe(
      "Exit code: 0\nExecution output of [execute_bash]:\n[STDOUT]\n\n/testbed\ncat",
    );
    expect(await answer("execute_bash", { command: "echo out; echo err >&2; exit 3" })).toBe(
      "Exit code: 3\nExecution output of [execute_bash]:\nError executing command:\n\n[STDOUT]\n\nout\n\n[STDERR]\n\nerr",
    );
    expect(await answer("execute_bash", { cmd: "cd /tmp && ls" })).toContain("are not allowed");
    expect(await answer("execute_bash", { cmd: "sleep 50" })).toContain(
      "Exit code: -1\nExecution output of [execute_bash]:\nThe command took too long to execute (>1 s).",
    );
    expect((await answer("execute_bash", { cmd: "seq 1000" })).split("\n").length).toBeLessThan(90);
    expect(await answer("execute_bash", {})).toContain("needs cmd");
  });

  it("finds plain texts in folders and files", async () => {
    expect(await answer("search", { search_term: "two" })).toContain(
      'Found 2 matches for "two" in .:\n./pkg/a.py (1 match)\n./pkg/b.txt (1 match)\nEnd of matches',
    );
    expect(await answer("search", { search_term: "t", path: "pkg/a.py" })).toContain(
      "2:two\n3:three",
    );
    expect(await answer("search", { search_term: "t.o" })).toContain("No matches found");
    expect(await answer("search", { search_term: "-e", path: "/none" })).toContain(
      "search: grep: /none",
    );
  });

  it("ends with a submission, and names its tools to one who asks for others", async () => {
    expect(await tools.run({ tool: "finish", arguments: {} })).toMatchObject({
      isSubmission: true,
    });
    expect(await answer("python", {})).toContain("There is no tool of this name.");
  });
});
