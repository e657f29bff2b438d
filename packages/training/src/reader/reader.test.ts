import { createServer } from "node:http";
import { appendFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { recordVersion } from "@turnwise/core";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkConfig } from "../settings/config.ts";
import { householdGames } from "../experiments/household-games.ts";
import { RunFolder } from "../run/run-folder.ts";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";
import {
  createBlobSource,
  readIndexRow,
  listSegments,
  packIndex,
  packedIndexesPath,
  readConfig,
  readEpisodes,
  readIndexes,
  readManifest,
  readMetrics,
  readProgress,
  readTrajectory,
  createUrlSource,
  type RunSource,
} from "./index.ts";
import { createFolderSource } from "./node.ts";

let parent: string;
let folder: RunFolder;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "turnwise-reader-"));
  const config = checkConfig(householdGames(1), "test");
  folder = await RunFolder.create(join(parent, "run"), config, { seed: 1 });
});
afterEach(() => rm(parent, { recursive: true }));

const trajectory = (iteration: number, i: number): RecordedTrajectory => ({
  version: recordVersion,
  status: "trained",
  taskId: `task-${i}`,
  taskKind: "pick",
  groupId: `iteration-${iteration}/group-${i >> 1}`,
  trajectoryIndex: i & 1,
  presentation: "turn-wise",
  policyVersion: iteration - 1,
  firstObservation: "größer ".repeat(50 * (i + 1)),
  turns: [],
  outcome: { kind: "terminated", isSuccess: i === 0 },
});

/** Writes the records of an iteration in the same order as the loop. */
async function writeIteration(iteration: number): Promise<void> {
  const name = `iteration-000${iteration}`;
  const trajectories = [0, 1, 2, 3].map((i) => trajectory(iteration, i));
  await folder.writeTrajectories(name, trajectories, iteration);
  const line = {
    stage: "iteration",
    warmStartEpoch: 0,
    iteration,
    success: iteration / 10,
  } as const;
  await folder.writeMetrics(line);
}

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** Reads everything in a run folder. */
async function readAll(source: RunSource): Promise<unknown> {
  const metrics = await readMetrics(source);
  const segments = await Promise.all(
    listSegments(metrics).map(async ({ name }) => {
      const episodes = await readEpisodes(source, name);
      const rows = Array.from({ length: episodes.index.numRows }, (_, row) => row);
      return {
        name,
        outcomes: rows.map((row) => readIndexRow(episodes.index, row).outcome),
        trajectories: await Promise.all(rows.map((row) => readTrajectory(source, episodes, row))),
      };
    }),
  );
  return {
    manifest: await readManifest(source),
    config: await readConfig(source),
    metrics,
    segments,
  };
}

/** Lists the files of a run as a web page gets them. */
async function blobsOf(path: string): Promise<Map<string, Blob>> {
  const files = await readdir(path, { recursive: true, withFileTypes: true });
  return new Map(
    await Promise.all(
      files
        .filter((entry) => entry.isFile())
        .map(async (entry) => {
          const whole = join(entry.parentPath, entry.name);
          const name = whole.slice(path.length + 1);
          return [name, new Blob([new Uint8Array(await readFile(whole))])] as const;
        }),
    ),
  );
}

/** Starts a static web server. */
async function serveFolder(
  path: string,
  supportsRanges: boolean,
): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const bytes = await readFile(join(path, decodeURIComponent(request.url!))).catch(
        () => undefined,
      );
      const range = /^bytes=(\d+)-(\d+)$/u.exec(request.headers.range ?? "");
      const isPart = supportsRanges && range !== null;
      response.statusCode = bytes === undefined ? 404 : isPart ? 206 : 200;
      response.end(isPart ? bytes?.subarray(Number(range[1]), Number(range[2]) + 1) : bytes);
    };
    void answer();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

