import { attributeToImage } from "../../containers/attribute-to-image.ts";
import {
  ContainerError,
  type Container,
  type ContainerEngine,
  type ContainerSpec,
} from "../../containers/container.ts";
import { imageEnvironment } from "./image-environment.ts";
import {
  agentPreparation,
  assertionScript,
  graderPreparation,
  writableScript,
} from "./preparation.ts";

/** A container with a repository. */
export interface OpenRepository {
  readonly container: Container;
  /** Folder of the repository. */
  readonly folder: string;
  /** Variables of the environment that the image defines; commands and tests need them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A container with a repository for an agent. */
export interface AgentRepository extends OpenRepository {
  /** Commit that the agent starts from. */
  readonly startCommit: string;
  /** Tree of all files before the agent's first action; patches are differences from it. */
  readonly startTree: string;
}

const oneLine = (output: Buffer): string =>
  (output.toString("utf8").trim().split("\n").at(-1) ?? "").slice(0, 300) || "no output";

/**
 * Starts a container for an agent: the history ends with HEAD, the user may write to the
 * repository, and the image's environment is known. The image is prepared once, if the engine
 * supports it.
 * @param setup - Bash script of the data set that creates the state of the issue.
 * @throws `ContainerError` of kind `image` for an unusable image: no repository, commits that are
 *   not ancestors of HEAD, or files that its user cannot write.
 */
export async function openForAgent(
  engine: ContainerEngine,
  spec: ContainerSpec,
  folder: string,
  setup: string,
  signal?: AbortSignal,
): Promise<AgentRepository> {
  const preparation = agentPreparation(folder, setup);
  const container = await engine.start({ ...spec, preparation }, signal);
  return attributeToImage(container, async () => {
    const cancel = signal === undefined ? {} : { signal };
    const unusable = (output: Buffer): ContainerError =>
      new ContainerError("image", `${spec.image}: ${oneLine(output)}`);
    if (container.isPrepared !== true) {
      // The engine does not prepare images, so do the same work in every container.
      const { script, timeoutSeconds = 3600 } = preparation;
      const ids = "export TURNWISE_UID=$(id -u) TURNWISE_GID=$(id -g)";
      const done = await container.exec(`${ids}\n${script}`, {
        cwd: "/",
        timeoutSeconds,
        ...cancel,
      });
      if (done.exitCode !== 0) throw unusable(done.stderr);
    }
    const checked = await container.exec(assertionScript(folder), {
      cwd: "/",
      timeoutSeconds: 600,
      ...cancel,
    });
    const found = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64})$/u.exec(checked.stdout.toString().trim());
    if (checked.exitCode !== 0 || found === null) throw unusable(checked.stderr);
    const environment = await imageEnvironment(container, folder);
    return { container, folder, environment, startCommit: found[1]!, startTree: found[2]! };
  });
}

/**
 * Starts a container for tests: the unmodified image, with a repository that its user can write.
 * @throws `ContainerError` of kind `image` for an image without a writable repository.
 */
export async function openForTests(
  engine: ContainerEngine,
  spec: ContainerSpec,
  folder: string,
  signal?: AbortSignal,
): Promise<OpenRepository> {
  const first = await engine.start(spec, signal);
  const { exitCode, stderr } = await attributeToImage(first, async () => isWritable(first, folder));
  if (exitCode === 0) return finish(first, folder);
  // The repository belongs to another user: prepare the image and check again.
  await first.close();
  const preparation = graderPreparation(folder);
  const container = await engine.start({ ...spec, preparation }, signal);
  const again = await attributeToImage(container, async () => isWritable(container, folder));
  if (again.exitCode === 0) return finish(container, folder);
  await container.close();
  const said = container.isPrepared === true ? again.stderr : stderr;
  throw new ContainerError("image", `${spec.image}: ${oneLine(said)}`);
}

async function finish(container: Container, folder: string): Promise<OpenRepository> {
  const environment = await attributeToImage(container, async () =>
    imageEnvironment(container, folder),
  );
  return { container, folder, environment };
}

async function isWritable(
  container: Container,
  folder: string,
): Promise<{ readonly exitCode: number | null; readonly stderr: Buffer }> {
  return container.exec(
    `cd -P '${folder}' && git rev-parse -q --verify HEAD >/dev/null || exit 1\n${writableScript}`,
    { cwd: "/", timeoutSeconds: 300 },
  );
}
