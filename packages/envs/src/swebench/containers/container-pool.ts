import { checkInteger, checkPositive } from "@turnwise/core";
import {
  ContainerError,
  type Container,
  type ContainerEngine,
  type ContainerSpec,
} from "./container.ts";

/** One engine of a pool. */
export interface PoolHost {
  readonly engine: ContainerEngine;
  /** The most containers at the same time, `>= 1`. */
  readonly maxContainers: number;
}

/** Options of a {@link ContainerPool}. */
export interface PoolOptions {
  /** How long a host that failed is left alone, seconds, `> 0`. Default 30. */
  readonly coolDownSeconds?: number;
  /** How many hosts are tried for one container, `>= 1`. Default: all. */
  readonly maxAttempts?: number;
}

/** What a pool is doing, for a progress line. */
export interface PoolStatistics {
  readonly running: number;
  readonly peak: number;
  readonly waiting: number;
  readonly warm: number;
  readonly started: number;
  /** Starts that a host could not do. */
  readonly failed: number;
  /** Hosts that are left alone now. */
  readonly coolingHosts: number;
}

interface HostState extends PoolHost {
  inUse: number;
  coolUntil: number;
  readonly images: Set<string>;
}

/**
 * Several engines as one. A container starts on the host with the most room among those that are
 * well, hosts that have used its image before first; who finds none waits. A host that fails is left
 * alone for a while, and the container starts elsewhere. Containers that will be wanted can be
 * started ahead.
 */
export class ContainerPool implements ContainerEngine {
  readonly host: string;
  readonly #hosts: readonly HostState[];
  readonly #coolDownSeconds: number;
  readonly #maxAttempts: number;
  readonly #waiting: (() => void)[] = [];
  readonly #warm = new Map<string, Promise<Container>[]>();
  #running = 0;
  #peak = 0;
  #started = 0;
  #failed = 0;
  #isClosed = false;

  constructor(hosts: readonly PoolHost[], options: PoolOptions = {}) {
    const { coolDownSeconds = 30, maxAttempts = hosts.length } = options;
    checkInteger("ContainerPool", { maxContainers: hosts.map((h) => h.maxContainers) }, { min: 1 });
    checkInteger("ContainerPool", { hosts: hosts.length, maxAttempts }, { min: 1 });
    checkPositive("ContainerPool", { coolDownSeconds });
    this.#hosts = hosts.map((host) => ({ ...host, inUse: 0, coolUntil: 0, images: new Set() }));
    this.#coolDownSeconds = coolDownSeconds;
    this.#maxAttempts = maxAttempts;
    this.host = hosts.map(({ engine }) => engine.host).join(", ");
  }

