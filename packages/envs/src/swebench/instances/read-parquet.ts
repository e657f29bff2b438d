import { Worker } from "node:worker_threads";

/** Longest time for one file, minutes. Damaged counts in a file can make its reader loop for hours. */
const LIMIT_MINUTES = 10;

/**
 * Script of the thread, inline, because a file would be another entry point of the package's build.
 * `workerData`: `module`, the address of the reader, and `file`, an ArrayBuffer.
 */
const script = `
  const { parentPort, workerData: { module, file } } = require("node:worker_threads");
  import(module).then(async ({ parquetReadObjects }) => {
    parentPort.postMessage(await parquetReadObjects({ file }));
  });
`;

/**
 * Reads the rows of a Parquet file, in a thread: hyparquet reads columns concurrently, and an error
 * in a column of a damaged file can become an unhandled rejection. In a thread, such an error is an
 * event of the thread and does not end the process.
 * @throws the reader's error, or `RangeError` if it takes more than 10 minutes.
 */
export async function readParquet(bytes: Uint8Array): Promise<readonly unknown[]> {
  const file = new Uint8Array(bytes).buffer;
  const module = import.meta.resolve("hyparquet");
  const worker = new Worker(script, {
    eval: true,
    execArgv: [],
    workerData: { module, file },
    transferList: [file],
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<readonly unknown[]>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new RangeError(`it took more than ${LIMIT_MINUTES} minutes`)),
        LIMIT_MINUTES * 60_000,
      );
      worker.once("message", resolve).once("error", reject);
      worker.once("exit", (code) => reject(new Error(`the reader's thread exited with ${code}`)));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
