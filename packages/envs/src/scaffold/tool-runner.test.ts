import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Container } from "../containers/container.ts";
import { demoBaseImage } from "../containers/demo-base-image.ts";
import { testEngine } from "../containers/testing/test-engine.ts";
import { encodeToolCall } from "./tool-call.ts";
import { bashScaffold } from "./scaffolds.ts";
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
    expect(await edit({ command: "view", path: "/testbed/pkg/binary" })).toContain(
      "not a text file",
    );
    expect(await edit({ command: "view", path: "pkg" })).toContain("must be absolute");
  });

  it("creates, replaces, inserts and undoes", async () => {
    const path = "/testbed/new folder/it's.py";
    expect(await edit({ command: "create", path, file_text: "a\nb\n" })).toContain(
      "created successfully",
    );
    expect(await edit({ command: "create", path, file_text: "" })).toContain("already exists");
    expect(await edit({ command: "str_replace", path, old_str: "a\n", new_str: "$x\n" })).toContain(
      "     1\t$x\n     2\tb",
    );
    expect(await edit({ command: "insert", path, insert_line: "1", new_str: "mid" })).toContain(
      "     2\tmid",
    );
    expect(await edit({ command: "str_replace", path, old_str: "zz" })).toContain(
      "was not changed",
    );
    await edit({ command: "undo_edit", path });
    await edit({ command: "undo_edit", path });
    expect(await edit({ command: "undo_edit", path })).toContain("No edit history");
    const { stdout } = await container.exec("cat '/testbed/new folder/'*");
    expect(stdout.toString()).toBe("a\nb\n");
  });

  it("edits a file in Latin-1 without changing another byte", async () => {
    await container.copyIn("/testbed", [
      { path: "latin.py", content: Buffer.from("name = 'caf\u00e9'\nx = 1\n", "latin1") },
    ]);
    const path = "/testbed/latin.py";
    await edit({ command: "str_replace", path, old_str: "x = 1", new_str: "x = '\u00fc'" });
    const bytes = async (): Promise<string> =>
      (await container.exec(`cat ${path}`)).stdout.toString("latin1");
    expect(await bytes()).toBe("name = 'caf\u00e9'\nx = '\u00fc'\n");
    expect(await edit({ command: "insert", path, insert_line: 0, new_str: "# \u20ac" })).toContain(
      "was not changed: it is not in UTF-8",
    );
    await edit({ command: "undo_edit", path });
    expect(await bytes()).toBe("name = 'caf\u00e9'\nx = 1\n");
  });

  it("edits files with CRLF and writes their line breaks", async () => {
    const path = "/testbed/dos.py";
    const bytes = async (): Promise<string> =>
      (await container.exec(`cat ${path}`)).stdout.toString("latin1");
    await container.copyIn("/testbed", [
      { path: "dos.py", content: Buffer.from("a = 1\r\nb = 'caf\u00e9'\r\nc = 3\r\n", "latin1") },
    ]);
    const replace = {
      command: "str_replace",
      path,
      old_str: "a = 1\nb",
      new_str: "a = 2\nd = 4\nb",
    };
    expect(await edit(replace)).toContain("     2\td = 4\n");
    await edit({ command: "insert", path, insert_line: 4, new_str: "e = 5\r\nf = 6" });
    expect(await bytes()).toBe("a = 2\r\nd = 4\r\nb = 'caf\u00e9'\r\nc = 3\r\ne = 5\r\nf = 6\r\n");
    await edit({ command: "undo_edit", path });
    await edit({ command: "undo_edit", path });
    expect(await bytes()).toBe("a = 1\r\nb = 'caf\u00e9'\r\nc = 3\r\n");
    await container.exec(`rm ${path}`);
  });

  it("runs each command in a new shell, and reports how it ended", async () => {
    expect(await answer("execute_bash", { cmd: "pwd; echo $PAGER" })).toBe(
      "Exit code: 0\nExecution output of [execute_bash]:\n[STDOUT]\n\n/testbed\ncat",
    );
    expect(await answer("execute_bash", { command: "echo out; echo err >&2; exit 3" })).toBe(
      "Exit code: 3\nExecution output of [execute_bash]:\nError executing command:\n\n[STDOUT]\n\nout\n\n[STDERR]\n\nerr",
    );
    expect(await answer("execute_bash", { cmd: "cd /tmp && ls" })).toContain(
      "Commands that start with cd are not allowed: every call starts a new shell",
    );
    expect(await answer("execute_bash", { cmd: "pip install x" })).toContain("no network access");
    expect(await answer("execute_bash", { cmd: "echo \0" })).toContain("NUL");
    expect(await answer("execute_bash", { cmd: "sleep 50" })).toContain(
      "Exit code: -1\nExecution output of [execute_bash]:\nThe command took too long to execute (>1 s).",
    );
    expect((await answer("execute_bash", { cmd: "seq 1000" })).split("\n").length).toBeLessThan(90);
    expect(await answer("execute_bash", {})).toContain("missing required argument cmd");
  });

  it("finds literal text in folders and files", async () => {
    expect(await answer("search", { search_term: "two" })).toContain(
      'Found 2 matches for "two" in .:\n./pkg/a.py (1 match)\n./pkg/b.txt (1 match)\nEnd of matches',
    );
    expect(await answer("search", { search_term: "t", path: "pkg/a.py" })).toContain(
      "2:two\n3:three",
    );
    await container.exec("printf 'three two\\n' > $'pkg/new\\nline:1'", { cwd: "/testbed" });
    expect(await answer("search", { search_term: "three", path: "pkg" })).toContain(
      'Found 2 matches for "three" in pkg:\npkg/a.py (1 match)\npkg/new\nline:1 (1 match)\nEnd',
    );
    await container.exec("rm pkg/new*", { cwd: "/testbed" });
    expect(await answer("search", { search_term: "one", path: "pkg" })).toContain(
      "Found 1 match for",
    );
    for (const term of ["two\nthree", "two\0"]) {
      expect(await answer("search", { search_term: term })).toContain("must be text of one line");
    }
    expect(await answer("search", { search_term: "t.o" })).toContain("No matches found");
    expect(await answer("search", { search_term: "-e", path: "/none" })).toContain(
      "search: grep: /none",
    );
  });

  it("ends with a submission, and lists its tools when an unknown one is called", async () => {
    expect(await tools.run({ tool: "finish", arguments: {} })).toMatchObject({
      isSubmission: true,
    });
    expect(await answer("python", {})).toContain("There is no tool called python.");
  });

  it("limits the length of every answer, and says how much it cut", async () => {
    const line = "head -c 3000000 /dev/zero | tr '\\0' x";
    await container.exec(`${line} > /testbed/long.txt`);
    const bash = new ToolRunner(container, { scaffold: bashScaffold, maxCharacters: 2000 });
    const long = "y".repeat(100_000);
    const answers = [
      await answer("execute_bash", { cmd: line }),
      await answer("execute_bash", { cmd: `${line} >&2; exit 1` }),
      await answer("search", { search_term: "xx", path: "/testbed/long.txt" }),
      await edit({ command: "view", path: "/testbed/long.txt" }),
      (await bash.act(encodeToolCall({ tool: "execute_bash", arguments: { cmd: line } }))).text,
    ];
    for (const text of answers) {
      expect(text.length).toBeLessThan(10_500);
      expect(text).toMatch(/\d+ characters cut>/u);
    }
    expect(answers.at(-1)!.length).toBeLessThan(2200);
    for (const text of [
      await edit({ command: "view", path: `/${long}` }),
      await answer("search", { search_term: long }),
      await answer(long, {}),
      await answer("file_editor", { command: long, path: "/" }),
      await answer("file_editor", { [long]: long }),
      (await tools.act(JSON.stringify({ note: long }))).text,
    ]) {
      expect(text.length).toBeLessThan(10_500);
    }
  });

  it("answers an action without a call, and says which calls were not run", async () => {
    expect((await tools.act("hello")).text).toMatch(/exactly one tool call.*finish/u);
    const action = encodeToolCall(
      { tool: "execute_bash", arguments: { cmd: "echo a" } },
      "Only one.",
    );
    expect((await tools.act(action)).text).toMatch(/^Only one\.\n\nExit code: 0\n[^]*\na$/u);
    const bash = new ToolRunner(container, { scaffold: bashScaffold });
    expect((await bash.act("hello")).text).toMatch(/one command in a ```bash block/u);
    const submit = encodeToolCall({
      tool: "execute_bash",
      arguments: { cmd: "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT" },
    });
    expect((await bash.act(submit)).isSubmission).toBe(true);
    expect((await bash.act(encodeToolCall({ tool: "finish", arguments: {} }))).text).toBe(
      "There is no tool called finish. Tools: execute_bash.",
    );
  });
});
