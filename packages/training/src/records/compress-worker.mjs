// Worker thread that compresses trajectories; see compress-members.ts. It is plain JavaScript,
// because it is also started from the source tree.
import { parentPort } from "node:worker_threads";
import { gzipSync } from "node:zlib";

parentPort.on("message", ({ bytes, ends, options }) => {
  const members = ends.map((end, i) => gzipSync(bytes.subarray(ends[i - 1] ?? 0, end), options));
  const packed = new Uint8Array(Buffer.concat(members));
  const lengths = members.map(({ length }) => length);
  parentPort.postMessage({ packed, lengths }, [packed.buffer]);
});
