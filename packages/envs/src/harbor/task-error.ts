/**
 * Invalid or unsupported Harbor task. The message is one line, such as `file: field must <rule>,
 * got <value>`.
 */
export class HarborTaskError extends Error {
  override readonly name = "HarborTaskError";
}
