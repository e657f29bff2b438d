import type { RunSource } from "./run-source.ts";

/**
 * A run folder that a user gave to a web page: files by their path within the folder. `File` is a
 * `Blob`; its `webkitRelativePath` begins with the folder's own name, which paths here do not.
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