  get statistics(): PoolStatistics {
    const now = performance.now();
    let warm = 0;
    for (const queue of this.#warm.values()) warm += queue.length;
    return {
      running: this.#running,
      peak: this.#peak,
      waiting: this.#waiting.length,
      warm,
      started: this.#started,
      failed: this.#failed,
      coolingHosts: this.#hosts.filter(({ coolUntil }) => coolUntil > now).length,
    };
  }

  /** Starts containers ahead of those who will ask for them. Ones that fail are forgotten. */
  warm(spec: ContainerSpec, count = 1): void {
    checkInteger("ContainerPool.warm", { count }, { min: 0 });
    const key = JSON.stringify(spec);
    const queue = this.#warm.get(key) ?? [];
    for (let i = 0; i < count; i++) {
      const start = this.#startFresh(spec, undefined);
      start.catch(() => undefined);
      queue.push(start);
    }
    this.#warm.set(key, queue);
  }

  async start(spec: ContainerSpec, signal?: AbortSignal): Promise<Container> {
    const queue = this.#warm.get(JSON.stringify(spec));
    for (let ready = queue?.shift(); ready !== undefined; ready = queue?.shift()) {
      const container = await ready.catch(() => undefined);
      if (container === undefined) continue;
      if (await container.isAlive()) return container;
      await container.close();
    }
    return this.#startFresh(spec, signal);
  }

  async #startFresh(spec: ContainerSpec, signal: AbortSignal | undefined): Promise<Container> {
    const tried = new Set<HostState>();
    for (;;) {
      const host = await this.#freeHost(spec.image, tried, signal);
      try {
        const container = await host.engine.start(spec, signal);
        if (this.#isClosed) {
          await container.close();
          throw new ContainerError("engine", "the pool is closed");
        }
        this.#started += 1;
        host.images.add(spec.image);
        return this.#counted(container, host);
      } catch (cause) {
        this.#release(host);
        if (!(cause instanceof ContainerError)) throw cause;
        this.#failed += 1;
        if (cause.kind === "engine" || cause.kind === "resources") {
          host.coolUntil = performance.now() + this.#coolDownSeconds * 1000;
        }
        tried.add(host);
        if (cause.kind === "image" || tried.size >= this.#maxAttempts) throw cause;
      }
    }
  }

  /** Takes a place on a host; waits for one where all are full. */
  async #freeHost(
    image: string,
    tried: ReadonlySet<HostState>,
    signal: AbortSignal | undefined,
  ): Promise<HostState> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#isClosed) throw new ContainerError("engine", "the pool is closed");
      const now = performance.now();
      const untried = this.#hosts.filter((host) => !tried.has(host));
      const well = untried.filter(({ coolUntil }) => coolUntil <= now);
      // When all are unwell there is nothing to lose by asking one of them.
      const free = (well.length > 0 ? well : untried).filter((h) => h.inUse < h.maxContainers);
      const room = (host: HostState): number => 1 - host.inUse / host.maxContainers;
      const bonus = (host: HostState): number => (host.images.has(image) ? 0.25 : 0);
      const best = free.toSorted((a, b) => room(b) + bonus(b) - room(a) - bonus(a))[0];
      if (best !== undefined) {
        best.inUse += 1;
        this.#running += 1;
        this.#peak = Math.max(this.#peak, this.#running);
        return best;
      }
      // Nothing is awaited between the look for a place and the wait for one: none is missed.
      const ahead = this.#takeWarm();
      if (ahead === undefined) await this.#nextPlace(signal);
      else await (await ahead.catch(() => undefined))?.close();
    }
  }

  /** A container that was started ahead, to be given up. */
  #takeWarm(): Promise<Container> | undefined {
    for (const queue of this.#warm.values()) {
      const container = queue.shift();
      if (container !== undefined) return container;
    }
    return undefined;
  }

  async #nextPlace(signal: AbortSignal | undefined): Promise<void> {
    let wake: () => void = () => undefined;
    const place = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiting.push(wake);
    signal?.addEventListener("abort", wake, { once: true });
    await place;
    signal?.removeEventListener("abort", wake);
    const at = this.#waiting.indexOf(wake);
    if (at !== -1) this.#waiting.splice(at, 1);
    // Woken and told to give up at the same time: the place goes to the next.
    else if (signal?.aborted === true) this.#waiting.shift()?.();
  }

  #release(host: HostState): void {
    host.inUse -= 1;
    this.#running -= 1;
    this.#waiting.shift()?.();
  }

  /** The container, giving its place back when it is closed. */
  #counted(container: Container, host: HostState): Container {
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      try {
        await container.close();
      } finally {
        this.#release(host);
      }
    };
    return {
      id: container.id,
      image: container.image,
      host: container.host,
      ...(container.isPrepared === undefined ? {} : { isPrepared: container.isPrepared }),
      exec: async (command, options) => container.exec(command, options),
      shell: (options) => container.shell(options),
      copyIn: async (folder, files) => container.copyIn(folder, files),
      copyOut: async (path, options) => container.copyOut(path, options),
      isAlive: async () => container.isAlive(),
      changes: async () => container.changes(),
      isOutOfMemory: async () => container.isOutOfMemory(),
      close: async () => {
        closing ??= close();
        await closing;
      },
    };
  }

  /** Closes all engines, and with them all containers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all([...this.#warm.values()].flat().map(async (start) => start.catch(() => {})));
    await Promise.all(this.#hosts.map(async ({ engine }) => engine.close()));
  }
}
