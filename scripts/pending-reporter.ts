import type { Reporter, TestCase, TestModule } from "vitest/node";

const REPORT_INTERVAL_MS = 5 * 60_000;

/**
 * Prints every five minutes the test files that have been running for at least that long, each with
 * its current test. Tests have no time limit, so this shows where a test run hangs.
 */
class PendingReporter implements Reporter {
  readonly #started = new Map<string, number>();
  readonly #current = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  onTestRunStart(): void {
    this.#timer = setInterval(() => this.#report(), REPORT_INTERVAL_MS).unref();
  }

  onTestModuleStart({ relativeModuleId }: TestModule): void {
    this.#started.set(relativeModuleId, Date.now());
  }

  onTestCaseReady(test: TestCase): void {
    this.#current.set(test.module.relativeModuleId, test.fullName);
  }

  onTestCaseResult(test: TestCase): void {
    this.#current.delete(test.module.relativeModuleId);
  }

  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.#started.delete(relativeModuleId);
    this.#current.delete(relativeModuleId);
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  #report(): void {
    for (const [file, started] of this.#started) {
      const elapsed = Date.now() - started;
      if (elapsed < REPORT_INTERVAL_MS) continue;
      const test = this.#current.get(file) ?? "between tests or in a hook";
      console.log(`still running after ${Math.round(elapsed / 60_000)} min: ${file}: ${test}`);
    }
  }
}

export default PendingReporter;
