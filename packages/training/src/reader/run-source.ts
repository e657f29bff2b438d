/** Part of a file: `length` bytes from `offset` on. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** Access to the files of one run folder, wherever they are. */
export interface RunSource {
  /** Name of the folder, for errors. */
  readonly name: string;
  /**
   * Reads a file or a part of it.
   * @param path - Within the folder, with slashes.
   * @returns `undefined` if there is no such file; fewer bytes than asked for if it ends before.
   */
  read(path: string, range?: ByteRange): Promise<Uint8Array | undefined>;
}
