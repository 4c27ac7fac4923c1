/**
 * What happens in a chat, in sentences for a person. Both interfaces for people take their words from
 * here, so that they say the same.
 *
 * @module
 */
import type { Alarm, ChatEvent, Overview, Presence } from "../chat/events.ts";
import { describeFailure } from "./messages/failures.ts";
import { safeLine } from "../terminal/safe_text.ts";

/** How much a sentence matters: an alarm must not be overlooked. */
export type Weight = "quiet" | "news" | "alarm" | "problem";

/** Something the program says by itself. */
export interface Sentence {
  readonly weight: Weight;
  readonly text: string;
}

/**
 * The sentence for an event; undefined where there is none: messages and their states are shown in a
 * way of their own.
 *
 * @param names what the two are called on this screen.
 */
export function sentenceOf(
  event: ChatEvent,
  names: { readonly peer: string; readonly relay: string },
): Sentence | undefined {
  switch (event.event) {
    case "relay":
      return relay(event, names.relay);
    case "invite":
      return news(`Your code: ${event.code}`);
    case "waiting":
      return waiting(event);
    case "ready":
      return news(`${names.peer} is here. What you say is encrypted for the two of you alone.`);
    case "presence":
      return presence(event, names.peer);
    case "alarm":
      return { weight: "alarm", text: event.message };
    case "timer":
      return news(
        event.seconds === 0
          ? "Texts stay until the chat is over."
          : `Texts vanish ${duration(event.seconds)} after they were read, on both sides.`,
      );
    case "burnt":
      return news(
        event.by === "you" ? "Everything is burnt." : `${names.peer} has burnt this conversation.`,
      );
    case "closed":
      return closed(event.remaining);
    case "error":
      return { weight: "problem", text: `${event.message} ${event.hint}` };
    case "message":
    case "queued":
    case "sent":
    case "delivered":
    case "expired":
      return undefined;
    default:
      return event satisfies never;
  }
}

function news(text: string): Sentence {
  return { weight: "news", text };
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
        : ` Next try in ${
          seconds(event.retryInMs)
        }; what you type meanwhile is kept and sent then.`;
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

function waiting(event: ChatEvent & { event: "waiting" }): Sentence {
  const limit = event.atMostMs === undefined ? "" : ` for at most ${seconds(event.atMostMs)}`;
  switch (event.for) {
    case "guest":
      return news("Waiting for the other one to come. Ctrl+C or /exit stops.");
    case "host":
      return news(`Waiting${limit} for the one who made the room to answer. Ctrl+C stops.`);
    case "handshake":
      return { weight: "quiet", text: "Somebody comes in; the code is being checked." };
    case "goodbye":
      return news(`Cleaning up${limit}. Ctrl+C again leaves at once.`);
  }
}

function presence(event: ChatEvent & { event: "presence" }, peer: string): Sentence {
  switch (event.peer) {
    case "here":
      return news(`${peer} is back.`);
    case "away":
      return news(`${peer} does not answer just now. What you say waits for them.`);
    case "vanished":
      return news(
        `${peer} vanished without a goodbye. What you say waits for them; /invite makes a fresh code.`,
      );
    case "left": {
      const unseen = event.unseen ?? 0;
      const all = unseen === 0
        ? "They have seen all you said."
        : `They have not seen your last ${unseen === 1 ? "text" : `${unseen} texts`}.`;
      return news(`${peer} has left. ${all} /invite makes a fresh code, /exit leaves.`);
    }
  }
}

function closed(remaining: number | null): Sentence {
  if (remaining === null) {
    return news("Left. What is still on the relay could not be counted; it expires by itself.");
  }
  if (remaining === 0) return news("Left. 0 remain: nothing of this chat is on the relay.");
  return news(
    `Left. ${remaining} remain on the relay for the other one, and go when they leave.`,
  );
}

/** Presence in a word or two, for a status line. */
export function presenceWord(presence: Presence): string {
  switch (presence) {
    case "here":
      return "here";
    case "away":
      return "away";
    case "left":
      return "has left";
    case "vanished":
      return "vanished";
  }
}

/** Up to three words: what cannot be taken for a sentence. */
const NAME =
  /^[\p{L}\p{M}\p{N}]+(?:['’_-][\p{L}\p{M}\p{N}]+)*(?: [\p{L}\p{M}\p{N}]+(?:['’_-][\p{L}\p{M}\p{N}]+)*){0,2}$/u;
