// Thread that runs jobs of an attention step; see attention-threads.ts. It is plain JavaScript,
// because threads are also started from the source tree.
import { workerData } from "node:worker_threads";

const { module, memory, control: address, scratch, fields, jobBytes } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const control = new Int32Array(memory.buffer, address, fields.count);
const { round, next, done, numJobs, jobs, layerOffset, stride, stop, failed } = fields;

let seen = 0;
for (;;) {
  Atomics.wait(control, round, seen);
  seen = Atomics.load(control, round);
  if (Atomics.load(control, stop) !== 0) break;
  for (;;) {
    // The upper half of the ticket is the round, so that no job of a finished round can be taken.
    const ticket = Atomics.add(control, next, 1);
    const index = ticket & 0xffff;
    if (ticket >>> 16 !== (Atomics.load(control, round) & 0xffff)) break;
    if (index >= Atomics.load(control, numJobs)) break;
    try {
      exports.attend(
        control[jobs] + index * jobBytes,
        1,
        control[layerOffset],
        scratch,
        control[stride],
      );
    } catch {
      Atomics.store(control, failed, 1);
    }
    if (Atomics.add(control, done, 1) + 1 === Atomics.load(control, numJobs)) {
      Atomics.notify(control, done);
    }
  }
}
