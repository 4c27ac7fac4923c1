/**
 * The status line: what is being waited for and for how long, how the relay is doing, what is set.
 *
 * @module
 */
import { bytesOf, MAX_TEXT_BYTES } from "../../limits.ts";
import { textOf } from "../../terminal/editor.ts";
import { STATUS_TEXTS } from "../messages/tui.ts";
import { duration, secretWord } from "../messages/events.ts";
import { progressText } from "../messages/files.ts";
import { clip } from "../../terminal/text.ts";
import type { Entry } from "./log.ts";
import type { State } from "./state.ts";

/** Cells for the name of a file. */
const MAX_NAME_CELLS = 20;
/** A draft of this share of the longest message shows its size. */
const COUNT_FROM = 0.75;

/** The parts of the status, the most important first. */
export function statusText(state: State): string {
  if (state.isEnded) return STATUS_TEXTS.ended;
  const { timerSeconds, file, isMuted } = state;
  return [
    size(state),
    waiting(state),
    relay(state),
    heard(state),
    timerSeconds > 0 && STATUS_TEXTS.timer(duration(timerSeconds)),
    file && STATUS_TEXTS.file(clip(file.name, MAX_NAME_CELLS), progressText(file)),
    isMuted && STATUS_TEXTS.muted,
  ].filter(Boolean).join(" · ");
}

/** How long the draft is, when it comes close to the longest message. */
function size({ draft }: State): string {
  // Never more bytes than three for each UTF-16 unit.
  const text = textOf(draft);
  if (3 * text.length < COUNT_FROM * MAX_TEXT_BYTES) return "";
  const bytes = bytesOf(text);
  return bytes < COUNT_FROM * MAX_TEXT_BYTES ? "" : STATUS_TEXTS.bytes(bytes, MAX_TEXT_BYTES);
}

function waiting({ waiting, now, by }: State): string {
  if (!waiting) return "";
  const since = span(now - waiting.since);
  const limit = waiting.atMostMs === undefined ? "" : STATUS_TEXTS.atMost(span(waiting.atMostMs));
  switch (waiting.for) {
    case "guest":
      return STATUS_TEXTS.guest(since);
    case "host":
      return STATUS_TEXTS.host(since, limit);
    case "handshake":
      return STATUS_TEXTS.handshake(secretWord(by), since);
    case "goodbye":
      return STATUS_TEXTS.goodbye(since, limit);
  }
}

function relay({ relay, relayName, latencyMs, now, log }: State): string {
  switch (relay.state) {
    case "connecting":
      return STATUS_TEXTS.connecting(relayName, span(now - relay.since));
    case "up":
      return STATUS_TEXTS.up(
        relayName,
        latencyMs === undefined ? "" : `${Math.round(latencyMs)} ms`,
      );
    case "reconnecting": {
      const left = relay.retryAt === undefined ? 0 : relay.retryAt - now;
      const next = left > 0 ? STATUS_TEXTS.retryIn(span(left)) : STATUS_TEXTS.retrying;
      const isQueued = (one: Entry) =>
        one.kind === "own" && (one.status === "queued" || one.status === "sending");
      const queued = [...log.entries].filter(isQueued).length;
      return STATUS_TEXTS.reconnecting(relayName, next, queued);
    }
    case "down":
      return STATUS_TEXTS.down(relayName);
  }
}

function heard({ peer, presence, heardAt, now }: State): string {
  if (peer === undefined || heardAt === undefined || presence === "left") return "";
  const ms = now - heardAt;
  return STATUS_TEXTS.heard(ms < 10_000 ? STATUS_TEXTS.justNow : STATUS_TEXTS.ago(span(ms)));
}

/** `42 s`, `3 min`, `2 h`. */
function span(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000 - 0.001));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
