import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatCommandLine, quoteForShell, type Invocation } from "./invocation.ts";

describe("quoteForShell", () => {
  it("leaves plain words alone and quotes the rest", () => {
    expect(quoteForShell("runs/a-1_b.c")).toBe("runs/a-1_b.c");
    expect(quoteForShell("")).toBe("''");
    expect(quoteForShell("my runs/it's $HOME")).toBe(String.raw`'my runs/it'\''s $HOME'`);
  });

  it("lets a shell read the original arguments", () => {
    // A C string ends at a null character, and UTF-8 has no lone surrogates.
    const argument = fc.string({ unit: "binary" }).filter((text) => !/[\0\p{Cs}]/u.test(text));
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1 }), (all) => {
        const command = `printf '%s\\0' ${all.map(quoteForShell).join(" ")}`;
        const printed = execFileSync("sh", ["-c", command], { encoding: "utf8" });
        expect(printed).toBe(all.map((text) => `${text}\0`).join(""));
      }),
      { numRuns: 30 },
    );
  });
});

describe("commandLine", () => {
  const base: Invocation = {
    execPath: "/usr/bin/node",
    execArgv: [],
    argv: ["/usr/bin/turnwise", "train"],
    environment: { PATH: "/usr/bin:/bin" },
    folder: "/home/a",
  };
  const start = (changes: Partial<Invocation>): string =>
    formatCommandLine(["doctor"], { ...base, ...changes });

  it("uses the program's name if it is on the path", () => {
    expect(start({})).toBe("turnwise doctor");
    expect(formatCommandLine(["train", "--resume", "my run"], base)).toBe(
      "turnwise train --resume 'my run'",
    );
  });

  it("uses the package manager that started it", () => {
    const argv = ["/home/a/node_modules/.bin/turnwise"];
    const by = (agent: string) => ({ argv, environment: { npm_config_user_agent: agent } });
    expect(start(by("npm/11.0.0 node/v20.0.0"))).toBe("npx @turnwise/trainer doctor");
    expect(start(by("pnpm/10.0.0 npm/?"))).toBe("pnpm exec turnwise doctor");
    expect(start(by("yarn/1.22.0 npm/?"))).toBe("yarn turnwise doctor");
  });

  it("otherwise starts its file with node, from the current folder", () => {
    const argv = ["/home/a/node_modules/.bin/turnwise"];
    expect(start({ argv })).toBe("node node_modules/.bin/turnwise doctor");
    expect(start({ argv: ["/home/a/dist/main.js"], execPath: "/opt/node" })).toBe(
      "/opt/node dist/main.js doctor",
    );
    expect(start({ argv: ["/srv/main.js"], execArgv: ["--import", "tsx"] })).toBe(
      "node --import tsx /srv/main.js doctor",
    );
    // npm started the program from a checkout, where the package is not installed.
    const environment = { ...base.environment, npm_config_user_agent: "npm/11.0.0" };
    expect(start({ argv: ["/home/a/dist/main.js"], environment })).toBe("node dist/main.js doctor");
  });
});
