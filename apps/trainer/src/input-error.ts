/**
 * Something the user gave cannot be used: one line that names the place, the field, the rule and
 * the value. The command line prints it and ends with exit code 2.
 */
export class InputError extends Error {
  override readonly name = "InputError";
}
