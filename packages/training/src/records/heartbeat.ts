import { join } from "node:path";
import { writeWhole } from "../files/write-whole.ts";

/** Seconds between two heartbeats. */
const intervalSeconds = 10;

/** Heartbeat of a run, in `heartbeat.json`. */
export interface Heartbeat {
  /** Stops the heartbeat and writes the final state. */
  stop(state: "finished" | "stopped"): Promise<void>;
}

/**
 * Writes the time into the run folder every 10 seconds, so that a reader can distinguish a live run
 * from a killed one. Write errors do not stop the run: the first one gives a warning.
 */
export async function startHeartbeat(
  folder: string,
  onWarning: (message: string) => void,
): Promise<Heartbeat> {
  let hasWarned = false;
  const write = async (state: "running" | "finished" | "stopped"): Promise<void> => {
    const record = { state, at: new Date().toISOString(), intervalSeconds };
    await writeWhole(join(folder, "heartbeat.json"), `${JSON.stringify(record)}\n`).catch(
      (cause: Error) => {
        if (!hasWarned) onWarning(`heartbeat could not be written: ${cause.message}`);
        hasWarned = true;
      },
    );
  };
  let written = write("running");
  await written;
  const timer = setInterval(() => {
    written = written.then(() => write("running"));
  }, 1000 * intervalSeconds);
  timer.unref();
  return {
    stop: async (state) => {
      clearInterval(timer);
      await written;
      await write(state);
    },
  };
}
