import { afterAll, describe, expect, it, vi } from "vitest";
import type { SweBenchInstance } from "../instances/instance.ts";
import { demoTasks } from "../demo/tasks.ts";
import { evaluatePatch } from "../evaluation/evaluate.ts";
import { sweEnvironment } from "../environment.ts";
import { bashScaffold, r2eScaffold } from "../../scaffold/scaffolds.ts";
import { encodeToolCall } from "../../scaffold/tool-call.ts";
import {
  condaLayout,
  ImageLayouts,
  repositoryLayout,
  venvLayout,
} from "../testing/image-layout.ts";
import { testEngine } from "../../containers/testing/test-engine.ts";
import { openForAgent } from "./open-repository.ts";

// Engines respond late on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const engine = await testEngine();
const layouts = engine === undefined ? undefined : new ImageLayouts(engine);

const guard = "case $- in *i*) ;; *) return;; esac";
const conda = ". /opt/miniconda3/etc/profile.d/conda.sh";

/** Images, each with the interpreter that commands must find. */
const images: Readonly<Record<string, readonly [script: string, program: string, User?: string]>> =
  {
    "SWE-bench: .bashrc activates testbed": [
      `${condaLayout}\necho '${conda} && conda activate testbed' > ~/.bashrc`,
      "/opt/miniconda3/envs/testbed/bin/python",
    ],
    "SWE-Gym: conda init behind a guard, base activated": [
      `${condaLayout}\nprintf '%s\\n' '${guard}' '${conda}' 'conda activate base' > ~/.bashrc`,
      "/opt/miniconda3/envs/testbed/bin/python",
    ],
    "no .bashrc at all": [condaLayout, "/opt/miniconda3/envs/testbed/bin/python"],
    "Nemotron: .bashrc activates a virtual environment": [
      `${venvLayout("/opt/testenv")}\necho 'echo hello; . /opt/testenv/bin/activate' > ~/.bashrc`,
      "/opt/testenv/bin/python",
    ],
    "R2E-Gym: a virtual environment in the repository": [
      `${venvLayout("/testbed/.venv")}\necho .venv >> .git/info/exclude`,
      "/testbed/.venv/bin/python",
    ],
    "conda for a user who is not root": [
      `${condaLayout}\necho '${conda} && conda activate testbed' > /root/.bashrc`,
      "/opt/miniconda3/envs/testbed/bin/python",
      "1000",
    ],
    "a .bashrc that ends the shell": [
      `${condaLayout}\necho '${conda} && conda activate testbed; exit 3' > ~/.bashrc`,
      "/opt/miniconda3/envs/testbed/bin/python",
    ],
    "a .bashrc that becomes another program, and writes where variables are read": [
      `${condaLayout}\necho 'echo X=1 >&19; exec 19>/dev/null; ${conda} && conda activate testbed; exec sleep 0' > ~/.bashrc`,
      "/opt/miniconda3/envs/testbed/bin/python",
    ],
    "a .bashrc with set -eu that fails, and names of its own for commands": [
      `${condaLayout}\nprintf '%s\\n' 'env() { :; }; alias env=false' '${conda} && conda activate testbed' 'set -eu' 'false' > ~/.bashrc`,
      "/opt/miniconda3/envs/testbed/bin/python",
    ],
    "login files alone": [
      `${venvLayout("/opt/py")}\necho '. /opt/py/bin/activate; exit 1' > ~/.bash_profile`,
      "/opt/py/bin/python",
    ],
    "conda in the home folder": [
      condaLayout.replaceAll("/opt/miniconda3", "/root/miniforge3"),
      "/root/miniforge3/envs/testbed/bin/python",
    ],
    "a .bashrc that waits for something": [
      `${condaLayout}\necho 'sleep 1000; echo unreachable' > ~/.bashrc`,
      "/opt/miniconda3/envs/testbed/bin/python",
    ],
  };

describe.skipIf(engine === undefined)("commands and tests run in the image's environment", () => {
  afterAll(async () => {
    await engine?.close();
    await layouts?.close();
  });

  it.each(Object.entries(images))("%s", async (_, [script, program, user]) => {
    const image = await layouts!.build(
      `${repositoryLayout}\n${script}`,
      user === undefined ? {} : { User: user },
    );
    const instance: SweBenchInstance = {
      ...demoTasks[0]!.instance,
      image,
      evalScript: `: '>>>>> Start Test Output'\necho "PASSED $(command -v python)"\n: '>>>>> End Test Output'\n`,
    };
    const seen: string[] = [];
    for (const scaffold of [r2eScaffold, bashScaffold]) {
      const environment = sweEnvironment(instance, engine!, { scaffold });
      await environment.reset();
      const call = { tool: "execute_bash", arguments: { cmd: "command -v python || echo none" } };
      seen.push((await environment.step(encodeToolCall(call))).text);
      await environment.close();
    }
    for (const text of seen) expect(text.split("\n")).toContain(program);
    const patch =
      "diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+n\n";
    const { log } = await evaluatePatch(instance, patch, engine!);
    expect(log).toContain(`PASSED ${program}\n`);
  });

  it("keeps the image's own search order where login files set the path", async () => {
    const image = await layouts!.build(
      `${repositoryLayout}\nmkdir -p /opt/tools /opt/added; for d in tools added; do printf '#!/bin/sh\\necho '$d'\\n' > /opt/$d/git-tool; chmod 755 /opt/$d/git-tool; done
printf '#!/bin/sh\\n' > /usr/bin/git-tool; chmod 755 /usr/bin/git-tool
echo 'PATH=/usr/bin:/bin; export EXTRA=1' > /etc/profile; echo 'exit 0' > ~/.profile`,
      { Env: ["PATH=/opt/tools:/usr/local/bin:/usr/bin:/bin"] },
    );
    const { container, environment: env } = await openForAgent(
      engine!,
      { image },
      "/testbed",
      "true",
    );
    const { stdout } = await container.exec("command -v git-tool; echo $EXTRA", { env });
    expect(stdout.toString()).toBe("/opt/tools/git-tool\n1\n");
    await container.close();
  });

  it("keeps conda's functions without starting conda for each command", async () => {
    const image = await layouts!.build(
      `${repositoryLayout}\n${condaLayout}\necho '${conda} && conda activate testbed; touch /tmp/read' > ~/.bashrc`,
    );
    const opened = await openForAgent(engine!, { image }, "/testbed", "true");
    const { container, environment: env } = opened;
    await container.exec("rm -f /tmp/read");
    const result = await container.exec(
      "conda activate base; echo $CONDA_PREFIX; bash -c 'conda activate testbed; echo $CONDA_PREFIX'; ls /tmp",
      { env },
    );
    expect(result.stdout.toString()).toBe("/opt/miniconda3\n/opt/miniconda3/envs/testbed\n");
    await container.close();
  });
});
