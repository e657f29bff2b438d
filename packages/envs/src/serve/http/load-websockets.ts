import { InputError } from "@turnwise/core";
import type { WebSocketServer } from "ws";

/**
 * Creates the part of a server that accepts WebSockets, from the optional package `ws`.
 * @throws `InputError` if it is not installed.
 */
export async function createWebSocketServer(maxPayload: number): Promise<WebSocketServer> {
  try {
    const library = await import("ws");
    // Disable compression, which costs memory for each connection; messages are short.
    return new library.WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
  } catch (cause) {
    throw new InputError("@turnwise/envs/serve: ws must be installed: npm install ws", { cause });
  }
}
