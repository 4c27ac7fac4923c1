/**
 * What a person reads about the failures of a chat, of its connection to the relay, and of a line of
 * JSON input.
 *
 * @module
 */
import type { BadLine } from "../../failure_reasons.ts";
import { MAX_ID_CHARS } from "../../limits.ts";
import type { FailureTexts } from "./failure_text.ts";

const NEW_CODE = "Ask the host for a new code.";
const ENTER_AGAIN = "Agree with your peer on another room name, or enter it again on both sides.";

const BAD_LINES: Readonly<Record<BadLine, string>> = {
  "not-json": "it is not JSON",
  "not-utf8": "it is not valid UTF-8",
  "too-long": "it is too long",
  "not-an-object": "it is not an object",
  "send-and-command": "it has both a send and a command",
  "send-not-a-string": "its send is not a string",
  "bad-id": `its id is not a string of at most ${MAX_ID_CHARS} characters`,
  "bad-reply": 'its reply is not like {"from":"peer","seq":3}',
  "neither": "it has neither a send nor a command",
  "unknown-command": "there is no such command",
  "bad-path": "its path is not a string",
  "bad-file": "its file is not a string",
  "bad-value": "its value is neither a string nor a number",
};

/** To be spread into the table of all failures. */
export const CHAT_FAILURES = {
  "relay-timeout": ({ seconds }) => ({
    message: `The relay has not answered for ${seconds} seconds.`,
    hint: "Check the network; some block port 27017.",
  }),
  "relay-reconnected": () => ({
    message: "Nothing got through to the relay, so Whisper opened a new connection.",
    hint: "It tries again by itself.",
  }),
  "room-full": ({ by }) => ({
    message: "This room is full: two people are in it.",
    hint: by === "code"
      ? "If you were invited, someone else may have used your code: ask for a new one."
      : ENTER_AGAIN,
  }),
  "room-sealed": ({ by }) =>
    by === "code"
      ? {
        message: "This code has already been used.",
        hint: "If it wasn't you, tell the person who invited you, and ask for a new code.",
      }
      : {
        message: "Two people have already met in this room, so it lets no one in.",
        hint:
          "If one of them was you: ask your peer to type /invite, then enter it again. If both programs crashed: agree on another name, or wait until the room expires (10 minutes, unless --linger was given).",
      },
  "code-burnt": ({ by }) =>
    by === "code"
      ? {
        message: "This code is no longer valid: 3 failed attempts.",
        hint: "Ask your peer for a new one.",
      }
      : {
        message: "This room lets no one in any more: 3 wrong passphrases.",
        hint: "Leave it and enter it again on both sides.",
      },
  "room-absent": ({ by }) => ({
    message: by === "code"
      ? "There is no room with this number: the code has expired, was used, or has a typo."
      : "The room closed while you were joining.",
    hint: by === "code"
      ? "Check the number and that both of you use the same relay, or ask for a new code."
      : "Try again.",
  }),
  "room-corrupt": () => ({
    message: "Can't join: this room's data on the relay is corrupt.",
    hint: "Ask for a new code, or use another relay.",
  }),
  "host-silent": ({ by }) => ({
    message: "The host isn't responding.",
    hint: by === "code" ? NEW_CODE : "Check that your peer's program is running, and try again.",
  }),
  "host-left": ({ by }) => ({
    message: "The host left before you joined.",
    hint: by === "code" ? NEW_CODE : "Try again: you will be the host.",
  }),
  "wrong-code": ({ by }) =>
    by === "code"
      ? {
        message: "Wrong code.",
        hint:
          "Check it with the person who invited you. If it matches, someone may be intercepting the connection.",
      }
      : {
        message: "Wrong passphrase.",
        hint: "Check it with your peer. If it matches, someone may be intercepting the connection.",
      },
  "evicted": () => ({
    message: "You lost your seat in this room: the room expired, or someone else took the seat.",
    hint: "Start a new chat, or ask your peer for a new code.",
  }),
  "cleanup-failed": () => ({
    message: "The relay could not be reached to clean up.",
    hint: "What is left there can't be read, and expires by itself.",
  }),
  "cleanup-interrupted": () => ({
    message: "You left before the room was cleaned up.",
    hint: "What is left there can't be read, and expires by itself.",
  }),
  "gap-too-wide": () => ({
    message: "The conversation can't go on: too many messages are missing.",
    hint: "Start a new chat.",
  }),
  "peer-malformed": () => ({
    message: "The conversation can't go on: your peer's program broke the protocol.",
    hint: "Start a new chat, both with the newest Whisper.",
  }),
  "message-empty": () => ({ message: "Message is empty.", hint: "Type something first." }),
  "message-too-long": ({ bytes, maxBytes }) => ({
    message: `Message is too long: ${bytes} bytes, and ${maxBytes} is the most.`,
    hint: "Send it in parts.",
  }),
  "message-not-unicode": () => ({
    message: "Message is not valid Unicode.",
    hint: "Send it without lone surrogates.",
  }),
  "queue-full": () => ({
    message: "Too many messages are queued.",
    hint: "Wait until your peer has joined.",
  }),
  "chat-leaving": () => ({ message: "You are leaving this chat.", hint: "Start a new one." }),
  "peer-left": ({ by }) => ({
    message: "Your peer left, so no one would read this.",
    hint: by === "code" ? "Use /invite for a new code, or /exit." : "Use /invite, or /exit.",
  }),
  "no-peer-for-timer": () => ({
    message: "No peer connected.",
    hint: "Set the timer once your peer has joined.",
  }),
  "invalid-timer": () => ({
    message: "Invalid duration.",
    hint: "Use 30s, 5m, 1h (max 7d) or off.",
  }),
  "no-such-message": () => ({
    message: "There is no such message in the conversation with this peer.",
    hint: "Messages that are still queued, and those of an earlier peer, can't be answered.",
  }),
  "documents-unreadable": () => ({
    message: "The documents on the relay can't be shown.",
    hint: "Try /relay again in a while.",
  }),
  "nothing-queued": () => ({
    message: "No message is queued.",
    hint: "What is being sent, or was sent, can't be taken back.",
  }),
  "invalid-verdict": () => ({
    message: "Say whether the words are the same.",
    hint: "/verify same if they are, /verify different if they are not.",
  }),
  "no-words-yet": () => ({
    message: "There are no words to compare yet.",
    hint: "They appear once your peer has joined.",
  }),
  "no-room-yet": () => ({
    message: "The room is not open yet.",
    hint: "Wait until the relay is connected.",
  }),
  "passphrase-needed": () => ({
    message: "The passphrase is needed again: it was erased when your peer joined.",
    hint: "Type /invite and the passphrase. It is not shown.",
  }),
  "peer-present": ({ peer }) => ({
    message: `${peer} is still in the room, and only two fit in it.`,
    hint: "You can make a new code once they have left or disconnected.",
  }),
  "bad-line": ({ problem }) => ({
    message: `Cannot read this line: ${BAD_LINES[problem]}.`,
    hint: 'Send {"send":"text","id":"any string"} or {"command":"exit"}, one object on each line.',
  }),
} satisfies Partial<FailureTexts>;
