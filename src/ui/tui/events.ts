/**
 * What the events of a chat change on the screen.
 *
 * @module
 */
import type { ChatEvent } from "../../chat/events.ts";
import { alarmMessage, peerLabel, relayTrouble, sentenceOf } from "../messages/events.ts";
import { cleared, expired, fated, heard, told, undelivered } from "./log.ts";
import type { RelayState, State } from "./state.ts";
import { clockTime } from "./rows.ts";

/** What the other one is called before a name is known. */
const NOBODY = "Your peer";
/** A text's own time is shown where it differs from ours by more than this. */
const OLD_AFTER_MS = 120_000;
/** Alarms kept in the banner; all of them stay in the conversation. */
const MAX_ALARMS = 99;

/** The state after an event. */
export function hearEvent(state: State, event: ChatEvent): State {
  const next = withSentence(changed(state, event), { event, before: state });
  // What is looked at stays where it is; what came meanwhile is counted.
  const isNew = next.log.nextId > state.log.nextId;
  if (next.scroll === "tail" || !isNew) return next;
  return { ...next, unread: next.unread + (next.log.nextId - state.log.nextId) };
}

function changed(state: State, event: ChatEvent): State {
  switch (event.event) {
    case "relay":
      return { ...state, relay: relayOf(state, event) };
    case "invite":
      return {
        ...state,
        invite: event.code,
        room: event.code.split("-")[0],
        peer: undefined,
        presence: undefined,
        isVerified: false,
        heardAt: undefined,
        timerSeconds: 0,
      };
    case "waiting":
      return {
        ...state,
        waiting: { for: event.for, since: state.now, atMostMs: event.atMostMs },
      };
    case "ready":
      return {
        ...state,
        peer: peerLabel(event.peer, state.ownName),
        presence: "here",
        isVerified: false,
        waiting: undefined,
        invite: undefined,
      };
    case "message":
      return {
        ...state,
        log: heard(state.log, {
          who: state.peer ?? NOBODY,
          text: event.text,
          seq: event.seq,
          notes: notesOf(event, state.wall),
          at: state.wall,
        }),
      };
    case "queued":
      return { ...state, log: fated(state.log, event.id, "queued") };
    case "sent":
      return { ...state, log: fated(state.log, event.id, "relay", event.seq) };
    case "delivered":
      return { ...state, log: fated(state.log, event.id, "seen", event.seq) };
    case "presence":
      return { ...state, presence: event.peer };
    case "alarm":
      return { ...state, alarms: [...state.alarms, alarmMessage(event)].slice(-MAX_ALARMS) };
    case "timer":
      return { ...state, timerSeconds: event.seconds };
    case "expired":
      return { ...state, log: expired(state.log, event.from, event.seq) };
    case "burnt":
      return { ...state, log: cleared(state.log), scroll: "tail", unread: 0, waiting: undefined };
    case "closed":
      return { ...state, waiting: undefined };
    case "session-ended":
      return { ...state, log: undelivered(state.log, event.undelivered) };
    case "queue-dropped":
      return { ...state, log: undelivered(state.log, event.ids) };
    case "code-burnt":
      return { ...state, invite: undefined, waiting: undefined };
    case "error":
      return state;
    default:
      return event satisfies never;
  }
}

function relayOf(state: State, event: ChatEvent & { event: "relay" }): RelayState {
  const message = relayTrouble(event);
  switch (event.state) {
    case "up":
      return { state: "up" };
    case "down":
      return { state: "down", message };
    case "reconnecting":
      return {
        state: "reconnecting",
        message,
        ...event.retryInMs !== undefined && { retryAt: state.now + event.retryInMs },
      };
  }
}

/** Adds the sentence for an event, where it is no matter of the header and the status line. */
function withSentence(
  state: State,
  { event, before }: { readonly event: ChatEvent; readonly before: State },
): State {
  const names = { peer: state.peer ?? NOBODY, relay: state.relayName };
  const sentence = sentenceOf(lasting(event), names);
  if (!sentence) return state;
  if (isLast(event)) {
    // This is read when the screen is gone: it names nobody.
    const last = sentenceOf(event, { ...names, peer: NOBODY })!;
    return { ...state, farewell: [...state.farewell, last.text] };
  }
  if (event.event === "waiting" || event.event === "invite") return state;
  // A relay that stays away is told once; every further try is in the status line.
  if (event.event === "relay" && before.relay.state === event.state) return state;
  return { ...state, log: told(state.log, sentence.weight, sentence.text, state.wall) };
}

/** The event as far as it is true for longer than a moment. */
function lasting(event: ChatEvent): ChatEvent {
  if (event.event !== "relay") return event;
  const { retryInMs: _, ...rest } = event;
  return rest;
}

/** What a person has to know after leaving. */
function isLast(event: ChatEvent): boolean {
  return event.event === "closed" || event.event === "burnt" ||
    (event.event === "error" && event.fatal) ||
    (event.event === "relay" && event.state === "down");
}

function notesOf(event: ChatEvent & { event: "message" }, wall: number): string[] {
  const written = Date.parse(event.at);
  return [
    ...event.late ? ["late"] : [],
    ...Math.abs(wall - written) > OLD_AFTER_MS ? [`written ${clockTime(written)}`] : [],
  ];
}
