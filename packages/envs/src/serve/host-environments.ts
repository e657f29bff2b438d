import { InputError } from "@turnwise/core";
import type { Clock } from "./clock.ts";
import { LocalHost } from "./local-host.ts";
import type { ServedEnvironment } from "./served-environment.ts";
import type { HostedEnvironment } from "./session-manager.ts";
import { ThreadHost } from "./thread-host.ts";

/** Names that would collide with routes of a protocol. */
const reservedNames: ReadonlySet<string> = new Set(["agentgym", "mcp", "ws"]);

/** Options of {@link hostEnvironments}. */
export interface HostOptions {
  /** Number of threads of each environment, `>= 1`. */
  readonly numThreads: number;
  /** Memory limit of the heap of a thread, MiB. */
  readonly memoryMegabytes?: number;
  readonly clock: Clock;
  /** Called when a thread has ended by itself, with the number of lost episodes. */
  readonly onThreadEnd: (environment: string, message: string, numLost: number) => void;
}

/**
 * Creates the hosts for the episodes of environments.
 * @throws `InputError` for names that are not distinct or not usable in URLs.
 */
export function hostEnvironments(
  environments: readonly ServedEnvironment[],
  { numThreads, memoryMegabytes, clock, onThreadEnd }: HostOptions,
): HostedEnvironment[] {
  if (environments.length === 0) {
    throw new InputError("serve: environments must not be empty, got length 0");
  }
  const names = new Set<string>();
  return environments.map((environment) => {
    const { name, tasks } = environment;
    const key = name.toLowerCase();
    if (!/^[\w-]+$/u.test(name) || reservedNames.has(key) || names.has(key)) {
      throw new InputError(
        `serve: names of environments must be distinct, consist of letters, digits, - and _, and differ from ${[...reservedNames].join(", ")}, got ${JSON.stringify(name)}`,
      );
    }
    names.add(key);
    const host =
      tasks.kind === "local"
        ? new LocalHost(tasks.open)
        : new ThreadHost(tasks, {
            numThreads,
            clock,
            ...(memoryMegabytes !== undefined && { memoryMegabytes }),
            onThreadEnd: ({ message }, numLost) => onThreadEnd(name, message, numLost),
          });
    return { environment, host };
  });
}
