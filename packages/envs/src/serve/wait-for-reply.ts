import type { SessionManager } from "./session-manager.ts";
import type { SessionReply } from "./session-records.ts";

/**
 * Waits for the result of a call of a session, however long it takes: for protocols whose clients wait
 * as long, or get signs of life meanwhile.
 */
export async function waitForReply(
  sessions: SessionManager,
  id: string,
  call: Promise<SessionReply>,
): Promise<SessionReply> {
  let reply = await call;
  while (reply.isPending) reply = await sessions.step(id, "");
  return reply;
}
