import { checkInteger, checkPositive } from "@turnwise/core";
import {
  ContainerError,
  type Container,
  type ContainerEngine,
  type ContainerSpec,
} from "./container.ts";

/** Engine in a pool. */
export interface PoolHost {
  readonly engine: ContainerEngine;
  /** Maximum number of concurrent containers, `>= 1`. */
  readonly maxContainers: number;
}

/** Options of a {@link ContainerPool}. */
export interface PoolOptions {
  /** Time for which a host is avoided after a failure, seconds, `> 0`. Default 30. */
  readonly coolDownSeconds?: number;
  /** Maximum number of hosts tried for one container, `>= 1`. Default: all. */
  readonly maxAttempts?: number;
}

/** State of a pool, for a progress line. */
export interface PoolStatistics {
  readonly running: number;
  readonly peak: number;
  readonly waiting: number;
  readonly warm: number;
  readonly started: number;
  /** Number of failed starts. */
  readonly failed: number;
  /** Number of hosts that are currently avoided because of a recent failure. */
  readonly coolingHosts: number;
}

interface HostState extends PoolHost {
  inUse: number;
  coolUntil: number;
  readonly images: Set<string>;
}

/**
 * Combines several engines into one. A container starts on the healthy host with the most free
 * capacity, preferring hosts that have used its image before; if all are full, the caller waits. A
 * host that fails is avoided for a while, and the container starts on another one. Containers can
 * also be started in advance.
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

  /** Starts containers in advance. Failed starts are ignored. */
  warm(spec: ContainerSpec, count = 1): void {
    checkInteger("ContainerPool.warm", { count }, { min: 0 });
    const key = createKey(spec);
    const queue = this.#warm.get(key) ?? [];
    for (let i = 0; i < count; i++) {
      const start = this.#startFresh(spec, undefined);
      start.catch(() => undefined);
      queue.push(start);
    }
    this.#warm.set(key, queue);
  }

  async start(spec: ContainerSpec, signal?: AbortSignal): Promise<Container> {
    const queue = this.#warm.get(createKey(spec));
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
      const host = await this.#acquireHost(spec.image, tried, signal);
      try {
        const container = await host.engine.start(spec, signal);
        if (this.#isClosed) {
          await container.close();
          throw new ContainerError("engine", "the pool is closed");
        }
        this.#started += 1;
        host.images.add(spec.image);
        return this.#releaseOnClose(container, host);
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

  /** Acquires a slot on a host; waits if all hosts are full. */
  async #acquireHost(
    image: string,
    tried: ReadonlySet<HostState>,
    signal: AbortSignal | undefined,
  ): Promise<HostState> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#isClosed) throw new ContainerError("engine", "the pool is closed");
      const now = performance.now();
      const untried = this.#hosts.filter((host) => !tried.has(host));
      const healthy = untried.filter(({ coolUntil }) => coolUntil <= now);
      // If no host is healthy, try one anyway, which costs nothing.
      const free = (healthy.length > 0 ? healthy : untried).filter(
        (h) => h.inUse < h.maxContainers,
      );
      const freeShare = (host: HostState): number => 1 - host.inUse / host.maxContainers;
      const bonus = (host: HostState): number => (host.images.has(image) ? 0.25 : 0);
      const best = free.toSorted((a, b) => freeShare(b) + bonus(b) - freeShare(a) - bonus(a))[0];
      if (best !== undefined) {
        best.inUse += 1;
        this.#running += 1;
        this.#peak = Math.max(this.#peak, this.#running);
        return best;
      }
      // Do not await between searching for a slot and waiting for one, so that no wake-up is
      // missed.
      const warm = this.#takeWarm();
      if (warm === undefined) await this.#waitForSlot(signal);
      else await (await warm.catch(() => undefined))?.close();
    }
  }

  /** Takes a warm container that is not needed, so that it can be closed. */
  #takeWarm(): Promise<Container> | undefined {
    for (const queue of this.#warm.values()) {
      const container = queue.shift();
      if (container !== undefined) return container;
    }
    return undefined;
  }

  async #waitForSlot(signal: AbortSignal | undefined): Promise<void> {
    let wake: () => void = () => undefined;
    const freed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiting.push(wake);
    signal?.addEventListener("abort", wake, { once: true });
    await freed;
    signal?.removeEventListener("abort", wake);
    const at = this.#waiting.indexOf(wake);
    if (at !== -1) this.#waiting.splice(at, 1);
    // The caller was woken and aborted at the same time, so pass the slot to the next one.
    else if (signal?.aborted === true) this.#waiting.shift()?.();
  }

  #release(host: HostState): void {
    host.inUse -= 1;
    this.#running -= 1;
    this.#waiting.shift()?.();
  }

  /** Wraps a container so that closing it frees its slot. */
  #releaseOnClose(container: Container, host: HostState): Container {
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

  /** Closes all engines, including their containers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all([...this.#warm.values()].flat().map(async (start) => start.catch(() => {})));
    await Promise.all(this.#hosts.map(async ({ engine }) => engine.close()));
  }
}

/** Creates the key of equal specs. The name of an image that is built identifies its build. */
function createKey(spec: ContainerSpec): string {
  const { build: _, ...settings } = spec;
  return JSON.stringify(settings);
}
