import { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";

/** Gzip members, one after another. */
export interface PackedMembers {
  readonly packed: Uint8Array;
  /** Length of each member, bytes. */
  readonly lengths: readonly number[];
}

/** Use the lowest level, because numbers compress little at any level. */
const options = { level: 1 };

/** Smaller inputs are compressed synchronously, because waking a thread takes longer. */
const minThreadBytes = 1 << 18;

/**
 * Compresses parts of a text to gzip members, in a worker thread if the text is long. The
 * asynchronous functions of `node:zlib` take three times the processor time for members of a few
 * kilobytes.
 *
 * @param bytes - Text in UTF-8; transferred to the thread, and empty afterwards.
 * @param ends - End of each part; a part starts at the end of the previous one.
 */
export async function compressMembers(
  bytes: Uint8Array<ArrayBuffer>,
  ends: readonly number[],
): Promise<PackedMembers> {
  if (bytes.length >= minThreadBytes) return compressInThread(bytes, ends);
  const members = ends.map((end, i) => gzipSync(bytes.subarray(ends[i - 1] ?? 0, end), options));
  return { packed: Buffer.concat(members), lengths: members.map(({ length }) => length) };
}

interface Job {
  readonly resolve: (packed: PackedMembers) => void;
  readonly reject: (error: Error) => void;
}

/** The worker thread, started on first use, and its pending jobs in order. */
let thread: { readonly worker: Worker; readonly jobs: Job[] } | undefined;

function compressInThread(
  bytes: Uint8Array<ArrayBuffer>,
  ends: readonly number[],
): Promise<PackedMembers> {
  thread ??= startThread();
  const { worker, jobs } = thread;
  return new Promise((resolve, reject) => {
    jobs.push({ resolve, reject });
    // The thread keeps the process alive only while it has work.
    worker.ref();
    worker.postMessage({ bytes, ends, options }, [bytes.buffer]);
  });
}

function startThread(): { readonly worker: Worker; readonly jobs: Job[] } {
  const extension = import.meta.url.endsWith(".ts") ? "mjs" : "js";
  const url = new URL(`./compress-worker.${extension}`, import.meta.url);
  // Loaders of this process, such as tsx, are not needed for plain JavaScript.
  const worker = new Worker(url, { execArgv: [] });
  const jobs: Job[] = [];
  worker.on("message", (packed: PackedMembers) => {
    jobs.shift()?.resolve(packed);
    if (jobs.length === 0) worker.unref();
  });
  worker.on("error", (cause) => {
    thread = undefined;
    for (const { reject } of jobs.splice(0)) {
      reject(new Error(`compression thread: ${cause.message}`, { cause }));
    }
  });
  return { worker, jobs };
}
