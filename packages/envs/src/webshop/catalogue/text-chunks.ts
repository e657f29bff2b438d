import { utf8Chunks } from "../../utf8-chunks.ts";
import { CatalogueError } from "./catalogue-error.ts";

/**
 * Applies `utf8Chunks` to a catalogue file.
 * @throws `CatalogueError` for text in another encoding.
 */
export async function* textChunks(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* utf8Chunks(chunks, name);
  } catch (cause) {
    if (cause instanceof CatalogueError) throw cause;
    throw new CatalogueError((cause as Error).message, { cause });
  }
}
