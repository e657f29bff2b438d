import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startHeartbeat } from "./heartbeat.ts";

it("records that a run is running, and how it ended", async () => {
  const folder = await mkdtemp(join(tmpdir(), "turnwise-heartbeat-"));
  const read = async (): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, "heartbeat.json"), "utf8"));
  const heartbeat = await startHeartbeat(folder, (message) => expect(message).toBe("none"));
  expect(await read()).toMatchObject({ state: "running", intervalSeconds: 10 });
  await heartbeat.stop("stopped");
  expect(await read()).toMatchObject({ state: "stopped" });
  await rm(folder, { recursive: true });
});

it("warns once if it cannot be written", async () => {
  const folder = await mkdtemp(join(tmpdir(), "turnwise-heartbeat-"));
  const file = join(folder, "no-folder");
  await writeFile(file, "");
  const warnings: string[] = [];
  const heartbeat = await startHeartbeat(file, (message) => warnings.push(message));
  await heartbeat.stop("finished");
  expect(warnings).toEqual([expect.stringMatching(/^heartbeat could not be written: /u)]);
  await rm(folder, { recursive: true });
});
