import { InputError } from "@turnwise/core";
import { isLoopback } from "../../listen.ts";

/** Minimum length of a token, characters. */
const minTokenLength = 16;

/**
 * Checks the token of a server before the server starts.
 * @throws `InputError` if the token is too short, or if it is missing and other machines can reach
 *   `host`.
 */
export function checkToken(host: string, token: string | undefined): void {
  if (token === undefined && !isLoopback(host)) {
    throw new InputError(
      `serve: --token must be given unless --host is this machine (127.0.0.1), got ${host}`,
    );
  }
  if (token !== undefined && token.length < minTokenLength) {
    throw new InputError(
      `serve: --token must have at least ${minTokenLength} characters, got ${token.length}`,
    );
  }
}
