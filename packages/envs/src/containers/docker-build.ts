import type Dockerode from "dockerode";
import { ContainerError, type ContainerBuild } from "./container.ts";
import { dockerFault } from "./docker-fault.ts";
import { hasImage, noteUse, shareWork } from "./docker-images.ts";
import { packTar } from "./tar.ts";

interface BuildEvent {
  readonly stream?: string;
  readonly error?: string;
}

/**
 * Builds an image unless the engine has it; concurrent callers share a build.
 * @param tag - Tag of the image, which must identify its build context.
 * @throws `ContainerError` of kind `image` with the last output of a build that failed, `timeout`,
 *   or `engine`.
 */
export async function ensureBuilt(
  docker: Dockerode,
  tag: string,
  build: ContainerBuild,
  host: string,
): Promise<void> {
  const doing = `${host}: build ${tag}`;
  noteUse(docker, [tag]);
  if (await hasImage(docker, tag, doing)) return;
  await shareWork(docker, tag, async () => buildImage(docker, tag, build, doing));
}

async function buildImage(
  docker: Dockerode,
  tag: string,
  { files, timeoutSeconds = 600, network = "bridge" }: ContainerBuild,
  doing: string,
): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutSeconds * 1000);
  let last = "";
  try {
    const context = packTar(files);
    // The builder names its default network `default`.
    const stream = await docker.buildImage(context as unknown as NodeJS.ReadableStream, {
      t: tag,
      rm: true,
      forcerm: true,
      networkmode: network === "none" ? "none" : "default",
      abortSignal: controller.signal,
    });
    await new Promise<void>((resolve, reject) => {
      controller.signal.addEventListener("abort", reject, { once: true });
      docker.modem.followProgress(
        stream,
        (error) => (error === null ? resolve() : reject(error)),
        ({ stream: line = "", error }: BuildEvent) => {
          if (line.trim() !== "") last = line.trim();
          if (error !== undefined) reject(new Error(`${error} (last output: ${last})`));
        },
      );
    });
  } catch (cause) {
    if (controller.signal.aborted) {
      const message = `${doing}: timed out after ${timeoutSeconds} s (last output: ${last})`;
      throw new ContainerError("timeout", message, { cause });
    }
    const fault = dockerFault(doing, cause);
    // An unclassified error after the first output of the build comes from the Dockerfile.
    if (fault.kind !== "engine" || last === "") throw fault;
    throw new ContainerError("image", fault.message, { cause });
  } finally {
    clearTimeout(timer);
  }
}
