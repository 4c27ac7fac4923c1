/**
 * The failures of a chat, and the reason that its `closed` event gives. The sentences are in
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

/** What a conversation cannot go on with; any other error is thrown as it is. */
export function conversationFailure(error: unknown): Failure {
  if (error instanceof TooFarAhead) return new Failure("gap-too-wide", {}, { cause: error });
  if (error instanceof MalformedPayload) return new Failure("peer-malformed", {}, { cause: error });
  throw error;
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
