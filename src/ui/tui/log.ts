/**
 * The conversation as it is kept for the screen: what was said, what became of it, and what the
 * program said in between. Every change makes a new list; what did not change stays the same object,
 * so that its rows need not be laid out again.
 *
 * @module
 */
import { safeText } from "../../terminal/safe_text.ts";
import type { Weight } from "../messages/events.ts";

/** What has become of a text of one's own. */
export type Fate = "sending" | "queued" | "relay" | "seen" | "undelivered" | "lost";

/** One thing in the conversation. `id` grows from one to the next. */
export type Entry =
  & { readonly id: number; /** Milliseconds since 1970. */ readonly at: number }
  & (
    | {
      readonly kind: "peer";
      readonly who: string;
      readonly text: string;
      readonly seq: number;
      /** `late`, `written 14:02`. */
      readonly notes: readonly string[];
    }
    | {
      readonly kind: "own";
      readonly text: string;
      readonly sendId: string;
      readonly seq: number | undefined;
      readonly fate: Fate;
    }
    | { readonly kind: "program"; readonly weight: Weight; readonly text: string }
  );

/** What is kept. */
export interface Log {
  readonly entries: readonly Entry[];
  readonly nextId: number;
  /** Fates that were told before the text was: sending can be quicker than showing. */
  readonly early: Readonly<Record<string, Fate>>;
}

/** Nothing said. */
export const EMPTY_LOG: Log = { entries: [], nextId: 1, early: {} };

/** What a state of a text is called on the screen. */
export const FATE_WORDS: Readonly<Record<Fate, string>> = {
  sending: "sending",
  queued: "queued",
  relay: "on relay",
  seen: "seen",
  undelivered: "not delivered",
  lost: "not sent",
};

/** Adds a text of the other one. */
export function heard(
  log: Log,
  { who, text, seq, notes, at }: {
    who: string;
    text: string;
    seq: number;
    notes: readonly string[];
    at: number;
  },
): Log {
  const id = log.nextId;
  return append(log, { kind: "peer", id, at, who, text: safeText(text), seq, notes });
}

/** Adds a text of one's own. */
export function said(log: Log, { sendId, text, at }: { sendId: string; text: string; at: number }) {
  const { [sendId]: fate = "sending", ...early } = log.early;
  const entry: Entry = {
    kind: "own",
    id: log.nextId,
    at,
    sendId,
    text: safeText(text),
    seq: undefined,
    fate,
  };
  return append({ ...log, early }, entry);
}

/** Adds something that the program says. */
export function told(log: Log, weight: Weight, text: string, at: number): Log {
  return append(log, { kind: "program", id: log.nextId, at, weight, text: safeText(text) });
}

/** Notes what has become of a text. */
export function fated(log: Log, sendId: string, fate: Fate, seq?: number): Log {
  const index = log.entries.findLastIndex((one) => one.kind === "own" && one.sendId === sendId);
  const entry = log.entries[index];
  if (entry?.kind !== "own") {
    // Of a text that was cleared away nothing is kept; only a queue tells before the text is shown.
    return fate === "queued" ? { ...log, early: { ...log.early, [sendId]: fate } } : log;
  }
  return {
    ...log,
    entries: log.entries.with(index, { ...entry, fate, seq: seq ?? entry.seq }),
  };
}

/** These messages will not be delivered any more. */
export function undelivered(log: Log, ids: readonly string[]): Log {
  const lost = new Set(ids);
  const entries = log.entries.map((one) =>
    one.kind === "own" && lost.has(one.sendId) && one.fate !== "seen"
      ? { ...one, fate: one.fate === "relay" ? "undelivered" as const : "lost" as const }
      : one
  );
  return { ...log, entries };
}

/** Takes out a text whose time is over. */
export function expired(log: Log, from: "you" | "peer", seq: number): Log {
  const kind = from === "you" ? "own" : "peer";
  // Numbers begin anew with each epoch: the newest is meant.
  const index = log.entries.findLastIndex((one) => one.kind === kind && one.seq === seq);
  return index < 0 ? log : { ...log, entries: log.entries.toSpliced(index, 1) };
}

/** Takes everything out. */
export function cleared(log: Log): Log {
  return { ...log, entries: [], early: {} };
}

function append(log: Log, entry: Entry): Log {
  return { ...log, entries: [...log.entries, entry], nextId: entry.id + 1 };
}
