import { createServer, type Server } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createJsonReporter } from "../report/progress.ts";
import type { StudyCell } from "./cell.ts";
import { describeMachine } from "./machine.ts";
import { planCells } from "./plan-cells.ts";
import { connectRay } from "./ray-jobs.ts";
import { createCellOrigin } from "./run-cell.ts";
import { resolveCellPath, readCells, resolveStudyFolder } from "./study-folder.ts";
import { submitStudy } from "./submit-study.ts";
import { toyCell } from "./testing/toy-cell.ts";
import { createToyStudy } from "./testing/toy-study.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** Fake job with the fields of the documented API, and the sequence of its states. */
interface FakeJob {
  readonly body: Record<string, unknown>;
  readonly states: { status: string; message: string }[];
  readonly logs: string;
}

/** Starts a server that responds as documented for the Ray Jobs API (Ray 2.x). */
async function startCluster(
  makeJob: (body: Record<string, unknown>) => Omit<FakeJob, "body">,
): Promise<{ readonly url: string; readonly jobs: Map<string, FakeJob> }> {
  const jobs = new Map<string, FakeJob>();
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += String(chunk)));
    request.on("end", () => {
      const answer = (status: number, content: string | object): void => {
        const isText = typeof content === "string";
        response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json" });
        response.end(isText ? content : JSON.stringify(content));
      };
      const url = request.url!;
      if (url === "/api/version") {
        answer(200, { version: "4", ray_version: "2.40.0", ray_commit: "22541c38dbef" });
        return;
      }
      if (url === "/api/jobs/" && request.method === "POST") {
        const body = JSON.parse(text) as Record<string, unknown>;
        const id = String(body["submission_id"]);
        if (typeof body["entrypoint"] !== "string" || jobs.has(id)) {
          answer(
            400,
            `Traceback (most recent call last):\nValueError: Job ${id} already exists.\n`,
          );
          return;
        }
        jobs.set(id, { body, ...makeJob(body) });
        answer(200, { job_id: id, submission_id: id });
        return;
      }
      const [, id = "", part] = /^\/api\/jobs\/([^/]+)(?:\/(\w+))?$/u.exec(url) ?? [];
      const job = jobs.get(decodeURIComponent(id));
      if (job === undefined) {
        answer(404, `Job ${id} does not exist`);
      } else if (part === "logs") {
        answer(200, { logs: job.logs });
      } else {
        const state = job.states.length > 1 ? job.states.shift()! : job.states[0]!;
        answer(200, {
          type: "SUBMISSION",
          job_id: null,
          submission_id: id,
          driver_info: null,
          entrypoint: job.body["entrypoint"],
          error_type: null,
          start_time: 1732000000000,
          end_time: null,
          metadata: job.body["metadata"],
          runtime_env: {},
          ...state,
        });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, jobs };
}

describe("submitStudy", () => {
  it("submits cells, waits for them, and takes results from their output", async () => {
    const root = await mkdtemp(join(tmpdir(), "turnwise-ray-"));
    cleanUps.push(() => rm(root, { recursive: true, force: true }));
    const file = createToyStudy();
    const machine = await describeMachine();
    const [none] = await planCells(file);
    const { outcome, training, evaluations, seconds, tokens } = toyCell;
    const cell: StudyCell = {
      ...createCellOrigin(none!, { file, machine }),
      outcome,
      training,
      evaluations,
      seconds,
      tokens,
    };
    const running = { status: "RUNNING", message: "Job is currently running." };
    const { url, jobs } = await startCluster(({ entrypoint }) =>
      String(entrypoint).includes("none")
        ? {
            states: [
              { status: "PENDING", message: "Job has not started yet." },
              running,
              {
                status: "SUCCEEDED",
                message: "Job finished successfully.",
              },
            ],
            logs: `starting\n${JSON.stringify({ type: "row", stage: "result", cell })}\n`,
          }
        : {
            states: [
              running,
              {
                status: "FAILED",
                message:
                  "Job entrypoint command failed with exit code 1, last available logs:\n...",
              },
            ],
            logs: "starting\nturnwise: loss must be finite, got NaN\n",
          },
    );
    const folder = resolveStudyFolder(root);
    const options = {
      file,
      folder,
      machine,
      reporter: createJsonReporter({ write: () => true }),
      ray: connectRay(url),
      entrypoint: ({ name }: { readonly name: string }) => `turnwise study cell ${name}`,
      memoryBytes: async () => 2 ** 28,
      pollSeconds: 0.01,
    };
    expect(await submitStudy(options)).toEqual({
      planned: 2,
      finished: 1,
      failures: new Map([["numbers-aem-seed1", "loss must be finite, got NaN"]]),
    });
    const id = `toy-${none!.settingsSha256.slice(0, 8)}-numbers-none-seed1`;
    expect(jobs.get(id)!.body).toEqual({
      submission_id: id,
      entrypoint: "turnwise study cell numbers-none-seed1",
      metadata: { study: "toy", cell: "numbers-none-seed1", study_sha256: file.sha256 },
      entrypoint_num_cpus: 1,
      entrypoint_memory: 2 ** 28,
    });
    expect((await readCells(folder.cells)).get("numbers-none-seed1")).toEqual(cell);
    expect(await readFile(join(folder.logs, "numbers-aem-seed1.log"), "utf8")).toContain("NaN");

    // Retrying the failed cell submits another job.
    expect((await submitStudy(options)).failures.size).toBe(1);
    expect([...jobs.keys()].filter((key) => key.endsWith("aem-seed1-2"))).toHaveLength(1);
    expect(await readFile(resolveCellPath(folder, "numbers-aem-seed1"), "utf8")).toContain("NaN");
  });
});

describe("connectRay", () => {
  it("reports a refusal of the cluster in one line", async () => {
    const { url } = await startCluster(() => ({ states: [], logs: "" }));
    const ray = connectRay(url);
    expect(await ray.version()).toBe("2.40.0");
    expect(await ray.status("unknown")).toBeUndefined();
    const job = { submissionId: "x", entrypoint: "true", metadata: {}, numCpus: 1, memoryBytes: 1 };
    await ray.submit(job);
    await expect(ray.submit(job)).rejects.toThrow(
      `${url}api/jobs/: Ray refused the request with status 400: ValueError: Job x already exists.`,
    );
  });

  it("repeats neither its token nor a password in the address", async () => {
    const { url } = await startCluster(() => ({ states: [], logs: "" }));
    expect(() => connectRay(url.replace("//", "//me:s3cret@"))).toThrow(
      /^--ray: url must have no user, password, query or fragment, got one at 127\.0\.0\.1:\d+$/u,
    );
    // The cluster repeats the id of a job, which here is the token.
    const ray = connectRay(url, "s3cret");
    const job = { submissionId: "s3cret", entrypoint: "true", metadata: {}, numCpus: 1 };
    await ray.submit({ ...job, memoryBytes: 1 });
    await expect(ray.submit({ ...job, memoryBytes: 1 })).rejects.toThrow(
      "status 400: ValueError: Job [token] already exists.",
    );
  });

  it("reports that no cluster responds", async () => {
    await expect(connectRay("http://127.0.0.1:9").version()).rejects.toThrow(
      "http://127.0.0.1:9/api/version: no answer from a Ray cluster: ",
    );
  });
});
