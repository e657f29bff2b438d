/**
 * Invalid data about instances. The message is one line, such as `file: row 3: field must <rule>,
 * got <value>`.
 */
export class InstanceError extends Error {
  override readonly name = "InstanceError";
}
