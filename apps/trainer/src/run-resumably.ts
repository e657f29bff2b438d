import { InputError, StoppedRun, type Reporter } from "@turnwise/training";
import { describeError } from "./describe-error.ts";
import { announceInterrupts } from "./interrupts.ts";
import { formatCommandLine } from "./invocation.ts";

/**
 * Runs work that can be resumed. Messages about interrupts and errors include the command to resume.
 * @param parameters - Arguments of the command that resumes the work: `["train", "--resume", folder]`.
 * @param options - `prefix`: start of the error message; `onInterrupt`: called before the process ends.
 * @throws `InputError` unchanged, and `StoppedRun` for every other error.
 */
export async function runResumably(
  parameters: readonly string[],
  reporter: Reporter,
  run: () => Promise<void>,
  {
    prefix = "",
    onInterrupt,
  }: { readonly prefix?: string; readonly onInterrupt?: () => void } = {},
): Promise<void> {
  const resume = `to resume: ${formatCommandLine(parameters)}`;
  const stopAnnouncing = announceInterrupts(() => {
    reporter.close();
    onInterrupt?.();
    return `turnwise: interrupted; ${resume}`;
  });
  try {
    await run();
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new StoppedRun(`${prefix}${describeError(cause).message}; ${resume}`, { cause });
  } finally {
    stopAnnouncing();
  }
}
