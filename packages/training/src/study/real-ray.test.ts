import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { connectRay, type RayJobStatus } from "./ray-jobs.ts";

/** Script that starts a cluster with one node; it ends when its standard input ends. */
const cluster = `
import sys, ray
context = ray.init(num_cpus=1, include_dashboard=True, dashboard_port=0)
print("http://" + context.dashboard_url, flush=True)
sys.stdin.read()
ray.shutdown()
`;

const hasRay = spawnSync("python3", ["-c", "import ray, aiohttp"]).status === 0;

it.skipIf(!hasRay)(
  "runs a job on a real cluster",
  async () => {
    const child = spawn("python3", ["-c", cluster], { stdio: ["pipe", "pipe", "ignore"] });
    try {
      const [url] = (await once(child.stdout, "data")) as [Buffer];
      const ray = connectRay(String(url).trim());
      expect(await ray.version()).toMatch(/^\d+\.\d+/u);
      const submissionId = "turnwise-test";
      expect(await ray.status(submissionId)).toBeUndefined();
      await ray.submit({
        submissionId,
        entrypoint: "echo hello from the job",
        metadata: { study: "toy" },
        numCpus: 1,
        memoryBytes: 2 ** 20,
      });
      let status: RayJobStatus | undefined;
      while (status !== "SUCCEEDED") {
        status = (await ray.status(submissionId))?.status;
        expect(["PENDING", "RUNNING", "SUCCEEDED"]).toContain(status);
        await sleep(200);
      }
      expect(await ray.logs(submissionId)).toContain("hello from the job");
    } finally {
      child.stdin.end();
      await once(child, "exit");
    }
  },
  120_000,
);
