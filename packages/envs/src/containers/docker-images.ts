import { setTimeout as sleep } from "node:timers/promises";
import type Dockerode from "dockerode";
import { readMessage } from "../call-within.ts";
import { ContainerError } from "./container.ts";
import { dockerFault, withTimeout } from "./docker-fault.ts";

/** Options for pulling images, and the disk budget for images. */
export interface PullOptions {
  /** `missing` pulls images that the engine does not have. Default `missing`. */
  readonly pull?: "missing" | "never";
  /** Maximum duration of one pull, seconds. Default 1800. */
  readonly pullTimeoutSeconds?: number;
  /** Called with the progress of a pull, in bytes over all layers of known size. */
  readonly onPull?: (progress: {
    readonly image: string;
    readonly doneBytes: number;
    readonly totalBytes: number;
  }) => void;
  /**
   * Disk budget for all images of the engine, bytes. Before and after a pull, the least recently
   * used images are removed until the others fit. Only images that this process has used, and that
   * no container uses, are removed. Default: no limit.
   */
  readonly imageBudgetBytes?: number;
}

interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

interface Store {
  /** Logical time of each image's last use. */
  readonly lastUse: Map<string, number>;
  /** Pulls and builds in progress, by image. */
  readonly underWay: Map<string, Promise<void>>;
  clock: number;
}

const stores = new WeakMap<Dockerode, Store>();

function getStore(docker: Dockerode): Store {
  let store = stores.get(docker);
  if (store === undefined) {
    store = { lastUse: new Map(), underWay: new Map(), clock: 0 };
    stores.set(docker, store);
  }
  return store;
}

/**
 * Pulls an image unless the engine has it; concurrent callers share a pull.
 * @throws `ContainerError` of kind `image` if the registry does not have the image or rejects the
 *   pull; of kind `network`, `resources`, `protocol` or `engine` for other failures.
 */
export async function ensureImage(
  docker: Dockerode,
  image: string,
  options: PullOptions,
): Promise<void> {
  const store = getStore(docker);
  store.lastUse.set(image, ++store.clock);
  const doing = `image ${image}`;
  try {
    await withTimeout(60, doing, docker.getImage(image).inspect());
    return;
  } catch (cause) {
    const fault = dockerFault(doing, cause);
    if (fault.kind !== "image" || options.pull === "never") throw fault;
  }
  await shareWork(docker, image, async () => pullImage(docker, image, options));
}

/** Performs work that creates an image; concurrent callers share it. */
export async function shareWork(
  docker: Dockerode,
  image: string,
  work: () => Promise<void>,
): Promise<void> {
  const { underWay } = getStore(docker);
  let shared = underWay.get(image);
  if (shared === undefined) {
    shared = work().finally(() => underWay.delete(image));
    underWay.set(image, shared);
  }
  await shared;
}

/** True if the engine has an image. */
export async function hasImage(docker: Dockerode, image: string, doing: string): Promise<boolean> {
  try {
    await withTimeout(60, doing, docker.getImage(image).inspect());
    return true;
  } catch (cause) {
    const fault = dockerFault(doing, cause);
    if (fault.kind === "image") return false;
    throw fault;
  }
}

/** Records the use of images, in the given order; the first is evicted before the others. */
export function noteUse(docker: Dockerode, images: readonly string[]): void {
  const store = getStore(docker);
  for (const image of images) store.lastUse.set(image, ++store.clock);
}

async function pullImage(docker: Dockerode, image: string, options: PullOptions): Promise<void> {
  const { pullTimeoutSeconds = 1800, imageBudgetBytes, onPull } = options;
  if (imageBudgetBytes !== undefined) await makeRoom(docker, image, imageBudgetBytes);
  const layers = new Map<string, { readonly current: number; readonly total: number }>();
  const controller = new AbortController();
  const timer = setTimeout(
    () =>
      controller.abort(
        new ContainerError("network", `pull ${image}: timed out after ${pullTimeoutSeconds} s`),
      ),
    pullTimeoutSeconds * 1000,
  );
  try {
    const stream = await docker.pull(image, { abortSignal: controller.signal });
    await new Promise<void>((resolve, reject) => {
      controller.signal.addEventListener("abort", () => reject(controller.signal.reason), {
        once: true,
      });
      docker.modem.followProgress(
        stream,
        (error) => (error === null ? resolve() : reject(error)),
        (event: PullEvent) => {
          if (event.error !== undefined) reject(new Error(event.error));
          const { current, total } = event.progressDetail ?? {};
          if (event.id === undefined || current === undefined || total === undefined) return;
          layers.set(event.id, { current, total });
          let [doneBytes, totalBytes] = [0, 0];
          for (const layer of layers.values()) {
            doneBytes += layer.current;
            totalBytes += layer.total;
          }
          onPull?.({ image, doneBytes, totalBytes });
        },
      );
    });
  } catch (cause) {
    throw dockerFault(
      `pull ${image}`,
      controller.signal.aborted ? controller.signal.reason : cause,
    );
  } finally {
    clearTimeout(timer);
  }
  // The size of an image is known only after the pull.
  if (imageBudgetBytes !== undefined) await makeRoom(docker, image, imageBudgetBytes);
}

/** Removes used images, least recently used first, until the others fit the budget. */
async function makeRoom(docker: Dockerode, wanted: string, budgetBytes: number): Promise<void> {
  const store = getStore(docker);
  const candidates = [...store.lastUse]
    .filter(([image]) => image !== wanted)
    .toSorted((a, b) => a[1] - b[1]);
  for (const [image] of candidates) {
    if ((await layerBytes(docker)) <= budgetBytes) return;
    // The engine refuses to remove an image that a container uses.
    const removal = docker.getImage(image).remove();
    await withTimeout(600, `remove ${image}`, removal).catch(() => undefined);
    store.lastUse.delete(image);
  }
}

/** Total size of all layers on an engine, bytes. */
async function layerBytes(docker: Dockerode): Promise<number> {
  const doing = "disk usage of the engine";
  const giveUpAt = performance.now() + 600_000;
  for (;;) {
    try {
      const answer: Promise<{ readonly LayersSize?: number }> = docker.df();
      return (await withTimeout(600, doing, answer)).LayersSize ?? 0;
    } catch (cause) {
      // Docker 20.10 refuses to measure disk usage twice at the same time.
      const isBusy = readMessage(cause).includes("disk usage operation is already running");
      if (!isBusy || performance.now() > giveUpAt) throw cause;
      await sleep(200);
    }
  }
}
