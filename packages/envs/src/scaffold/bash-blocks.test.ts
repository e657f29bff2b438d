import { describe, expect, it } from "vitest";
import { parseBashBlock, writeBashBlock } from "./bash-blocks.ts";

const cmd = (response: string): unknown => parseBashBlock(response).call?.arguments["cmd"];

describe("commands in fenced blocks", () => {
  it("are read from the fences that mini-swe-agent accepts", () => {
    expect(parseBashBlock("I look.\n```bash\nls -la\n```\nThat is all.")).toEqual({
      thought: "I look.",
      call: { tool: "execute_bash", arguments: { cmd: "ls -la" } },
    });
    expect(cmd("```mswea_bash_command\nls\npwd\n```")).toBe("ls\npwd");
    expect(cmd("Now ```sh \r\nls\r\n```")).toBe("ls");
    expect(cmd("  ```bash\n  ls\n  ```")).toBe("  ls");
    expect(cmd("```bash\nls```")).toBe("ls");
    expect(cmd("```python\na\n```")).toBeUndefined();
    expect(cmd("```python\na\n```\n```bash\nls\n```")).toBe("ls");
  });

  it("may contain fenced blocks", () => {
    const command = "cat > README.md <<'EOF'\n```python\nx\n```\nEOF";
    expect(cmd(`\`\`\`bash\n${command}\n\`\`\``)).toBe(command);
    // A fence without a language looks like the end of the block; the heredoc shows that the block
    // continues.
    for (const text of [
      "cat > README.md <<'EOF'\n# Use\n\n```\nx\n```\nEOF\ngit diff",
      'cat <<-"A" > a && cat <<B > b\n```\n\tA\n```\nB\nls',
      "cat > a << EOF\n```\nEOF",
    ]) {
      expect(cmd(`I write.\n\`\`\`bash\n${text}\n\`\`\`\nDone.`)).toBe(text);
    }
    for (const text of ["echo $((1 << a))", "cat <<< EOF", "cat <<EOF\nhalf"]) {
      expect(cmd(`\`\`\`bash\n${text}\n\`\`\`\nthen\n\`\`\`\nEOF\n\`\`\``)).toBe(
        text.endsWith("half") ? "cat <<EOF\nhalf\n```\nthen\n```\nEOF" : text,
      );
    }
  });

  it("are taken from the first block outside the reasoning", () => {
    expect(parseBashBlock("```bash\na\n```\n```bash\nb\n```")).toMatchObject({
      call: { arguments: { cmd: "a" } },
      note: expect.stringContaining("2 tool calls"),
    });
    expect(cmd("```bash\nls\n```bash\npwd\n```")).toBe("ls");
    expect(cmd("<think>```bash\nrm x\n```</think>```bash\nls\n```")).toBe("ls");
    expect(cmd("```bash\nrm x\n```\n</think>\n```bash\nls\n```")).toBe("ls");
    expect(cmd("<think>```bash\nrm x\n```")).toBeUndefined();
  });

  it("are not run without a closing fence", () => {
    expect(parseBashBlock("```bash\nrm -rf /testbed/bui")).toMatchObject({
      note: expect.stringContaining("not closed"),
    });
    expect(cmd("```bash\nrm -rf /testbed/bui")).toBeUndefined();
  });

  it("round-trip through writing and reading", () => {
    for (const command of ["ls", "echo '```'", "cat <<EOF\n````\n```bash\nEOF", "a\n\n"]) {
      const call = { tool: "execute_bash", arguments: { cmd: command } };
      expect(cmd(writeBashBlock(call))).toBe(command);
    }
  });
});
