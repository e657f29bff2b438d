import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { isOwnerGone, ownerLabel } from "./labels.ts";

/** Returns the id of a process that has ended. */
const endedProcessId = (): number => spawnSync("true").pid;

describe("the owner of a container", () => {
  it("is gone if its process ended, or another process reuses its id", () => {
    expect(isOwnerGone(ownerLabel())).toBe(false);
    expect(isOwnerGone(ownerLabel(endedProcessId()))).toBe(true);
    expect(isOwnerGone(ownerLabel().replace(/\d+$/u, "1"))).toBe(process.platform === "linux");
  });

  it("is never known to be gone on another machine, even one with the same host name", () => {
    const [, process_] = /:(\d+:\d*)$/u.exec(ownerLabel(endedProcessId()))!;
    for (const machine of [
      "elsewhere",
      `${hostname()}/another-boot/pid:[4026531836]`,
      ownerLabel().replace(/\[\d+\].*$/u, "[1]"),
    ]) {
      expect(isOwnerGone(`${machine}:${process_}`)).toBe(false);
    }
  });
});
