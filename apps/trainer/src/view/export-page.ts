import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readFile, rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { InputError } from "@turnwise/training";
import { listSegments, readMetrics, type RunList } from "@turnwise/training/reader";
import { createFolderSource } from "@turnwise/training/reader/node";
import type { FoundRun } from "./find-runs.ts";
import { findRunFile, type PageFiles } from "./page-files.ts";

/** Largest content that browsers open from one file without trouble, bytes. */
const maxBytes = 200e6;

/** Options of {@link exportPage}. */
export interface ExportOptions {
  readonly page: PageFiles;
  readonly runs: readonly FoundRun[];
  /** Iterations whose episodes are included, with those of the evaluations at them; absent: all. */
  readonly iterations?: readonly number[];
}

/**
 * Writes the page and the records of runs into one HTML file, which needs neither server nor network.
 * @returns Its size in bytes.
 * @throws `InputError` if it would be too large.
 */
export async function exportPage(path: string, options: ExportOptions): Promise<number> {
  const files = await listFiles(options);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > maxBytes) {
    throw new InputError(
      `--export ${path}: records must have at most ${maxBytes / 1e6} MB, got ${Math.round(total / 1e6)} (--iterations includes the episodes of some)`,
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
  /** Within the run. */
  readonly path: string;
  readonly file: string;
  readonly bytes: number;
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
      ...segments.flatMap(({ name, metrics: { iteration } }) => {
        const hasEpisodes = iterations === undefined || iterations.includes(iteration);
        const index = `trajectories/${name}.index`;
        return hasEpisodes ? [index, `trajectories/${name}.jsonl.gz`] : [index];
      }),
    ];
    for (const name of names) {
      const file = await findRunFile(path, name);
      if (file === undefined) continue;
      included.push({ run: id, path: name, file, bytes: (await stat(file)).size });
    }
  }
  return included;
}

const hash = (text: string): string =>
  `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Text that a script element may hold: no text ends the element or begins a comment. */
const withinScript = (text: string): string =>
  text.replaceAll(/<(?=\/script|!--|script)/giu, "\\x3C");

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
  yield `<script type="application/json" id="runs">${JSON.stringify(list).replaceAll("<", "\\u003c")}</script>\n`;
  for (const { run, path, file } of files) {
    const content = (await readFile(file)).toString("base64");
    yield `<script type="application/octet-stream" data-run="${run}" data-path="${path}">${content}</script>\n`;
  }
  yield `<script type="module">${script}</script>\n</body>\n</html>\n`;
}
