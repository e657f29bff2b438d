import { createHash } from "node:crypto";
import type Dockerode from "dockerode";
import {
  ContainerError,
  type Container,
  type ContainerPreparation,
  type ContainerSpec,
} from "./container.ts";
import { withinSeconds } from "./docker-fault.ts";
import { hasImage, noteUse } from "./docker-images.ts";
import { noLabels } from "./labels.ts";

/** Name of the repository of images that hold prepared ones; the tag is a digest. */
const preparedRepository = "turnwise-prepared";

/** How an engine starts a container for a preparation. */
interface Parts {
  readonly host: string;
  /** Starts a container with the rights of a preparation, whatever the image's user. */
  readonly start: (spec: ContainerSpec, signal: AbortSignal | undefined) => Promise<Container>;
}

/**
 * Images with a preparation done, on one engine. They stay for later runs: the tag is a digest of the
 * image, the user and the script. `docker rmi $(docker images -q turnwise-prepared)` removes them.
 */
export class PreparedImages {
  readonly #docker: Dockerode;
  readonly #parts: Parts;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(docker: Dockerode, parts: Parts) {
    this.#docker = docker;
    this.#parts = parts;
  }

  /**
   * Name of the prepared image, which is made if it is not there; those who ask at the same time share
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
    const { Id: id, Config: config } = await withinSeconds(60, doing, inspect);
    // An image without settings has none at all on some engines.
    const user = spec.user ?? (config?.User || "0");
    const parts = [id, user, preparation.script].join("\0");
    const digest = createHash("sha256").update(parts).digest("hex").slice(0, 32);
    const tag = `${preparedRepository}:${digest}`;
    if (!(await hasImage(this.#docker, tag, doing))) {
      let work = this.#underWay.get(tag);
      if (work === undefined) {
        // Others wait for it too: who gives up does not take it from them.
        work = this.#prepare(spec, user, preparation, tag, doing).finally(() =>
          this.#underWay.delete(tag),
        );
        this.#underWay.set(tag, work);
      }
      await work;
      signal?.throwIfAborted();
    }
    // The prepared image must go before the one that it is made from.
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
        throw new ContainerError("timeout", `${doing}: not done within ${timeoutSeconds} s`);
      }
      if (done.exitCode !== 0) throw unusable(lastLine(done.stderr));
      await commitContainer(this.#docker, container.id, tag, doing, user);
    } catch (cause) {
      // No agent was here: a container that does not run its commands is the image's fault.
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
  return (lines.at(-1) ?? "").slice(0, 300) || "the script failed without a word";
}

/**
 * Keeps the state of a container's file system as an image.
 * @param user - User of its containers. Default: that of the container.
 */
export async function commitContainer(
  docker: Dockerode,
  id: string,
  tag: string,
  doing: string,
  user?: string,
): Promise<void> {
  const split = tag.lastIndexOf(":");
  await withinSeconds(
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
