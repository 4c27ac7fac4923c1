/**
 * What the events of a chat change on the screen.
 *
 * @module
 */
import type { ChatEvent } from "../../chat/events.ts";
import { withRange } from "../../ranges.ts";
import { alarmMessage, peerLabel, sentenceOf } from "../messages/events.ts";
import { notesOf } from "../common.ts";
import { forgetGone, withoutLine, withUnsentLast } from "../../terminal/history.ts";
import { YOUR_PEER } from "../messages/interfaces.ts";
import {
  cleared,
  delivery,
  endSession,
  expired,
  failed,
  heard,
  quoteOf,
  sendIdOf,
  takenBack,
  told,
} from "./log.ts";
import { nameWidthFor } from "./rows.ts";
import type { RelayState, State } from "./state.ts";

/** Alarms shown in the banner; all of them stay in the conversation. */
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
        waiting: undefined,
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
        nameWidth: Math.max(
          state.nameWidth,
          nameWidthFor(peerLabel(event.peer, state.ownName)),
        ),
        epochFrom: state.log.nextId,
        waiting: undefined,
        invite: undefined,
      };
    case "message":
      return {
        ...state,
        log: heard(state.log, {
          who: state.peer ?? YOUR_PEER,
          text: event.text,
          seq: event.seq,
          notes: notesOf(event, state.wall),
          at: state.wall,
          quote: event.reply && quoteOf(state.log, event.reply, quoting(state)),
        }),
        undisplayed: withRange(state.undisplayed, [state.log.nextId, state.log.nextId]),
      };
    case "queued":
      return { ...state, log: delivery(state.log, event.id, "queued") };
    case "sent":
      return { ...state, log: delivery(state.log, event.id, "sent", event.seq) };
    case "delivered":
      return { ...state, log: delivery(state.log, event.id, "delivered", event.seq) };
    case "taken-back":
      return forgetSent({ ...state, log: takenBack(state.log, event.id) }, event.id);
    case "verified":
      return { ...state, isVerified: event.both };
    case "presence":
      return { ...state, presence: event.peer };
    case "alarm":
      return {
        ...state,
        alarms: [...state.alarms, alarmMessage(event, state.by)].slice(-MAX_ALARMS),
      };
    case "timer":
      return { ...state, timerSeconds: event.seconds };
    case "expired":
      return expire(state, event);
    case "burnt":
      return { ...forgetAll(state), waiting: undefined, isLeaving: true };
    case "closed":
      return { ...state, waiting: undefined };
    case "session-ended":
      return unsent({ ...state, log: endSession(state.log) }, event.undelivered);
    case "queue-dropped":
      return unsent(state, event.ids);
    case "file": {
      const isMoving = event.state === "progress" || event.state === "accepted";
      if (isMoving) return { ...state, file: event };
      const { file } = state;
      const isOver = file?.id === event.id && file.from === event.from;
      return isOver ? { ...state, file: undefined } : state;
    }
    case "code-burnt":
      return { ...state, invite: undefined, waiting: undefined };
    case "error":
      return state;
    default:
      return event satisfies never;
  }
}

/** What a quote depends on. */
export function quoting({ epochFrom, peer }: State): { epochFrom: number; peer: string } {
  return { epochFrom, peer: peer ?? YOUR_PEER };
}

/** Messages that are not delivered: Up brings the last one back. */
function unsent(state: State, ids: readonly string[]): State {
  const { log, history } = state;
  return { ...state, log: failed(log, ids), history: withUnsentLast(history, ids) };
}

function relayOf(
  { now }: State,
  { state, retryInMs }: ChatEvent & { event: "relay" },
): RelayState {
  if (state !== "reconnecting") return { state };
  return { state, retryAt: retryInMs === undefined ? undefined : now + retryInMs };
}

/** Adds the sentence for an event, unless the header or the status line shows it. */
function withSentence(
  state: State,
  { event, before }: { readonly event: ChatEvent; readonly before: State },
): State {
  const { isLeaving, by } = state;
  const names = {
    peer: state.peer ?? YOUR_PEER,
    relay: state.relayName,
    isFreeCluster: state.isFreeCluster,
    by,
    isLeaving,
  };
  const sentence = sentenceOf(lasting(event), names);
  if (!sentence) return state;
  if (isLast(event)) {
    // This is read when the screen is gone: it does not name the peer.
    const last = sentenceOf(event, { ...names, peer: YOUR_PEER })!;
    const farewell = [...state.farewell, last.text];
    if (event.event !== "burnt") return { ...state, farewell };
    // The last screen says who erased the conversation, too.
    return {
      ...state,
      farewell,
      log: told(state.log, sentence.weight, sentence.text, state.wall),
    };
  }
  if (event.event === "waiting" || event.event === "invite") return state;
  // A lost connection is told once; every retry is in the status line.
  if (event.event === "relay" && before.relay.state === event.state) return state;
  return { ...state, log: told(state.log, sentence.weight, sentence.text, state.wall) };
}

/** The event as far as it is true for longer than a moment. */
function lasting(event: ChatEvent): ChatEvent {
  if (event.event !== "relay") return event;
  const { retryInMs: _, ...rest } = event;
  return rest;
}

/** What a person has to know after leaving. A fatal error is printed when the screen is gone. */
function isLast(event: ChatEvent): boolean {
  return event.event === "closed" || event.event === "burnt";
}

/** A message that expired does not come back by any key. */
function expire(state: State, { from, seq }: ChatEvent & { event: "expired" }): State {
  const log = expired(state.log, from, seq);
  const id = from === "you" ? sendIdOf(state.log, seq) : undefined;
  if (id === undefined) return { ...state, log };
  return forgetSent({ ...state, log }, id);
}

/** The state without what could bring a message of one's own back. */
function forgetSent(state: State, id: string): State {
  const history = withoutLine(state.history, id);
  return { ...forgetGone(state, history), history };
}

/** The state without the conversation, and without anything that brings a part of it back. */
export function forgetAll(state: State): State {
  return {
    ...forgetGone(state, []),
    log: cleared(state.log),
    relayView: undefined,
    scroll: "tail",
    unread: 0,
    undisplayed: [],
    history: [],
    search: undefined,
    find: undefined,
  };
}
