/** Part of a file: `length` bytes from `offset`. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** Access to the files of one run folder, local or remote. */
export interface RunSource {
  /** Name of the folder, for errors. */
  readonly name: string;
  /**
   * Reads a file or a part of it.
   * @param path - Path within the folder, with slashes.
   * @returns The bytes; `undefined` if there is no such file; fewer bytes than requested if the
   *   file ends within the range.
   */
  read(path: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /**
   * Reads a file in parts as they arrive, for files that should not be in memory completely. A
   * source without this method has no such files.
   * @returns `undefined` if there is no such file.
   */
  stream?(path: string): Promise<AsyncIterable<Uint8Array> | undefined>;
}
