/**
 * How a chat fails, in sentences for the person who is in it.
 *
 * @module
 */
import { Failure, untranslated } from "../errors.ts";
import type { Refusal } from "../relay/relay.ts";
import type { CloseReason } from "./events.ts";

/** The failure of somebody who was refused a seat. */
export function refusal(why: Refusal): Failure {
  switch (why) {
    case "full":
      return untranslated(
        "room-full",
        "This room is full: two are in it already.",
        "If you were invited, ask for a fresh code; somebody may have used yours.",
      );
    case "sealed":
      return untranslated(
        "room-sealed",
        "This code was already used: a room takes in two people, once.",
        "If that was not you, tell the one who invited you, and ask for a fresh code.",
      );
    case "burnt":
      return untranslated(
        "code-burnt",
        "This code is burnt: it was tried three times in vain.",
        "Ask for a fresh one; the other one can make it with /invite.",
      );
    case "absent":
      return untranslated(
        "no-room",
        "There is no room with this number: the code has expired, was used, or is mistyped.",
        "Check the number, and that both use the same relay; or ask for a fresh code.",
      );
  }
}

/** The failure of a guest to whom nobody answers. */
export function unanswered(): Failure {
  return untranslated(
    "no-room",
    "Nobody in this room answers: the one who made it may be gone.",
    "Ask for a fresh code.",
  );
}

/** The failure of a room whose document holds what no host has put there. */
export function spoilt(): Failure {
  return untranslated(
    "protocol",
    "This room cannot be entered: somebody has spoilt it on the relay.",
    "Ask for a fresh code, or use another relay.",
  );
}

/** The failure of whoever leaves while the relay is out of reach. */
export function tooLate(): Failure {
  return untranslated(
    "relay-lost",
    "The relay could not be reached to clean up.",
    "What is left there cannot be read, and expires by itself.",
  );
}

/** Whatever was thrown, as a failure; what is none yet is a mistake of the program. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return untranslated(
    "bug",
    "Whisper made a mistake and has to stop.",
    "Please report it, with what --debug prints.",
    { cause: error },
  );
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
