import { createHash, timingSafeEqual } from "node:crypto";

/** Rules that the headers of a request must satisfy. */
export interface AccessRules {
  /** Token that requests must contain; absent: no token is needed. */
  readonly token?: string;
  /**
   * Accepted values of `Host`; absent: all. A server on a loopback address accepts only
   * the names of this machine, so that a public DNS name that resolves to it gives no access.
   */
  readonly hosts?: ReadonlySet<string>;
}

/** Headers that the rules check. */
export interface AccessHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
  readonly "x-api-key"?: string | string[] | undefined;
}

/** A rejection with its HTTP status. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly message: string;
}

/**
 * Checks the headers of a request.
 *
 * The token is a bearer token, an `X-API-Key`, or the password of basic authentication, as clients
 * send it for `http://:TOKEN@host`.
 * @returns `undefined` if the request may pass.
 */
export function checkAccess(
  { token, hosts }: AccessRules,
  headers: AccessHeaders,
): Refusal | undefined {
  if (hosts !== undefined) {
    if (!hosts.has(headers.host ?? "")) {
      return { status: 403, message: `Host must be one of ${[...hosts].join(", ")}` };
    }
    // Browsers send the origin of the page that makes a request; pages of other sites must not
    // access this server.
    const origin = headers.origin?.replace(/^https?:\/\//u, "");
    if (origin !== undefined && !hosts.has(origin)) {
      return { status: 403, message: "Origin must be this server" };
    }
  }
  if (token === undefined || listTokens(headers).some((given) => isEqual(given, token))) {
    return undefined;
  }
  return {
    status: 401,
    message: "the request must contain the token of the server: Authorization: Bearer TOKEN",
  };
}

function listTokens({ authorization = "", "x-api-key": key }: AccessHeaders): string[] {
  const [, bearer] = /^Bearer (.+)$/iu.exec(authorization) ?? [];
  const [, basic] = /^Basic (.+)$/iu.exec(authorization) ?? [];
  const [, password] =
    /^[^:]*:(.+)$/u.exec(Buffer.from(basic ?? "", "base64").toString("utf8")) ?? [];
  return [bearer, password, typeof key === "string" ? key : undefined].flatMap(
    (given) => given ?? [],
  );
}

/** Compares secrets in constant time. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
