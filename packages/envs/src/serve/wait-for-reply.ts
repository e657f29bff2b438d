import type { SessionManager } from "./session-manager.ts";
import type { SessionReply } from "./session-records.ts";

/**
 * Waits for the result of a call of a session without a time limit, for protocols whose clients have no
 * time limit or receive heartbeats.
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
