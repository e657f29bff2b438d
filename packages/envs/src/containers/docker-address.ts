/** Address of a Docker Engine. */
export type DockerAddress =
  | { readonly kind: "unix"; readonly socketPath: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/**
 * Parses an address in the format of `DOCKER_HOST`: `unix:///var/run/docker.sock`,
 * `tcp://host:2375`.
 * @throws `RangeError` for any other format, or a socket path that is too long for the system.
 */
export function parseDockerAddress(text: string): DockerAddress {
  const unix = /^unix:\/\/(\/.+)$/u.exec(text);
  if (unix) {
    const socketPath = unix[1]!;
    if (Buffer.byteLength(socketPath) > 107) {
      throw new RangeError(
        `parseDockerAddress: socket path must have at most 107 bytes, got ${socketPath}`,
      );
    }
    return { kind: "unix", socketPath };
  }
  const tcp = /^(?:tcp|http):\/\/(\[[\da-f:]+\]|[^/:]+)(?::(\d+))?\/?$/iu.exec(text);
  if (tcp) {
    return {
      kind: "tcp",
      host: tcp[1]!.replaceAll(/^\[|\]$/gu, ""),
      port: Number(tcp[2] ?? 2375),
    };
  }
  throw new RangeError(
    `parseDockerAddress: address must be unix:///path or tcp://host:port, got ${text}`,
  );
}

/** Returns the address in the environment variable `DOCKER_HOST`, or the default socket. */
export function defaultDockerAddress(): string {
  const given = process.env["DOCKER_HOST"];
  return given === undefined || given === "" ? "unix:///var/run/docker.sock" : given;
}
