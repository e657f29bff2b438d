import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { decodeText } from "@turnwise/core";
import { zipProblem } from "../../zip-archive.ts";
import { readMessage } from "../../call-within.ts";
import { InstanceError } from "./instance-error.ts";

const unzip = promisify(gunzip);

/**
 * Reads a data file and decompresses gzip, detected by content, not by name.
 * @throws `InstanceError` for an unreadable file, a zip archive or truncated gzip.
 */
export async function readBytes(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new InstanceError(`${path}: file cannot be read: ${readMessage(cause)}`, { cause });
  }
  const problem = zipProblem(bytes);
  if (problem !== undefined) throw new InstanceError(`${path}: ${problem}`);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await unzip(bytes);
  } catch (cause) {
    throw new InstanceError(`${path}: file is not complete gzip data: ${readMessage(cause)}`, {
      cause,
    });
  }
}

/**
 * Decodes the text of a data file.
 * @throws `InstanceError` for bytes that are not text.
 */
export function decode(bytes: Buffer, path: string): string {
  try {
    return decodeText(bytes, path);
  } catch (cause) {
    throw new InstanceError(readMessage(cause), { cause });
  }
}
