// A thread that takes jobs of an attention step; see attention-team.ts. Plain JavaScript, as threads
// start it from the source as well.
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
    // The round stands in the upper half: a job of a round that is over cannot be taken.
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
