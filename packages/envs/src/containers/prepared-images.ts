import { createHash } from "node:crypto";
import type Dockerode from "dockerode";
import {
  ContainerError,
  type Container,
  type ContainerPreparation,
  type ContainerSpec,
} from "./container.ts";
import { withTimeout } from "./docker-fault.ts";
import { hasImage, noteUse, shareWork } from "./docker-images.ts";
import { noLabels } from "./labels.ts";

/** Repository name of prepared images; the tag of each is a digest. */
const preparedRepository = "turnwise-prepared";

/** Functions of the engine that a preparation uses. */
interface Parts {
  readonly host: string;
  /** Starts a container with the capabilities for a preparation, for any user of the image. */
  readonly start: (spec: ContainerSpec, signal: AbortSignal | undefined) => Promise<Container>;
}

/**
 * Prepared images of one engine. They are kept for later runs; the tag is a digest of image, user
 * and script. To remove them: `docker rmi $(docker images -q turnwise-prepared)`.
 */
export class PreparedImages {
  readonly #docker: Dockerode;
  readonly #parts: Parts;

  constructor(docker: Dockerode, parts: Parts) {
    this.#docker = docker;
    this.#parts = parts;
  }

  /**
   * Returns the name of the prepared image; builds it if it is missing. Concurrent callers share
   * the work.
   * @throws `ContainerError` of kind `image` if the preparation fails.
   */
  async ensure(
    spec: ContainerSpec,
    preparation: ContainerPreparation,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const doing = `${this.#parts.host}: prepare ${spec.image}`;
    const inspect = this.#docker.getImage(spec.image).inspect();
    const { Id: id, Config: config } = await withTimeout(60, doing, inspect);
    // Some engines report no config for an image without settings.
    const user = spec.user ?? (config?.User || "0");
    const parts = [id, user, preparation.script].join("\0");
    const digest = createHash("sha256").update(parts).digest("hex").slice(0, 32);
    const tag = `${preparedRepository}:${digest}`;
    if (!(await hasImage(this.#docker, tag, doing))) {
      // Other callers may wait for the same work, so an aborted caller must not cancel it.
      await shareWork(this.#docker, tag, async () =>
        this.#prepare(spec, user, preparation, tag, doing),
      );
      signal?.throwIfAborted();
    }
    // Record this use so that the prepared image is evicted before its base image.
    noteUse(this.#docker, [tag, spec.image]);
    return tag;
  }

  async #prepare(
    spec: ContainerSpec,
    user: string,
    { script, timeoutSeconds = 3600 }: ContainerPreparation,
    tag: string,
    doing: string,
  ): Promise<void> {
    const unusable = (why: string): ContainerError =>
      new ContainerError("image", `${doing}: ${why}`);
    const { image, memoryBytes } = spec;
    const container = await this.#parts.start(
      {
        image,
        user: "0:0",
        lifetimeSeconds: timeoutSeconds + 600,
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
      },
      undefined,
    );
    try {
      const asked = await container.exec("id -u && id -g", { user, cwd: "/" });
      const [uid = "", gid = ""] = asked.stdout.toString("latin1").trim().split("\n");
      if (!/^\d+$/u.test(uid) || !/^\d+$/u.test(gid)) {
        throw unusable(`user ${user}: ${lastLine(asked.stderr)}`);
      }
      const done = await container.exec(script, {
        cwd: "/",
        env: { TURNWISE_UID: uid, TURNWISE_GID: gid },
        timeoutSeconds,
      });
      if (done.isTimedOut) {
        throw new ContainerError("timeout", `${doing}: timed out after ${timeoutSeconds} s`);
      }
      if (done.exitCode !== 0) throw unusable(lastLine(done.stderr));
      await commitContainer(this.#docker, container.id, tag, doing, user);
    } catch (cause) {
      // No agent has used this container, so if commands do not run in it, the image is faulty.
      if (cause instanceof ContainerError && cause.kind === "environment") {
        throw new ContainerError("image", `${image}: ${cause.message}`, { cause });
      }
      throw cause;
    } finally {
      await container.close();
    }
  }
}

function lastLine(output: Buffer): string {
  const lines = output.toString("utf8").trim().split("\n");
  return (lines.at(-1) ?? "").slice(0, 300) || "the script failed without output";
}

/**
 * Saves the file system of a container as an image.
 * @param user - User of the image. Default: the container's user.
 */
export async function commitContainer(
  docker: Dockerode,
  id: string,
  tag: string,
  doing: string,
  user?: string,
): Promise<void> {
  const split = tag.lastIndexOf(":");
  await withTimeout(
    600,
    doing,
    docker.getContainer(id).commit({
      repo: tag.slice(0, split),
      tag: tag.slice(split + 1),
      Cmd: ["/bin/bash"],
      Labels: { ...noLabels },
      ...(user === undefined ? {} : { User: user }),
    }),
  );
}
