import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser } from "playwright-core";

/** Path of a browser: from the variable `CHROMIUM`, or from the search path. */
export function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const named = process.env["CHROMIUM"];
  for (const path of named === undefined ? candidates : [named]) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not installed under this name.
    }
  }
  console.log("skipped: there is no chromium in the path, nor one that CHROMIUM names");
  return undefined;
}

/** Starts a browser without time limits, which would fail correct tests on a busy machine. */
export async function launchChromium(executablePath: string | undefined): Promise<Browser> {
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: ["--no-sandbox"],
    timeout: 0,
  });
  const newPage = browser.newPage.bind(browser);
  browser.newPage = async (options) => {
    const page = await newPage(options);
    page.setDefaultTimeout(0);
    page.setDefaultNavigationTimeout(0);
    return page;
  };
  return browser;
}
