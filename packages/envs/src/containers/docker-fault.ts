import { readMessage } from "../call-within.ts";
import { ContainerError, type ContainerFault } from "./container.ts";

const patterns: readonly (readonly [RegExp, ContainerFault])[] = [
  [/no space left on device|disk quota exceeded/iu, "resources"],
  [/cannot allocate memory|out of memory/iu, "resources"],
  [
    /no such image|manifest unknown|no matching manifest|invalid reference format|pull access denied|repository .* not found/iu,
    "image",
  ],
  // Rate limits and failed logins of a registry; an immediate retry would fail again.
  [
    /toomanyrequests|too many requests|rate limit|unauthorized|authentication required|requested access .* denied/iu,
    "image",
  ],
  // Images whose first process, shell or user does not exist.
  [
    /exec: .*(?:no such file|not found|permission denied)|exec format error|unable to find (?:user|group)|no matching entries in passwd/iu,
    "image",
  ],
  [
    /unexpected (?:http )?status|invalid character .* looking for|unexpected token|unexpected end of json|parse error|error parsing http/iu,
    "protocol",
  ],
  [
    /temporary failure in name resolution|no such host|i\/o timeout|dial tcp|tls handshake|x509|http response to https|connection reset by peer|unexpected eof/iu,
    "network",
  ],
  [/is not running|container state improper/iu, "environment"],
];

/** Classifies an error or a timeout of the engine. */
export function dockerFault(doing: string, cause: unknown): ContainerError {
  if (cause instanceof ContainerError) return cause;
  const message = readMessage(cause).replaceAll(/\s+/gu, " ");
  const kind = patterns.find(([pattern]) => pattern.test(message))?.[1] ?? "engine";
  return new ContainerError(kind, `${doing}: ${message}`, { cause });
}

/** Limits the wait for a call to the engine. */
export async function withTimeout<T>(seconds: number, doing: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ContainerError("engine", `${doing}: no answer within ${seconds} s`)),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([work, expired]);
  } catch (cause) {
    throw dockerFault(doing, cause);
  } finally {
    clearTimeout(timer);
  }
}
