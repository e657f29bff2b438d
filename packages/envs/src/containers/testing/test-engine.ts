import { ContainerError } from "../container.ts";
import { DockerEngine } from "../docker-engine.ts";
import { ensureDemoBaseImage } from "../demo-base-image.ts";

/**
 * An engine with the demo base image. If no engine answers or the image cannot be built, prints a
 * message and returns `undefined`.
 */
export async function testEngine(): Promise<DockerEngine | undefined> {
  let engine: DockerEngine | undefined;
  try {
    engine = await DockerEngine.connect({ pull: "never" });
    await ensureDemoBaseImage(engine);
    return engine;
  } catch (error) {
    await engine?.close();
    if (!(error instanceof ContainerError)) throw error;
    console.log(`skipped: ${error.message}`);
    return undefined;
  }
}