/** Longer names are shortened, so that a sentence with one in it stays one. */
const MAX_NAME_CHARS = 32;

/**
 * What the other one is called on this screen. Nobody can pass for oneself or for the program, and a
 * name that might be read as something the program says stands in quotation marks.
 */
export function peerLabel(peer: string, ownName: string): string {
  const whole = safeLine(peer);
  const name = whole.length <= MAX_NAME_CHARS
    ? whole
    : `${firstGraphemes(whole, MAX_NAME_CHARS - 1)}…`;
  const shown = NAME.test(name) ? name : `“${name.replaceAll(/[“”]/g, "'")}”`;
  const taken = [ownName, "you", "whisper", "alarm"].map(bare);
  return taken.includes(bare(peer)) ? `${shown} (the other)` : shown;
}

/** The beginning of a text, at most so many UTF-16 units, and no half of a letter. */
function firstGraphemes(text: string, length: number): string {
  let first = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (first.length + segment.length > length) break;
    first += segment;
  }
  return first;
}

function bare(name: string): string {
  return name.normalize("NFKC").toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** The lines of `/who`. */
export function whoLines({ name, peer, presence, heardAgoMs }: Overview): string[] {
  const own = `You are ${safeLine(name)}.`;
  if (peer === undefined) return [own, "Nobody else is here yet."];
  const heard = heardAgoMs === undefined ? "" : `, last heard ${seconds(heardAgoMs)} ago`;
  return [own, `${peerLabel(peer, name)}: ${presenceWord(presence ?? "here")}${heard}.`];
}

/** The lines of `/verify`. */
export function verifyLines({ words }: Overview): string[] {
  if (!words) return ["There are no words to compare before somebody is here."];
  const half = words.length / 2;
  return [
    "Read these words to each other, by voice. If they differ, somebody is listening: leave.",
    `    ${words.slice(0, half).join(" ")}`,
    `    ${words.slice(half).join(" ")}`,
    "If they are the same: /verify same.",
  ];
}

/** The lines of `/relay`. */
export function relayLines(overview: Overview, state: string): string[] {
  const { operations, openForMs = 0, queued } = overview;
  const total = Object.values(operations).reduce((sum, count) => sum + count, 0);
  const perMinute = Math.round(total / Math.max(1, openForMs / 60_000));
  const kinds = Object.entries(operations).map(([name, count]) => `${name} ${count}`).join(", ");
  return [
    `${state} ${total} operations so far, about ${perMinute} a minute${kinds && ` (${kinds})`}.`,
    ...queued > 0
      ? [queued === 1 ? "1 text waits to be sent." : `${queued} texts wait to be sent.`]
      : [],
  ];
}

/** A length of time in words: `30 seconds`, `5 minutes`. */
export function duration(inSeconds: number): string {
  for (const [size, unit] of [[86_400, "day"], [3_600, "hour"], [60, "minute"]] as const) {
    if (inSeconds >= size && inSeconds % size === 0) return count(inSeconds / size, unit);
  }
  return count(inSeconds, "second");
}

/** Milliseconds as whole seconds, in words. */
export function seconds(ms: number): string {
  return count(Math.max(1, Math.round(ms / 1_000)), "second");
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

/** The mark of an alarm, in words, that nothing of the peer's can begin with. */
export function alarmText({ message }: Pick<Alarm, "message">): string {
  return `ALARM: ${message}`;
}
