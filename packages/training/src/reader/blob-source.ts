import type { RunSource } from "./run-source.ts";

/**
 * Creates a source from files that a user selected in a web page, keyed by their path within the
 * run folder. `webkitRelativePath` of a `File` starts with the name of the folder itself, which
 * must be removed.
 */
export function createBlobSource(name: string, files: ReadonlyMap<string, Blob>): RunSource {
  return {
    name,
    read: async (path, range) => {
      const file = files.get(path);
      if (file === undefined) return undefined;
      const part = range ? file.slice(range.offset, range.offset + range.length) : file;
      return new Uint8Array(await part.arrayBuffer());
    },
  };
}
