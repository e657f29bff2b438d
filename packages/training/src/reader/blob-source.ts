import type { RunSource } from "./run-source.ts";

/**
 * Creates a source from files that a user selected in a web page, by their path within the run folder.
 * `File` is a `Blob`; its `webkitRelativePath` begins with the folder's own name, which must be removed.
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
