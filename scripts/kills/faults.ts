import { execFileSync } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";

/** Something that happens to a running process or to its disk. */
export interface Fault {
  readonly name: string;
  /** Makes it happen. @param kill - Kills the process group. @param disk - Folder of the results. */
  readonly inject: (kill: () => void, disk: string) => Promise<void>;
  /** Undoes it before the work is resumed. */
  readonly heal: (disk: string) => Promise<void>;
  /**
   * True for faults of the disk: the process survives them. The results must be on a file system of
   * their own, which needs root.
   */
  readonly isSurvived: boolean;
}

const ballastName = "ballast";
/** Size of the file system of the results. */
export const diskMegabytes = 96;

/** Faults by name. */
export const faults: readonly Fault[] = [
  { name: "kill", inject: async (kill) => kill(), heal: async () => undefined, isSurvived: false },
  {
    name: "full-disk",
    inject: async (_, disk) => {
      const file = await open(join(disk, ballastName), "w");
      try {
        const block = Buffer.alloc(2 ** 16);
        for (;;) await file.write(block);
      } catch {
        // The disk is full.
      } finally {
        await file.close();
      }
    },
    heal: (disk) => rm(join(disk, ballastName), { force: true }),
    isSurvived: true,
  },
  {
    name: "read-only-disk",
    inject: async (kill, disk) => {
      // The kernel refuses while a file is open for writing; then the process is killed instead.
      if (!tryMount("-o", "remount,ro", disk)) kill();
    },
    heal: async (disk) => void tryMount("-o", "remount,rw", disk),
    isSurvived: true,
  },
];

/** Runs `mount`. @returns False if it fails. */
export function tryMount(...args: readonly string[]): boolean {
  try {
    execFileSync("mount", args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
