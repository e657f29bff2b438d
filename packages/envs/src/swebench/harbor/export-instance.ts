import { stringify } from "smol-toml";
import { formatValue } from "../../format-value.ts";
import { createApplyCommand } from "../apply-command.ts";
import { agentSetupScript, getFolder } from "../evaluation/scripts.ts";
import { addExitCode } from "../instances/eval-script.ts";
import { InstanceError } from "../instances/instance-error.ts";
import type { SweInstance } from "../instances/instance.ts";
import { agentPreparation } from "../preparation/preparation.ts";
import { graderForms, graderProgram } from "./grader.ts";

/**
 * Exports an instance as a Harbor task: its files, by path below the task's folder. The image is
 * built from the instance's, without the history after the issue; the verifier runs the eval script
 * in the agent's container and grades its log as official grading does.
 * @throws {@link InstanceError} for an instance that is not in SWE-bench's format or not tested by
 *   pytest.
 */
export function exportHarborTask(instance: SweInstance): Record<string, string> {
  if (instance.format !== "swe-bench") {
    throw new InstanceError(
      `${instance.id}: format must be swe-bench for a Harbor task, got ${instance.format}`,
    );
  }
  const form = graderForms[instance.logParser];
  if (instance.evalType !== "pass_and_fail") {
    throw new InstanceError(
      `${instance.id}: eval_type must be pass_and_fail for a Harbor task, got ${instance.evalType}`,
    );
  }
  if (form === undefined) {
    throw new InstanceError(
      `${instance.id}: log_parser must be one of ${Object.keys(graderForms).join(", ")} for a Harbor task, got ${formatValue(instance.logParser)}`,
    );
  }
  const folder = getFolder(instance);
  const { script } = agentPreparation(folder, agentSetupScript(instance));
  const settings = {
    schema_version: "1.4",
    metadata: {
      category: "software-engineering",
      instance_id: instance.id,
      repo: instance.repo,
      ...(instance.difficulty !== undefined && { difficulty: instance.difficulty }),
    },
    agent: { timeout_sec: 5400 },
    verifier: { timeout_sec: 1800 },
    environment: {
      build_timeout_sec: 3600,
      cpus: 1,
      memory_mb: 4096,
      network_mode: "no-network",
      workdir: folder,
    },
  };
  const expected = {
    form,
    fail_to_pass: instance.failToPass,
    pass_to_pass: instance.passToPass,
  };
  return {
    "task.toml": `${stringify(settings)}\n`,
    "instruction.md": `The repository is at ${folder}. Fix this issue:\n\n${instance.problemStatement.trim()}\n`,
    "environment/Dockerfile": `FROM ${instance.image}
# Removes the history after the issue, and files that reveal the fix.
COPY prepare.sh /tmp/prepare.sh
RUN TURNWISE_UID=$(id -u) TURNWISE_GID=$(id -g) bash /tmp/prepare.sh && rm /tmp/prepare.sh
`,
    "environment/prepare.sh": `#!/bin/bash\n${script}\n`,
    "tests/test.sh": testScript,
    "tests/eval.sh": addExitCode(instance.evalScript),
    "tests/grade.py": graderProgram,
    "tests/expected.json": `${JSON.stringify(expected, null, 1)}\n`,
    "solution/solve.sh": `#!/bin/bash
cd ${folder} && ${createApplyCommand(instance.goldPatch)}
`,
  };
}

const testScript = `#!/bin/bash
# Runs the tests of the issue. The reward is 1 if they show that the issue is resolved, else 0.
log=/logs/verifier/eval.log
bash /tests/eval.sh </dev/null >$log 2>&1
cat $log
for python in /usr/bin/python3 /opt/miniconda3/bin/python python3 python; do
  command -v $python >/dev/null && break
done
$python -I -S /tests/grade.py $log /tests/expected.json > /logs/verifier/reward.txt
`;
