/**
 * What a person reads about the events of a chat. Both interfaces for people take their words from
 * here, so that they say the same.
 *
 * @module
 */
import type { Alarm, ChatEvent, Overview, Presence, RoomKind } from "../../chat/events.ts";
import type { Failure } from "../../errors.ts";
import { counted } from "./counted.ts";
import { describeFailure } from "./failures.ts";
import { fileSentence } from "./files.ts";
import { graphemes } from "../../terminal/graphemes.ts";
import { safeLine } from "../../terminal/safe_text.ts";

/** How much a sentence matters: an alarm must not be overlooked. */
export type Weight = "quiet" | "news" | "alarm" | "problem";

/** Something the program says by itself. */
export interface Sentence {
  readonly weight: Weight;
  readonly text: string;
}

/** What the sentences about a chat depend on. */
export interface Names {
  /** What the peer is called on this screen. */
  readonly peer: string;
  /** What the relay is called. */
  readonly relay: string;
  /** True for a relay that may be a free cluster of Atlas, which has limits. */
  readonly isFreeCluster?: boolean | undefined;
  /** How the two agreed on the room: one that was agreed on by name has no codes. */
  readonly by: RoomKind;
  /** This side is leaving, too: what the peer does no longer calls for an answer. */
  readonly isLeaving?: boolean;
}

/**
 * The sentence for an event; undefined where there is none: messages and their states are shown in a
 * way of their own.
 */
export function sentenceOf(event: ChatEvent, names: Names): Sentence | undefined {
  switch (event.event) {
    case "relay":
      return relay(event, names.relay);
    case "invite":
      return news(`Your code: ${event.code}`);
    case "code-burnt":
      return {
        weight: "problem",
        text: names.by === "code"
          ? "This code is no longer valid. Use /invite for a new one."
          : "Wrong passphrases were entered 3 times, so no one can join any more. " +
            "Use /invite to open the room again.",
      };
    case "waiting":
      return waiting(event, names.by);
    case "ready":
      return news(`${names.peer} joined. Messages are end-to-end encrypted.`);
    case "presence":
      return names.isLeaving ? undefined : presence(event, names);
    case "alarm":
      return { weight: "alarm", text: alarmMessage(event, names.by) };
    case "verified":
      return verified(event, names.peer);
    case "timer":
      return news(timer(event, names.peer));
    case "burnt":
      return news(
        event.by === "you"
          ? "Conversation erased on this side; your peer was asked to erase theirs."
          : `${names.peer} erased this conversation on both sides.`,
      );
    case "session-ended": {
      const count = event.undelivered.length;
      if (count === 0) return undefined;
      return { weight: "problem", text: `${messagesWere(count)} not delivered to ${names.peer}.` };
    }
    case "queue-dropped":
      return { weight: "problem", text: `${messagesWere(event.ids.length)} never sent.` };
    case "closed":
      return closed(event);
    case "error":
      return failed(event.failure);
    case "file":
      if (event.failure) return failed(event.failure);
      return fileSentence(event, names.peer, names);
    case "message":
    case "queued":
    case "taken-back":
    case "sent":
    case "delivered":
    case "expired":
      return undefined;
    default:
      return event satisfies never;
  }
}

function failed(failure: Failure): Sentence {
  const { message, hint } = describeFailure(failure);
  return { weight: "problem", text: `${message} ${hint}` };
}

function news(text: string): Sentence {
  return { weight: "news", text };
}

/** `1 message was`, `2 messages were`. */
function messagesWere(number: number): string {
  return `${counted(number, "message")} ${number === 1 ? "was" : "were"}`;
}

function relay(
  event: ChatEvent & { event: "relay" },
  name: string,
): Sentence | undefined {
  switch (event.state) {
    case "up":
      return { weight: "quiet", text: `Connected to ${name}.` };
    case "reconnecting": {
      const wait = event.retryInMs === undefined
        ? ""
        : ` Retrying in ${seconds(event.retryInMs)}; messages are queued until then.`;
      return { weight: "news", text: `${relayTrouble(event)}${wait}` };
    }
    case "down":
      return { weight: "problem", text: relayTrouble(event) };
  }
}

/** Why the relay is not up. */
export function relayTrouble({ cause }: ChatEvent & { event: "relay" }): string {
  return cause ? describeFailure(cause).message : "The relay cannot be reached.";
}

function waiting(event: ChatEvent & { event: "waiting" }, by: RoomKind): Sentence {
  const limit = event.atMostMs === undefined ? "" : ` (up to ${seconds(event.atMostMs)})`;
  switch (event.for) {
    case "guest":
      return news("Waiting for someone to join… (Ctrl+C to cancel)");
    case "host":
      return news(`Waiting for the host${limit}… (Ctrl+C to cancel)`);
    case "handshake":
      return { weight: "quiet", text: `Someone is joining. Verifying the ${secretWord(by)}…` };
    case "goodbye":
      return news(`Cleaning up${limit}… (Ctrl+C to leave at once)`);
  }
}