describe("reader", () => {
  it("reads the same from a folder, from blobs, and from servers with and without ranges", async () => {
    await writeIteration(1);
    await writeIteration(2);
    const expected = await readAll(createFolderSource(folder.path));
    expect(expected).toMatchObject({
      manifest: { recordVersion, seed: 1 },
      config: { experiment: folder.config.experiment },
      segments: [
        {
          name: "iteration-0001",
          outcomes: ["success", "failure", "failure", "failure"],
          trajectories: [0, 1, 2, 3].map((i) => trajectory(1, i)),
        },
        { name: "iteration-0002" },
      ],
    });
    expect(await readAll(createBlobSource("dropped", await blobsOf(folder.path)))).toEqual(
      expected,
    );
    for (const supportsRanges of [true, false]) {
      const server = await serveFolder(folder.path, supportsRanges);
      try {
        expect(await readAll(createUrlSource(server.url))).toEqual(expected);
      } finally {
        server.close();
      }
    }
  });

  it("reads one trajectory without the others", async () => {
    await writeIteration(1);
    const source = createFolderSource(folder.path);
    let numBytes = 0;
    const counting: RunSource = {
      ...source,
      read: async (path, range) => {
        const bytes = await source.read(path, range);
        numBytes += bytes?.length ?? 0;
        return bytes;
      },
    };
    const episodes = await readEpisodes(source, "iteration-0001");
    expect(await readTrajectory(counting, episodes, 2)).toEqual(trajectory(1, 2));
    expect(numBytes).toBe(episodes.index.columns.length[2]);
    expect(numBytes).toBeLessThan(episodes.index.packedBytes / 2);
  });

  it("reads many indexes at once where they are packed, and the others from their files", async () => {
    for (let iteration = 1; iteration <= 9; iteration++) await writeIteration(iteration);
    const source = createFolderSource(folder.path);
    const names = listSegments(await readMetrics(source)).map(({ name }) => name);
    const alone = await collect(readIndexes(source, names));
    expect(alone).toEqual(
      await Promise.all(
        names.map(async (name) => ({ name, episodes: await readEpisodes(source, name) })),
      ),
    );
    const files: string[] = [];
    const [damaged, left] = [names[3]!, names[5]!];
    const packing: RunSource = {
      ...source,
      read: (path, range) => {
        files.push(path);
        return source.read(path, range);
      },
      stream: async (path) => {
        files.push(path);
        const packed = names
          .filter((name) => name !== left)
          .map(async (name) => {
            const bytes = (await source.read(`trajectories/${name}.index`))!;
            return packIndex({ name, bytes: name === damaged ? bytes.subarray(0, 90) : bytes });
          });
        return new Blob(await Promise.all(packed)).stream();
      },
    };
    const read = await collect(readIndexes(packing, names));
    expect(files).toEqual([packedIndexesPath, `trajectories/${left}.index`]);
    const error = `${folder.path}/trajectories/${damaged}.index: must have at least 640 bytes, got 90`;
    expect(read.find(({ name }) => name === damaged)).toEqual({ name: damaged, error });
    const isWhole = ({ name }: { readonly name: string }): boolean => name !== damaged;
    const byName = (list: typeof alone): unknown => new Map(list.map((one) => [one.name, one]));
    expect(byName(read.filter(isWhole))).toEqual(byName(alone.filter(isWhole)));
  });

  it("reads a run while it is written", async () => {
    const source = createFolderSource(folder.path);
    const progress = { isWriting: true };
    const write = async (): Promise<void> => {
      for (let iteration = 1; iteration <= 9; iteration++) await writeIteration(iteration);
      progress.isWriting = false;
    };
    const writing = write();
    let numSeen = 0;
    while (progress.isWriting) {
      const segments = listSegments(await readMetrics(source));
      expect(segments.length).toBeGreaterThanOrEqual(numSeen);
      numSeen = segments.length;
      const newest = segments.at(-1);
      if (newest === undefined) continue;
      const episodes = await readEpisodes(source, newest.name);
      const { iteration } = newest.metrics;
      expect(await readTrajectory(source, episodes, 3)).toEqual(trajectory(iteration, 3));
    }
    await writing;
    expect(listSegments(await readMetrics(source))).toHaveLength(9);
  });

  it("leaves out a truncated last line, and reports damage elsewhere", async () => {
    await writeIteration(1);
    const path = join(folder.path, "metrics.jsonl");
    const source = createFolderSource(folder.path);
    await appendFile(path, '{"stage":"iteration","iter');
    expect(await readMetrics(source)).toHaveLength(1);
    await appendFile(path, '\n{"stage":"iteration","warmStartEpoch":0,"iteration":3}\n');
    await expect(readMetrics(source)).rejects.toThrow(
      `${path} line 2 is not a valid JSON object: `,
    );
    await writeFile(path, '{"stage":"iteration"}\n');
    await expect(readMetrics(source)).rejects.toThrow(
      "must have stage, warmStartEpoch and iteration",
    );
  });

  it("names files that are missing, truncated or damaged", async () => {
    const source = createFolderSource(folder.path);
    await expect(readEpisodes(source, "iteration-0001")).rejects.toThrow(
      `${folder.path}/trajectories/iteration-0001.jsonl.gz: no such file`,
    );
    await writeIteration(1);
    const episodes = await readEpisodes(source, "iteration-0001");
    const path = join(folder.path, "trajectories/iteration-0001.jsonl.gz");
    const bytes = await readFile(path);
    await truncate(path, bytes.length - 1);
    await expect(readTrajectory(source, episodes, 3)).rejects.toThrow(
      `${path} row 3: file must have ${bytes.length} bytes, got ${bytes.length - 1}`,
    );
    bytes.fill(0xff, episodes.index.columns.offset[1]! + 12);
    await writeFile(path, bytes);
    await expect(readTrajectory(source, episodes, 1)).rejects.toThrow(
      `${path} row 1 is not a valid gzip member: `,
    );
    expect(await readTrajectory(source, episodes, 0)).toEqual(trajectory(1, 0));
    await expect(readTrajectory(source, episodes, 4)).rejects.toThrow(
      "row must be an integer in [0, 4)",
    );
    await rm(join(folder.path, "trajectories/iteration-0001.index"));
    await expect(readEpisodes(source, "iteration-0001")).rejects.toThrow(
      /is not a valid gzip member|line/u,
    );
    await rm(join(folder.path, "config.json"));
    await expect(readConfig(source)).rejects.toThrow(`${folder.path}/config.json: no such file`);
  });

  it("reads runs of version 1, which have no index", async () => {
    await writeIteration(1);
    await rm(join(folder.path, "trajectories/iteration-0001.index"));
    const old = [0, 1, 2, 3].map((i) => {
      const { status: _, ...sampled } = trajectory(1, i);
      return { ...sampled, version: 1 };
    });
    const text = old.map((record) => `${JSON.stringify(record)}\n`).join("");
    await writeFile(join(folder.path, "trajectories/iteration-0001.jsonl.gz"), gzipSync(text));
    const source = createFolderSource(folder.path);
    const episodes = await readEpisodes(source, "iteration-0001");
    expect(readIndexRow(episodes.index, 2)).toMatchObject({
      iteration: 1,
      group: 1,
      task: "task-2",
      outcome: "failure",
      status: "unknown",
    });
    expect(await readTrajectory(source, episodes, 2)).toEqual(old[2]);
  });

  it("distinguishes live, interrupted and finished runs", async () => {
    await writeIteration(1);
    const source = createFolderSource(folder.path);
    const now = Date.parse("2026-01-01T00:01:00Z");
    expect(await readProgress(source, now)).toEqual({
      state: "interrupted",
      iterations: 1,
      numIterations: folder.config.training.iterations,
      success: 0.1,
    });
    const beat = (state: string, at: string): Promise<void> =>
      writeFile(
        join(folder.path, "heartbeat.json"),
        JSON.stringify({ state, at, intervalSeconds: 5 }),
      );
    await beat("running", "2026-01-01T00:00:50Z");
    expect((await readProgress(source, now)).state).toBe("running");
    await beat("running", "2026-01-01T00:00:10Z");
    expect((await readProgress(source, now)).state).toBe("interrupted");
    await beat("finished", "2026-01-01T00:00:10Z");
    expect((await readProgress(source, now)).state).toBe("finished");
  });

  it("can be bundled for browsers, and reads a run with their APIs only", async () => {
    await writeIteration(1);
    const bundle = await build({
      entryPoints: [fileURLToPath(new URL("index.ts", import.meta.url))],
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      globalName: "reader",
      target: "es2022",
      conditions: ["turnwise-source"],
      logLevel: "silent",
    });
    const [file] = bundle.outputFiles;
    // Globals available in the context; anything else, such as `process` and `Buffer`, does not
    // exist there.
    const web = { Blob, DecompressionStream, Response, TextDecoder, TextEncoder, URL, fetch };
    const context = createContext({ ...web, Uint8Array, files: await blobsOf(folder.path) });
    runInContext(file!.text, context);
    const task: unknown = await runInContext(
      `(async () => {
        const source = reader.createBlobSource("dropped", files);
        const [{ name }] = reader.listSegments(await reader.readMetrics(source));
        const episodes = await reader.readEpisodes(source, name);
        return JSON.stringify(await reader.readTrajectory(source, episodes, 1));
      })()`,
      context,
    );
    expect(JSON.parse(task as string)).toEqual(trajectory(1, 1));
    expect(file!.text.length).toBeLessThan(100_000);
  });
});
