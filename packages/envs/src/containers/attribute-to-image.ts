import { ContainerError, type Container } from "./container.ts";

/**
 * Runs work that precedes the agent, and closes the container if it fails. A failure of the
 * container during this work is reported as a fault of the image.
 */
export async function attributeToImage<T>(
  container: Container,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    await container.close();
    if (cause instanceof ContainerError && cause.kind === "environment") {
      throw new ContainerError("image", `${container.image}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}