/** What the two of them share before they meet. */
export function secretWord(by: RoomKind): "code" | "passphrase" {
  return by === "code" ? "code" : "passphrase";
}

function presence(event: ChatEvent & { event: "presence" }, { peer, by }: Names): Sentence {
  switch (event.peer) {
    case "here":
      return news(`${peer} is back.`);
    case "away":
      return news(`${peer} is away. Messages will be delivered when they're back.`);
    case "vanished":
      return news(
        `${peer} disconnected unexpectedly. Messages wait for them; ${
          by === "code"
            ? "/invite makes a new code for someone else."
            : "/invite opens the room again for them."
        }`,
      );
    case "left": {
      const unseen = event.unseen ?? 0;
      const all = unseen === 0
        ? "All your messages were delivered."
        : `Your last ${unseen === 1 ? "message was" : `${unseen} messages were`} not delivered.`;
      const next = by === "code"
        ? "Use /invite for a new code, or /exit."
        : "Use /invite to let them in again, or /exit.";
      return news(`${peer} left. ${all} ${next}`);
    }
  }
}

function verified(event: ChatEvent & { event: "verified" }, peer: string): Sentence {
  const { by, same, both } = event;
  if (!same) {
    const who = by === "you" ? "You say" : `${peer} says`;
    return {
      weight: "alarm",
      text: `${who} that the words differ. Someone may be intercepting: leave with /exit.`,
    };
  }
  if (both) {
    return news(`Verified: you and ${peer} have confirmed the words. No one is in the middle.`);
  }
  return news(
    by === "you"
      ? `You confirmed what you heard. The chat is verified once ${peer} confirms, too.`
      : `${peer} confirmed the words that you read aloud. Type /verify and confirm theirs.`,
  );
}

function timer({ seconds, by }: ChatEvent & { event: "timer" }, peer: string): string {
  const who = by === "you" ? "You" : peer;
  if (seconds === 0) return `${who} turned the timer off: messages stay until the chat ends.`;
  return `${who} set a timer: messages disappear ${duration(seconds)} after they are displayed.`;
}

function closed({ remaining, reason, undelivered }: ChatEvent & { event: "closed" }): Sentence {
  const parts = [
    reason === "evicted" ? "The chat ended." : "You left.",
    remaining === null
      ? "What is still on the relay could not be counted; it expires by itself."
      : remaining === 0
      ? "Nothing remains on the relay."
      : `${counted(remaining, "document")} ${
        remaining === 1 ? "stays" : "stay"
      } on the relay until ${
        reason === "refused" ? "the host" : "your peer"
      } leaves or they expire.`,
    ...undelivered > 0 ? [`${messagesWere(undelivered)} not delivered.`] : [],
  ];
  return news(parts.join(" "));
}

/** The sentence of an alarm: what happened, and what became of it. */
export function alarmMessage(alarm: Alarm, by: RoomKind): string {
  const { kind, count, attemptsLeft } = alarm;
  const times = count === 1 ? "" : ` (${count} times)`;
  switch (kind) {
    case "third-party":
      return `Someone else tried to join this room${times}. They were refused.`;
    case "crowded":
      return `Someone keeps taking the guest's seat${times} without completing the handshake. If your peer can't join, ${
        by === "code"
          ? "use /invite for a new code."
          : "leave with /exit and agree on another room."
      }`;
    case "guess":
      return attemptsLeft
        ? `Wrong ${secretWord(by)} entered (typo or guess). ${
          counted(attemptsLeft, "attempt")
        } left.`
        : `Wrong ${secretWord(by)} entered 3 times; someone may be guessing. ${
          by === "code" ? "This code is no longer valid." : "No one can join this room any more."
        }`;
    case "forged":
      return `Something that your peer did not write was put into this room${times}. It was discarded.`;
    case "altered":
      return `A message was altered on the way${times}. It was discarded.`;
    case "replayed":
      return `An old message was sent again by someone else${times}. It was discarded.`;
    case "gap":
      return gap(alarm);
    case "rollback":
      return "The relay went back to an earlier state: messages may be lost or come again.";
  }
}

function gap({ count, first, last }: Alarm): string {
  if (first === undefined || last === undefined) {
    const what = counted(count, "control message");
    return `${what} ${count === 1 ? "is" : "are"} missing; no text was lost with ${
      count === 1 ? "it" : "them"
    }.`;
  }
  return first === last
    ? `1 message is missing (number ${first}).`
    : `${count} messages are missing (numbers ${first} to ${last}).`;
}

