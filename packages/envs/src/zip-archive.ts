/**
 * Recognizes a zip archive by the first bytes of a file.
 * @returns Remedy, for a message after the file's path; `undefined` for any other file.
 */
export function zipProblem(head: Uint8Array): string | undefined {
  const isZip =
    head[0] === 0x50 &&
    head[1] === 0x4b &&
    (head[2] === 0x03 || head[2] === 0x05) &&
    head.length > 3;
  return isZip ? "the file must be unpacked first (unzip FILE), got a zip archive" : undefined;
}
