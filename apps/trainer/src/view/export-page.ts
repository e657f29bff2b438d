import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { InputError } from "@turnwise/training";
import {
  listSegments,
  packedIndexesPath,
  readMetrics,
  type RunList,
} from "@turnwise/training/reader";
import { createFolderSource } from "@turnwise/training/reader/node";
import type { FoundRun } from "./find-runs.ts";
import { packIndexes } from "./pack-indexes.ts";
import { findRunFile, type PageFiles } from "./page-files.ts";

/** Maximum content of a file that browsers open reliably, bytes. */
const maxBytes = 200e6;

/** Options of {@link exportPage}. */
export interface ExportOptions {
  readonly page: PageFiles;
  readonly runs: readonly FoundRun[];
  /**
   * Iterations whose episodes are included, together with the evaluations after these iterations;
   * absent: all.
   */
  readonly iterations?: readonly number[];
}

/**
 * Writes the page and the records of runs into one HTML file, which needs no server and no network.
 * @returns Size of the file, bytes.
 * @throws `InputError` if the file would be too large.
 */
export async function exportPage(path: string, options: ExportOptions): Promise<number> {
  const files = await listFiles(options);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > maxBytes) {
    throw new InputError(
      `--export ${path}: records must have at most ${maxBytes / 1e6} MB, got ${Math.round(total / 1e6)} MB (--iterations exports the episodes of only some iterations)`,
    );
  }
  const partial = `${path}.partial`;
  try {
    await pipeline(() => writeParts(options, files), createWriteStream(partial));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return (await stat(path)).size;
}

interface IncludedFile {
  readonly run: string;
  /** Path within the run folder. */
  readonly path: string;
  readonly bytes: number;
  /** Content, in parts. */
  readonly read: () => AsyncIterable<Uint8Array>;
}

async function listFiles({ runs, iterations }: ExportOptions): Promise<IncludedFile[]> {
  const included: IncludedFile[] = [];
  for (const { id, path } of runs) {
    const segments = listSegments(await readMetrics(createFolderSource(path)));
    const names = [
      "manifest.json",
      "config.json",
      "heartbeat.json",
      "metrics.jsonl",
      "timings.jsonl",
      ...["", "policy/", "warm-start/"].flatMap((folder) =>
        ["tokenizer.json", "tokenizer_config.json"].map((name) => `${folder}${name}`),
      ),
      ...segments
        .filter(({ metrics }) => iterations?.includes(metrics.iteration) ?? true)
        .map(({ name }) => `trajectories/${name}.jsonl.gz`),
    ];
    for (const name of names) {
      const file = await findRunFile(path, name);
      if (file === undefined) continue;
      const read = (): AsyncIterable<Uint8Array> => createReadStream(file);
      included.push({ run: id, path: name, bytes: (await stat(file)).size, read });
    }
    let bytes = 0;
    for await (const part of packIndexes(path)) bytes += part.length;
    included.push({ run: id, path: packedIndexesPath, bytes, read: () => packIndexes(path) });
  }
  return included;
}

/** Encodes parts as Base64. Groups of three bytes may cross the boundary of two parts. */
async function* encodeBase64(parts: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const part of parts) {
    const bytes = Buffer.concat([rest, part]);
    const end = bytes.length - (bytes.length % 3);
    yield bytes.toString("base64", 0, end);
    rest = bytes.subarray(end);
  }
  yield rest.toString("base64");
}

const hash = (text: string): string =>
  `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/**
 * Escapes text for a script element, so that the text cannot end the element or begin a comment.
 */
const withinScript = (text: string): string =>
  text.replaceAll(/<(?=\/script|!--|script)/giu, "\\x3C");

/** Element with data that the page reads and browsers do not run. */
const dataElement = (id: string, value: unknown): string =>
  `<script type="application/json" id="${id}">${JSON.stringify(value).replaceAll("<", "\\u003c")}</script>\n`;

async function* writeParts(
  { page, runs }: ExportOptions,
  files: readonly IncludedFile[],
): AsyncGenerator<string> {
  const script = withinScript(page.script);
  const { style } = page;
  const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  const list: RunList = { isLive: false, runs: runs.map(({ id, name }) => ({ id, name })) };
  yield `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n`;
  yield `<meta http-equiv="Content-Security-Policy" content="${policy}">\n`;
  yield `<meta name="viewport" content="width=device-width, initial-scale=1">\n`;
  yield `<meta name="color-scheme" content="light dark">\n<title>Turnwise</title>\n`;
  yield `<style>${style}</style>\n</head>\n<body>\n<div id="app"></div>\n`;
  yield dataElement("runs", list);
  yield dataElement("licences", page.licences);
  for (const { run, path, read } of files) {
    yield `<script type="application/octet-stream" data-run="${run}" data-path="${path}">`;
    yield* encodeBase64(read());
    yield "</script>\n";
  }
  yield `<script type="module">${script}</script>\n</body>\n</html>\n`;
}
