import { spawn } from "node:child_process";
import type { DockerAddress } from "./docker-address.ts";
import { labelNames } from "./labels.ts";

/** Process that removes the containers of a run after its parent process has ended. */
export interface Watchdog {
  readonly pid: number | undefined;
  /** Ends the watchdog. */
  close(): void;
}

/**
 * Program of the watchdog. Its standard input is a pipe that only the parent keeps open, so it
 * closes however the parent ends. The program removes containers twice, because a start may still
 * have been in progress.
 */
const program = `
const http = require("node:http");
const { target, filter } = JSON.parse(process.argv[1]);
const call = (method, path) => new Promise((resolve) => {
  const request = http.request({ ...target, method, path, timeout: 20000 }, (response) => {
    let text = "";
    response.on("data", (data) => { text += data; });
    response.on("end", () => resolve(text));
    response.on("error", () => resolve("[]"));
  });
  request.on("timeout", () => request.destroy());
  request.on("error", () => resolve("[]"));
  request.end();
});
const sweep = async () => {
  let list = [];
  try { list = JSON.parse(await call("GET", "/containers/json?all=1&filters=" + encodeURIComponent(filter))); } catch {}
  await Promise.all(list.map(({ Id }) => call("DELETE", "/containers/" + Id + "?force=1&v=1")));
};
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
process.stdin.on("error", () => {});
process.stdin.on("data", (data) => { if (String(data).includes("done")) process.exit(0); });
process.stdin.on("close", async () => {
  await sweep();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await sweep();
  process.exit(0);
});
process.stdin.resume();
`;

/** Starts the watchdog of a run. It needs only Node.js, and exits after its work. */
export function startWatchdog(address: DockerAddress, run: string): Watchdog {
  const target =
    address.kind === "unix"
      ? { socketPath: address.socketPath }
      : { host: address.host, port: address.port };
  const filter = JSON.stringify({ label: [`${labelNames.run}=${run}`] });
  const child = spawn(process.execPath, ["-e", program, JSON.stringify({ target, filter })], {
    // Use a separate process group, so that Ctrl-C reaches only the parent.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  // Do not let the pipe keep the parent process alive.
  if ("unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  return {
    pid: child.pid,
    close: () => {
      child.stdin.end("done");
    },
  };
}
