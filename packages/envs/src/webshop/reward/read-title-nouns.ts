import { decodeText } from "@turnwise/core";
import { FieldReader } from "../catalogue/clean-product.ts";
import { CatalogueError } from "../catalogue/catalogue-error.ts";
import { fileBytes } from "../catalogue/file-bytes.ts";
import { guessTitleNouns, type TitleNouns } from "./title-nouns.ts";

/**
 * Reads saved nouns of titles: JSON Lines `{"name": title, "nouns": [...]}`, in lower case and in
 * title order, as a tagger produced them. Other fields are ignored; the file may be compressed with
 * gzip.
 *
 * @param otherwise - Used for titles that are not in the file. Default {@link guessTitleNouns}.
 * @throws `CatalogueError` naming the line.
 */
export async function readTitleNouns(
  path: string,
  otherwise: TitleNouns = guessTitleNouns,
): Promise<TitleNouns> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of fileBytes(path)) chunks.push(chunk);
  const nouns = new Map<string, readonly string[]>();
  const text = decode(Buffer.concat(chunks), path);
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch (cause) {
      throw new CatalogueError(`${path}: line ${i + 1} is not valid JSON: ${line.slice(0, 60)}`, {
        cause,
      });
    }
    const fields = new FieldReader(entry, `${path}: line ${i + 1}`);
    nouns.set(fields.text("name"), fields.texts("nouns"));
  }
  return (title) => nouns.get(title) ?? otherwise(title);
}

function decode(bytes: Buffer, path: string): string {
  try {
    return decodeText(bytes, path);
  } catch (cause) {
    throw new CatalogueError((cause as Error).message, { cause });
  }
}
