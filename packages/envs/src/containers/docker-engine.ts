import { randomUUID } from "node:crypto";
import { checkPositive } from "@turnwise/core";
import type Dockerode from "dockerode";
import { readMessage } from "../call-within.ts";
import {
  ContainerError,
  type Container,
  type ContainerEngine,
  type ContainerSpec,
} from "./container.ts";
import { defaultDockerAddress, parseDockerAddress, type DockerAddress } from "./docker-address.ts";
import { DockerContainer } from "./docker-container.ts";
import { withTimeout } from "./docker-fault.ts";
import { ensureBuilt } from "./docker-build.ts";
import { ensureImage, hasImage, type PullOptions } from "./docker-images.ts";
import { isOwnerGone, labelNames, ownerLabel } from "./labels.ts";
import { commitContainer, PreparedImages } from "./prepared-images.ts";
import { startWatchdog, type Watchdog } from "./watchdog.ts";

/** Options of a connection to an engine. */
export interface DockerEngineOptions extends PullOptions {
  /**
   * Address, `unix:///path` or `tcp://host:port`. Default: `DOCKER_HOST`, or the default socket.
   */
  readonly address?: string;
  /**
   * Starts a separate process that removes the containers if this process is killed. Default true.
   */
  readonly watchdog?: boolean;
}

/** One-line hint on how to provide an engine. */
export const noEngineHint =
  "a Docker Engine must answer at DOCKER_HOST or /var/run/docker.sock; on Debian: apt-get install docker.io";

const gibibyte = 2 ** 30;

/** Capabilities of a container that prepares an image; agents never run in such containers. */
const setupRights = ["CHOWN", "DAC_OVERRIDE", "FOWNER"];

/** Docker's default capabilities, without devices, raw sockets and writing to the audit log. */
const standardRights = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

/**
 * Command of a container's first process. It adopts orphaned processes, and ends by itself when its
 * lifetime ends. It ignores signals, so that processes inside the container cannot kill it; only
 * the engine can.
 */
function firstProcess(lifetimeSeconds: number): string[] {
  const loop =
    "for s in {1..31}; do case $s in 9|17|19) ;; *) trap '' $s;; esac; done; " +
    `end=$((SECONDS+${Math.ceil(lifetimeSeconds)})); while left=$((end-SECONDS)); [ $left -gt 0 ]; ` +
    "do sleep $((left<30?left:30)) & wait $!; done";
  return ["/bin/bash", "-c", loop];
}

/** Docker Engine, or a podman service with the same API. */
export class DockerEngine implements ContainerEngine {
  readonly host: string;
  /** Identifier of this object in the labels of its containers. */
  readonly run: string;
  readonly #docker: Dockerode;
  readonly #isPodman: boolean;
  readonly #pull: PullOptions;
  readonly #watchdog: Watchdog | undefined;
  readonly #containers = new Set<DockerContainer>();
  readonly #prepared: PreparedImages;

