/**
 * How a chat fails, and what its end is called for that. The sentences are in
 * `src/ui/messages/chat_failures.ts`.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import { TooFarAhead } from "../protocol/conversation.ts";
import { MalformedPayload } from "../protocol/payload.ts";
import type { Refusal } from "../relay/relay.ts";
import type { CloseReason, RoomKind } from "./events.ts";

/** The failure of a guest who was refused a seat. */
export function refusal(why: Refusal, by: RoomKind): Failure {
  switch (why) {
    case "full":
      return new Failure("room-full", { by });
    case "sealed":
      return new Failure("room-sealed", { by });
    case "burnt":
      return new Failure("code-burnt", { by });
    case "absent":
      return new Failure("room-absent", { by });
  }
}

/** The failure of leaving while the relay is out of reach. */
export function cleanupFailed(): Failure {
  return new Failure("cleanup-failed");
}

/** The failure of a seat that someone else holds, or of a room that is gone. */
export function evicted(): Failure {
  return new Failure("evicted");
}

/** What a conversation cannot go on with; any other error is thrown as it is. */
export function conversationFailure(error: unknown): Failure {
  if (error instanceof TooFarAhead) return new Failure("gap-too-wide", {}, { cause: error });
  if (error instanceof MalformedPayload) return new Failure("peer-malformed", {}, { cause: error });
  throw error;
}

/** Anything that was thrown, as a failure; what is not one yet is a bug. */
export function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure("bug", {}, { cause: error });
}

/** Why a chat is over: as `asked`, unless it failed. */
export function closeReason(asked: CloseReason, failure: Failure | undefined): CloseReason {
  switch (failure?.code) {
    case undefined:
      return asked;
    case "evicted":
      return "evicted";
    case "relay-lost":
      return "relay-lost";
    case "wrong-code":
    case "no-room":
      return "refused";
    default:
      return "failed";
  }
}
