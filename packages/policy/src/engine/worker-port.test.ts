import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { WorkerPort } from "./worker-port.ts";

const request = { promptTokens: [1], seed: "", maxTokens: 1, stopTokens: [] };

test("rejects pending and later calls when the worker dies", async () => {
  const code = `require("node:worker_threads").parentPort.once("message", () => { throw new Error("out of luck"); });`;
  const port = new WorkerPort(new Worker(code, { eval: true }));
  const pending = [port.score([]), port.sample(request).response, port.save("nowhere")];
  for (const each of await Promise.allSettled(pending)) {
    expect(each).toMatchObject({
      status: "rejected",
      reason: { message: "policy worker: stopped by an error: out of luck" },
    });
  }
  await expect(port.score([])).rejects.toThrow("stopped by an error: out of luck");
  port.release("anything");
  await port.close();
});

test("rejects pending calls when the worker exits", async () => {
  const code = `require("node:worker_threads").parentPort.once("message", () => process.exit(3));`;
  const port = new WorkerPort(new Worker(code, { eval: true }));
  await expect(port.restore("nowhere")).rejects.toThrow(
    "policy worker: exited before close(), with code 3",
  );
});
