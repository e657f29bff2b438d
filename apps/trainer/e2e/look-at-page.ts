import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";

/** Findings of axe, one line each. */
export async function listFindings(opened: Page): Promise<string[]> {
  await opened.evaluate(axe.source);
  return opened.locator("html").evaluate(async (html) => {
    const { axe: checker } = html.ownerDocument.defaultView as unknown as { axe: typeof axe };
    const { violations } = await checker.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  });
}

/** Takes a picture of the page, in the folder that `VIEWER_SHOTS` names, for people to look at. */
export async function takeShot(opened: Page, name: string, folder: string): Promise<void> {
  const path = join(process.env["VIEWER_SHOTS"] ?? folder, `${name}.png`);
  await opened.screenshot({ path });
}
