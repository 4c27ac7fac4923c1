/**
 * The conversation on the screen: messages, their delivery, and what the program said in between. Every
 * change makes a new list; what did not change stays the same object, so that its rows need not be laid
 * out again.
 *
 * @module
 */
import type { MessageRef } from "../../chat/events.ts";
import { safeText } from "../../terminal/safe_text.ts";
import { quoted, type RecentMessage } from "../recent.ts";
import { isSameDay } from "../common.ts";
import { PLAIN_TEXTS } from "../messages/plain.ts";
import { DELIVERY_WORDS } from "../messages/tui.ts";
import type { Weight } from "../messages/events.ts";
import { List } from "./list.ts";

/** What became of a message of one's own. */
export type DeliveryStatus = keyof typeof DELIVERY_WORDS;

/** One thing in the conversation. `id` grows from one to the next. */
export type Entry =
  & {
    readonly id: number;
    /** Milliseconds since 1970. */
    readonly at: number;
    /** The entry before is of another day. */
    readonly isNewDay?: true;
  }
  & (
    | {
      readonly kind: "peer";
      readonly who: string;
      readonly text: string;
      readonly seq: number;
      /** `late`, `written 14:02`. */
      readonly notes: readonly string[];
      readonly quote?: ShownQuote | undefined;
    }
    | {
      readonly kind: "own";
      readonly text: string;
      readonly sendId: string;
      readonly seq: number | undefined;
      readonly status: DeliveryStatus;
      readonly quote?: ShownQuote | undefined;
    }
    | {
      readonly kind: "program";
      readonly weight: Weight;
      readonly text: string;
      /** True for rows of a picture, which are shown as they are. */
      readonly isPicture?: true;
    }
  );

/** The message that a reply answers, as it stands above the reply. */
export interface ShownQuote {
  /** Its entry; undefined where it was gone already. */
  readonly id: number | undefined;
  /** Who wrote it, as they are called on this screen. */
  readonly who: string;
  /** One's own copy of it, on one line; undefined where it is gone. */
  readonly text: string | undefined;
}

/** A message of the peer. */
export type PeerEntry = Entry & { readonly kind: "peer" };
/** A message of one's own. */
export type OwnEntry = Entry & { readonly kind: "own" };

/** The conversation. */
export interface Log {
  readonly entries: List<Entry>;
  readonly nextId: number;
  /** Statuses of messages that are not shown yet: queueing can be quicker than showing. */
  readonly early: Readonly<Record<string, DeliveryStatus>>;
}

/** An empty conversation. */
export const EMPTY_LOG: Log = { entries: List.from([]), nextId: 1, early: {} };

/** Adds a message of the peer. */
export function heard(
  log: Log,
  message: Pick<PeerEntry, "who" | "text" | "seq" | "notes" | "at" | "quote">,
): Log {
  return append(log, { kind: "peer", id: log.nextId, ...message, text: safeText(message.text) });
}

/** Adds a message of one's own. */
export function said(
  log: Log,
  message: Pick<OwnEntry, "sendId" | "text" | "at" | "quote">,
): Log {
  const { [message.sendId]: status = "sending", ...early } = log.early;
  return append({ ...log, early }, {
    kind: "own",
    id: log.nextId,
    ...message,
    text: safeText(message.text),
    seq: undefined,
    status,
  });
}

/** Adds something that the program says. */
export function told(log: Log, weight: Weight, text: string, at: number): Log {
  return append(log, { kind: "program", id: log.nextId, at, weight, text: safeText(text) });
}

/** Adds a picture. */
export function drawn(log: Log, rows: readonly string[], at: number): Log {
  const [id, text] = [log.nextId, rows.join("\n")];
  return append(log, { kind: "program", id, at, weight: "quiet", text, isPicture: true });
}

