import { formatCount } from "@turnwise/core";
import {
  cheatingAgent,
  ContainerError,
  demoTasks,
  DockerEngine,
  ensureDemoImages,
  goldAgent,
  idleAgent,
  playDemo,
  scriptedAgent,
  transcript,
  type DemoAgent,
  type DemoEpisode,
  type DemoTask,
} from "@turnwise/envs/swebench";
import { Command, Option } from "commander";
import { InputError } from "@turnwise/training";

const agents: Readonly<Record<string, DemoAgent>> = {
  scripted: scriptedAgent,
  gold: goldAgent,
  idle: idleAgent,
  cheating: cheatingAgent,
};

interface DemoOptions {
  readonly agent: string;
  readonly task?: string;
  readonly transcripts?: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** `turnwise swebench demo`: runs scripted agents on small repositories with a bug. */
export function buildDemoCommand(): Command {
  return new Command("demo")
    .description("run scripted agents on small repositories in containers, and grade them")
    .addOption(
      new Option("--agent <name>", "agent to run; all: every agent in turn")
        .choices([...Object.keys(agents), "all"])
        .default("all"),
    )
    .option("--task <text>", "only tasks whose id contains this text")
    .option("--transcripts", "print every response and observation")
    .option("--dry-run", "list the tasks; needs no container engine")
    .option("--json", "print one JSON object per line")
    .action(async (options: DemoOptions) => {
      const tasks = demoTasks.filter(({ instance }) => instance.id.includes(options.task ?? ""));
      if (tasks.length === 0) {
        const known = demoTasks.map(({ instance }) => instance.id).join(", ");
        throw new InputError(
          `swebench demo: --task must be part of a task id (${known}), got ${options.task}`,
        );
      }
      if (options.dryRun === true) listTasks(tasks, options.json === true);
      else await play(tasks, options);
    });
}

function listTasks(tasks: readonly DemoTask[], isJson: boolean): void {
  for (const { instance, kind } of tasks) {
    const [title] = instance.problemStatement.split("\n");
    process.stdout.write(
      isJson
        ? `${JSON.stringify({ ...instance, kind })}\n`
        : `${instance.id.padEnd(28)} ${kind.padEnd(10)} ${title}\n`,
    );
  }
}

async function play(tasks: readonly DemoTask[], options: DemoOptions): Promise<void> {
  const say = (text: string): void => {
    if (options.json !== true) process.stdout.write(`${text}\n`);
  };
  let engine: DockerEngine | undefined;
  try {
    engine = await DockerEngine.connect({ pull: "never" });
    const world = engine;
    await ensureDemoImages(engine, tasks, (image) => say(`building ${image}`));
    const names = options.agent === "all" ? Object.keys(agents) : [options.agent];
    for (const name of names) {
      let numResolved = 0;
      // Runs two tasks at a time, so that one agent works while the other's tests run.
      for (let first = 0; first < tasks.length; first += 2) {
        const pair = tasks.slice(first, first + 2);
        const played = await Promise.all(
          pair.map(async (task) => {
            const started = performance.now();
            const episode = await playDemo(task, agents[name]!, world);
            return { task, episode, seconds: (performance.now() - started) / 1000 };
          }),
        );
        for (const { task, episode, seconds } of played) {
          if (isResolved(episode)) numResolved += 1;
          if (options.json === true) {
            process.stdout.write(`${JSON.stringify(createRecord(name, task, episode, seconds))}\n`);
            continue;
          }
          if (options.transcripts === true) say(`\n${transcript(episode)}`);
          say(formatLine(name, task, episode, seconds));
        }
      }
      say(`${name}: ${numResolved} of ${tasks.length} resolved`);
    }
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    throw new InputError(`swebench demo: ${error.message}`, { cause: error });
  } finally {
    await engine?.close();
  }
}

function isResolved({ trajectory }: DemoEpisode): boolean {
  return trajectory.outcome.kind === "terminated" && trajectory.outcome.isSuccess;
}

function formatLine(agent: string, task: DemoTask, episode: DemoEpisode, seconds: number): string {
  const { trajectory, record: graded } = episode;
  const verdict =
    trajectory.outcome.kind === "failed"
      ? `failed: ${trajectory.outcome.error.message}`
      : isResolved(episode)
        ? "resolved"
        : "not resolved";
  const tests = graded?.evaluation.grade.tests;
  const fixed = tests
    ? `${tests.failToPass.success.length}/${tests.failToPass.success.length + tests.failToPass.failure.length} fixed, ${tests.passToPass.failure.length} broken`
    : "no tests run";
  return `${agent.padEnd(9)} ${task.instance.id.padEnd(28)} ${task.kind.padEnd(10)} ${formatCount(trajectory.turns.length, "turn").padEnd(8)} ${fixed.padEnd(20)} ${seconds.toFixed(1)} s  ${verdict}`;
}

function createRecord(
  agent: string,
  { instance, kind }: DemoTask,
  { trajectory, record: graded }: DemoEpisode,
  seconds: number,
): Readonly<Record<string, unknown>> {
  return {
    agent,
    instance_id: instance.id,
    kind,
    outcome: trajectory.outcome,
    turns: trajectory.turns.map(({ action, observation, reward }) => ({
      action,
      observation,
      reward,
    })),
    patch: graded?.patch?.patch ?? null,
    status_map: graded ? Object.fromEntries(graded.evaluation.grade.statuses) : {},
    seconds,
  };
}