/** Presence in a word or two, for a status line. */
export function presenceWord(presence: Presence): string {
  return presence === "vanished" ? "disconnected" : presence;
}

/** Up to three words: what cannot be taken for a sentence. */
const NAME =
  /^[\p{L}\p{M}\p{N}]+(?:['’_-][\p{L}\p{M}\p{N}]+)*(?: [\p{L}\p{M}\p{N}]+(?:['’_-][\p{L}\p{M}\p{N}]+)*){0,2}$/u;
/** Longer names are shortened, so that a sentence with one in it stays one. */
const MAX_NAME_CHARS = 32;

/**
 * What the peer is called on this screen. Nobody can pass for oneself or for the program, and a
 * name that might be read as something the program says stands in quotation marks.
 */
export function peerLabel(peer: string, ownName: string): string {
  const whole = safeLine(peer);
  const name = whole.length <= MAX_NAME_CHARS
    ? whole
    : `${firstGraphemes(whole, MAX_NAME_CHARS - 1)}…`;
  const shown = NAME.test(name) ? name : `“${name.replaceAll(/[“”]/g, "'")}”`;
  const taken = [ownName, "you", "whisper", "alarm"].map(bare);
  return taken.includes(bare(peer)) ? `${shown} (peer)` : shown;
}

/** The beginning of a text, at most so many UTF-16 units, and no half of a letter. */
function firstGraphemes(text: string, length: number): string {
  let first = "";
  for (const { segment } of graphemes().segment(text)) {
    if (first.length + segment.length > length) break;
    first += segment;
  }
  return first;
}

function bare(name: string): string {
  return name.normalize("NFKC").toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/**
 * The lines of `/who`.
 *
 * @param now milliseconds since 1970.
 */
export function whoLines(
  { name, peer, presence, heardAgoMs, isRelayUp }: Overview,
  now: number,
): string[] {
  const own = `You are ${safeLine(name)}.`;
  if (peer === undefined) return [own, "No one else is here yet."];
  const heard = heardAgoMs === undefined
    ? ""
    : `, last active at ${new Date(now - heardAgoMs).toTimeString().slice(0, 8)}, ${
      seconds(heardAgoMs)
    } ago`;
  const word = isRelayUp
    ? presenceWord(presence ?? "here")
    : "unknown while the relay is out of reach";
  return [own, `${peerLabel(peer, name)}: ${word}${heard}. Presence is what the relay says.`];
}

/** The lines of `/verify`. */
export function verifyLines(
  { wordHalves, verification, peer, name }: Overview,
): string[] {
  if (!wordHalves || peer === undefined) {
    return ["There are no words to compare before your peer has joined."];
  }
  const who = peerLabel(peer, name);
  return [
    "Call each other. If anything differs, someone is intercepting: leave.",
    `Read aloud:  ${wordHalves.read.join(" ")}`,
    `Listen for:  ${wordHalves.listen.join(" ")}`,
    `If you heard these, and ${who} says yours are right: /verify same. If not: /verify different.`,
    `You: ${verdict(verification.you)}. ${who}: ${verdict(verification.peer)}.`,
  ];
}

function verdict(same: boolean | undefined): string {
  return same === undefined ? "not confirmed yet" : same ? "confirmed" : "the words differ";
}

/** What `/timer` says where nothing follows it. */
export function timerLine({ timerSeconds }: Overview): string {
  return timerSeconds === 0
    ? "Messages stay until the chat ends."
    : `Messages disappear ${duration(timerSeconds)} after they are displayed.`;
}

/** The lines of `/relay`. */
export function relayLines(overview: Overview, state: string): string[] {
  const { operations, openForMs = 0, queued } = overview;
  const total = Object.values(operations).reduce((sum, count) => sum + count, 0);
  const perMinute = Math.round(total / Math.max(1, openForMs / 60_000));
  const kinds = Object.entries(operations).map(([name, count]) => `${name} ${count}`).join(", ");
  return [
    `${state} ${total} operations so far, about ${perMinute} a minute${kinds && ` (${kinds})`}.`,
    ...queued > 0 ? [`${counted(queued, "message")} queued.`] : [],
  ];
}

/** A length of time in words: `30 seconds`, `5 minutes`. */
export function duration(inSeconds: number): string {
  for (const [size, unit] of [[86_400, "day"], [3_600, "hour"], [60, "minute"]] as const) {
    if (inSeconds >= size && inSeconds % size === 0) return counted(inSeconds / size, unit);
  }
  return counted(inSeconds, "second");
}

/** Milliseconds as whole seconds, in words. */
export function seconds(ms: number): string {
  return counted(Math.max(1, Math.round(ms / 1_000)), "second");
}

/** A line of the program for an alarm, marked in words that nothing of the peer's can begin with. */
export function alarmText(message: string): string {
  return `ALARM: ${message}`;
}