/** Notes what became of a message of one's own. */
export function delivery(log: Log, sendId: string, status: DeliveryStatus, seq?: number): Log {
  const index = log.entries.findLastIndex((one) => one.kind === "own" && one.sendId === sendId);
  const entry = log.entries.at(index);
  if (index < 0 || entry?.kind !== "own") {
    // A message that was cleared leaves nothing behind; only a queued one is known before it is shown.
    return status === "queued" ? { ...log, early: { ...log.early, [sendId]: status } } : log;
  }
  const entries = log.entries.with(index, { ...entry, status, seq: seq ?? entry.seq });
  return { ...log, entries };
}

/** These messages will not be delivered. */
export function failed(log: Log, ids: readonly string[]): Log {
  const lost = new Set(ids);
  const entries = Array.from(
    log.entries,
    (one) =>
      one.kind === "own" && lost.has(one.sendId) && one.status !== "delivered"
        ? { ...one, status: "failed" as const }
        : one,
  );
  return { ...log, entries: List.from(entries) };
}

/** The id under which a message of one's own was sent. */
export function sendIdOf(log: Log, seq: number): string | undefined {
  const entry = log.entries.findLast((one) => one.kind === "own" && one.seq === seq);
  return entry?.kind === "own" ? entry.sendId : undefined;
}

/** Removes a message that expired. */
export function expired(log: Log, from: "you" | "peer", seq: number): Log {
  const kind = from === "you" ? "own" : "peer";
  // Numbers begin again with each epoch: the newest is meant.
  const index = log.entries.findLastIndex((one) => one.kind === kind && one.seq === seq);
  return index < 0 ? log : without(log, index);
}

/** Removes a message of one's own that was taken back. */
export function takenBack(log: Log, sendId: string): Log {
  const index = log.entries.findLastIndex((one) => one.kind === "own" && one.sendId === sendId);
  return index < 0 ? log : without(log, index);
}

/** Removes an entry, and its words from every quote. */
function without(log: Log, index: number): Log {
  const removed = log.entries.at(index)!;
  const { id, isNewDay } = removed;
  const entries = [...log.entries].toSpliced(index, 1).map((one): Entry =>
    one.kind !== "program" && one.quote?.id === id
      ? { ...one, quote: { ...one.quote, id: undefined, text: undefined } }
      : one
  );
  const next = entries[index];
  // The day begins with what comes next.
  if (isNewDay && next && isSameDay(next.at, removed.at)) {
    entries[index] = { ...next, isNewDay };
  }
  return { ...log, entries: List.from(entries) };
}

/** Numbers begin again with the next session: messages of one's own lose theirs. */
export function endSession(log: Log): Log {
  const entries = Array.from(
    log.entries,
    (one) => one.kind === "own" ? { ...one, seq: undefined } : one,
  );
  return { ...log, entries: List.from(entries) };
}

/** The message of that name, in the session that began with entry `epochFrom`. */
export function quoteOf(
  { entries }: Log,
  { from, seq }: MessageRef,
  { epochFrom, peer }: { readonly epochFrom: number; readonly peer: string },
): ShownQuote {
  const entry = entries.findLast((one) =>
    from === "you"
      ? one.kind === "own" && one.seq === seq
      : one.kind === "peer" && one.seq === seq && one.id >= epochFrom
  );
  const who = from === "you" ? PLAIN_TEXTS.you : peer;
  if (!entry || entry.kind === "program") return { who, id: undefined, text: undefined };
  return { who, id: entry.id, text: quoted(entry.text) };
}

/** The messages, as commands name them. */
export function recentMessages({ entries }: Log, epochFrom: number): RecentMessage[] {
  return [...entries].flatMap((one): RecentMessage[] => {
    if (one.kind === "program") return [];
    const from = one.kind === "own" ? "you" : "peer";
    const seq = from === "peer" && one.id < epochFrom ? undefined : one.seq;
    return [{ from, seq, text: one.text }];
  });
}

/** Removes everything. */
export function cleared(log: Log): Log {
  return { ...log, entries: List.from([]), early: {} };
}

function append(log: Log, entry: Entry): Log {
  const last = log.entries.at(-1);
  const isNewDay = last !== undefined && !isSameDay(last.at, entry.at);
  const added: Entry = isNewDay ? { ...entry, isNewDay } : entry;
  return { ...log, entries: log.entries.append(added), nextId: entry.id + 1 };
}