  private constructor(
    docker: Dockerode,
    parts: {
      readonly host: string;
      readonly run: string;
      readonly isPodman: boolean;
      readonly pull: PullOptions;
      readonly watchdog: Watchdog | undefined;
    },
  ) {
    this.#docker = docker;
    this.host = parts.host;
    this.run = parts.run;
    this.#isPodman = parts.isPodman;
    this.#pull = parts.pull;
    this.#watchdog = parts.watchdog;
    this.#prepared = new PreparedImages(docker, {
      host: parts.host,
      start: async (spec, signal) => this.#startImage(spec.image, spec, signal, setupRights),
    });
  }

  /**
   * Connects to an engine, and removes containers that have expired or whose owner on this machine
   * has ended.
   * @throws `ContainerError` of kind `engine` naming what is missing.
   */
  static async connect(options: DockerEngineOptions = {}): Promise<DockerEngine> {
    const host = options.address ?? defaultDockerAddress();
    const address = parseDockerAddress(host);
    const docker = await dockerClient(address);
    let version: Dockerode.DockerVersion;
    try {
      version = await withTimeout(10, `${host}: version`, docker.version());
    } catch (cause) {
      throw new ContainerError("engine", `${readMessage(cause)}; ${noEngineHint}`, { cause });
    }
    const run = randomUUID();
    const engine = new DockerEngine(docker, {
      host,
      run,
      isPodman: JSON.stringify(version.Components ?? []).includes("Podman"),
      pull: options,
      watchdog: options.watchdog === false ? undefined : startWatchdog(address, run),
    });
    await engine.reap();
    return engine;
  }

  /**
   * The dockerode client of this engine, for operations that this class does not offer. Cast it to
   * dockerode's type; it is declared as `object` so that this package's declarations compile if
   * dockerode is not installed.
   */
  get client(): object {
    return this.#docker;
  }

  async start(spec: ContainerSpec, signal?: AbortSignal): Promise<Container> {
    signal?.throwIfAborted();
    if (spec.build === undefined) await ensureImage(this.#docker, spec.image, this.#pull);
    else await ensureBuilt(this.#docker, spec.image, spec.build, this.host);
    signal?.throwIfAborted();
    if (spec.preparation === undefined) return this.#startImage(spec.image, spec, signal);
    const prepared = await this.#prepared.ensure(spec, spec.preparation, signal);
    return this.#startImage(prepared, spec, signal);
  }

  /** Starts a container. @param from - The image itself, or the prepared image. */
  async #startImage(
    from: string,
    spec: ContainerSpec,
    signal: AbortSignal | undefined,
    capabilities: readonly string[] = spec.capabilities === "standard" ? standardRights : [],
  ): Promise<DockerContainer> {
    const { image, memoryBytes = 4 * gibibyte, cpus = 1, maxProcesses = 512 } = spec;
    const { network = "none", lifetimeSeconds = 7200, tmpfs = {}, readOnly = false } = spec;
    checkPositive("DockerEngine.start", { memoryBytes, cpus, maxProcesses, lifetimeSeconds });
    signal?.throwIfAborted();
    const doing = `${this.host}: start a container of ${image}`;
    const expires = Math.ceil(Date.now() / 1000 + lifetimeSeconds + 60);
    const create = this.#docker.createContainer({
      Image: from,
      Entrypoint: [],
      Cmd: firstProcess(lifetimeSeconds),
      StopTimeout: 1,
      ...(spec.user === undefined ? {} : { User: spec.user }),
      Labels: {
        [labelNames.run]: this.run,
        [labelNames.owner]: ownerLabel(),
        [labelNames.expires]: String(expires),
      },
      HostConfig: {
        Memory: memoryBytes,
        MemorySwap: memoryBytes,
        NanoCpus: Math.round(cpus * 1e9),
        PidsLimit: Math.round(maxProcesses),
        NetworkMode: network,
        CapDrop: ["ALL"],
        ...(capabilities.length === 0 ? {} : { CapAdd: [...capabilities] }),
        SecurityOpt: ["no-new-privileges"],
        Privileged: false,
        Binds: [],
        IpcMode: "private",
        ReadonlyRootfs: readOnly,
        LogConfig: { Type: this.#isPodman ? "k8s-file" : "none", Config: {} },
        Tmpfs: Object.fromEntries(
          Object.entries(tmpfs).map(([path, bytes]) => [path, `rw,size=${Math.round(bytes)}`]),
        ),
        Ulimits: [
          { Name: "core", Soft: 0, Hard: 0 },
          // Otherwise podman raises these limits above those of its own process.
          ...(this.#isPodman
            ? [
                { Name: "nofile", Soft: 20_000, Hard: 20_000 },
                { Name: "nproc", Soft: 4096, Hard: 4096 },
              ]
            : []),
        ],
      },
    });
    const created = await withTimeout(120, doing, create);
    const container = new DockerContainer(this.#docker, created, {
      image,
      host: this.host,
      maxProcesses: Math.round(maxProcesses),
      isPrepared: spec.preparation !== undefined && from !== image,
      endsAt: performance.now() + lifetimeSeconds * 1000,
      onClose: (closed) => this.#containers.delete(closed),
    });
    this.#containers.add(container);
    try {
      await withTimeout(120, doing, created.start());
      signal?.throwIfAborted();
    } catch (cause) {
      await container.close();
      throw cause;
    }
    return container;
  }

  /**
   * Saves the file system of a container as an image.
   * @param tag - Tag of the image, `name:tag`.
   */
  async commit(container: Container, tag: string): Promise<void> {
    await commitContainer(this.#docker, container.id, tag, `${this.host}: commit ${tag}`);
  }

  /**
   * Pulls an image unless the engine has it.
   * @throws `ContainerError` of kind `image` if the registry does not have the image or rejects the
   *   pull; of kind `network`, `resources`, `protocol` or `engine` for other failures.
   */
  async pull(image: string): Promise<void> {
    await ensureImage(this.#docker, image, this.#pull);
  }

  /** True if the engine has an image. */
  async hasImage(image: string): Promise<boolean> {
    return hasImage(this.#docker, image, `${this.host}: look for ${image}`);
  }

  /** Number of running containers that this object started. */
  get numContainers(): number {
    return this.#containers.size;
  }

  /**
   * Removes Turnwise containers that have expired or whose owner on this machine has ended.
   * @returns Number of removed containers.
   */
  async reap(): Promise<number> {
    const listed = await withTimeout(
      60,
      `${this.host}: list containers`,
      this.#docker.listContainers({ all: true, filters: { label: [labelNames.owner] } }),
    );
    const now = Date.now() / 1000;
    const orphans = listed.filter(
      ({ Labels: labels }) =>
        isOwnerGone(labels[labelNames.owner] ?? "") ||
        Number(labels[labelNames.expires] || Infinity) < now,
    );
    await Promise.all(
      orphans.map(async ({ Id }) =>
        // Another process may be removing containers at the same time.
        withTimeout(
          120,
          `${this.host}: remove ${Id}`,
          this.#docker.getContainer(Id).remove({ force: true, v: true }),
        ).catch(() => undefined),
      ),
    );
    return orphans.length;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#containers, async (container) => container.close()));
    this.#watchdog?.close();
  }
}

async function dockerClient(address: DockerAddress): Promise<Dockerode> {
  let Client: typeof Dockerode;
  try {
    ({ default: Client } = await import("dockerode"));
  } catch (cause) {
    throw new ContainerError(
      "engine",
      "the package dockerode must be installed to run containers",
      { cause },
    );
  }
  return address.kind === "unix"
    ? new Client({ socketPath: address.socketPath })
    : new Client({ protocol: "http", host: address.host, port: address.port });
}
