import type { HttpRoute } from "../http/http-messages.ts";
import type { SessionManager } from "../session-manager.ts";

/**
 * Redirects paths without the name of an environment to the first environment, as OpenReward's server
 * does: `/prompt` to `/alfworld/prompt`.
 * @returns A function from a path to its target; `undefined` if its first segment is known.
 */
export function createRedirect(
  sessions: SessionManager,
  routes: readonly HttpRoute[],
): (path: string) => string | undefined {
  const names = sessions.environments.map(({ name }) => name);
  const known = new Set(["", "ws", ...names, ...routes.map(({ path }) => firstSegment(path))]);
  const lower = new Set(Array.from(known, (segment) => segment.toLowerCase()));
  return (path) =>
    lower.has(firstSegment(path).toLowerCase()) ? undefined : `/${names[0]}${path}`;
}

const firstSegment = (path: string): string => path.split("/")[1] ?? "";
