import { ContainerError } from "../../containers/container.ts";
import type { DockerEngine } from "../../containers/docker-engine.ts";
import { repositoryFolder } from "../instances/eval-script.ts";
import { demoBaseImage, ensureDemoBaseImage } from "../../containers/demo-base-image.ts";
import { demoIdentity } from "./git-hash.ts";
import { demoCommitMessage, type DemoTask } from "./tasks.ts";

/**
 * Builds the images of tasks that an engine does not have: the base image plus the repository in
 * one commit.
 * @param onBuild - Called before an image is built.
 */
export async function ensureDemoImages(
  engine: DockerEngine,
  tasks: readonly DemoTask[],
  onBuild: (image: string) => void = () => undefined,
): Promise<void> {
  if (!(await engine.hasImage(demoBaseImage))) onBuild(demoBaseImage);
  await ensureDemoBaseImage(engine);
  for (const task of tasks) {
    if (await engine.hasImage(task.instance.image)) continue;
    onBuild(task.instance.image);
    await buildImage(engine, task);
  }
}

async function buildImage(engine: DockerEngine, { instance, files }: DemoTask): Promise<void> {
  const container = await engine.start({ image: demoBaseImage });
  try {
    await container.exec(`mkdir -p ${repositoryFolder}`, { cwd: "/" });
    await container.copyIn(
      repositoryFolder,
      Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) })),
    );
    const { name, email, date } = demoIdentity;
    const script =
      `git config --global user.name ${name} && git config --global user.email ${email} && ` +
      "git init -q -b main . && git config core.fileMode false && git add -A && " +
      `git commit -q -m '${demoCommitMessage}' && git rev-parse HEAD`;
    const result = await container.exec(script, {
      cwd: repositoryFolder,
      env: { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    });
    const commit = result.stdout.toString("utf8").trim();
    if (result.exitCode !== 0 || commit !== instance.baseCommit) {
      const said = commit || result.stderr.toString("utf8").trim();
      throw new ContainerError(
        "image",
        `${instance.image}: commit must be ${instance.baseCommit}, got ${said}`,
      );
    }
    await engine.commit(container, instance.image);
  } finally {
    await container.close();
  }
}
