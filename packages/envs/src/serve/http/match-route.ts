import type { HttpRoute } from "./http-messages.ts";

/**
 * A matching route with the values of its path parameters, or the methods that the path supports.
 */
export type RouteMatch =
  | { readonly route: HttpRoute; readonly parameters: Readonly<Record<string, string>> }
  | { readonly allowed: readonly string[] };

/**
 * Finds the route of a request. The first match wins, so routes with literal segments must precede
 * routes with parameters.
 */
export function matchRoute(routes: readonly HttpRoute[], method: string, path: string): RouteMatch {
  const allowed = new Set<string>();
  const segments = split(path);
  for (const route of routes) {
    const parameters = matchSegments(split(route.path), segments);
    if (parameters === undefined) continue;
    if (route.method === method) return { route, parameters };
    allowed.add(route.method);
  }
  return { allowed: [...allowed] };
}

const split = (path: string): string[] => path.split("/").slice(1);

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [i, expected] of pattern.entries()) {
    const segment = segments[i]!;
    const name = /^\{(.+)\}$/u.exec(expected)?.[1];
    if (name === undefined) {
      if (segment !== expected) return undefined;
      continue;
    }
    const value = decode(segment);
    if (value === undefined || value === "") return undefined;
    parameters[name] = value;
  }
  return parameters;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
