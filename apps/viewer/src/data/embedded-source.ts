import type { RunSource } from "@turnwise/training/reader";

/**
 * A run within an exported page: each file is the base64 text of a script element. A part of a file
 * decodes that part alone.
 */
export function createEmbeddedSource(run: string, page: Document = document): RunSource {
  const elements = page.querySelectorAll<HTMLScriptElement>("script[data-run]");
  const files = new Map(
    [...elements]
      .filter(({ dataset }) => dataset["run"] === run)
      .map((element) => [element.dataset["path"]!, element]),
  );
  return {
    name: run,
    read: (path, range) => {
      const text = files.get(path)?.textContent;
      if (text === undefined) return Promise.resolve(undefined);
      return Promise.resolve(decodePart(text, range?.offset ?? 0, range?.length));
    },
  };
}

/** Four characters hold three bytes: decoding begins at the group that holds the first byte. */
function decodePart(text: string, offset: number, length?: number): Uint8Array {
  const firstGroup = Math.floor(offset / 3);
  const lastGroup = length === undefined ? text.length / 4 : Math.ceil((offset + length) / 3);
  const binary = atob(text.slice(4 * firstGroup, 4 * lastGroup));
  const skipped = offset - 3 * firstGroup;
  const end = length === undefined ? binary.length : Math.min(binary.length, skipped + length);
  const bytes = new Uint8Array(Math.max(0, end - skipped));
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(skipped + i);
  return bytes;
}
