/**
 * The status line: what is waited for and for how long, how the relay is, what holds at the moment.
 *
 * @module
 */
import { duration } from "../messages/events.ts";
import type { State } from "./state.ts";

/** What there is to say, the most pressing first. */
export function statusText(state: State): string {
  return [waiting(state), relay(state), heard(state), timer(state), state.isMuted ? "muted" : ""]
    .filter((part) => part !== "").join(" · ");
}

function waiting({ waiting, now }: State): string {
  if (!waiting) return "";
  const since = span(now - waiting.since);
  const limit = waiting.atMostMs === undefined ? "" : ` of at most ${span(waiting.atMostMs)}`;
  switch (waiting.for) {
    case "guest":
      return `Waiting for the other one, ${since}: Ctrl+C stops`;
    case "host":
      return `Waiting for an answer, ${since}${limit}: Ctrl+C stops`;
    case "handshake":
      return `Somebody comes in, the code is being checked, ${since}: Ctrl+C stops`;
    case "goodbye":
      return `Cleaning up, ${since}${limit}: Ctrl+C leaves at once`;
  }
}

function relay({ relay, relayName, latencyMs, now, log }: State): string {
  switch (relay.state) {
    case "connecting":
      return `Connecting to ${relayName}, ${span(now - relay.since)}: Ctrl+C stops`;
    case "up":
      return `Relay: ${relayName}${latencyMs === undefined ? "" : `, ${Math.round(latencyMs)} ms`}`;
    case "reconnecting": {
      const left = relay.retryAt === undefined ? 0 : relay.retryAt - now;
      const next = left > 0 ? `next try in ${span(left)}` : "trying again";
      const queued =
        log.entries.filter((one) =>
          one.kind === "own" && (one.fate === "queued" || one.fate === "sending")
        ).length;
      return `Out of reach: ${relayName}, ${next}${queued > 0 ? `, ${queued} kept` : ""}`;
    }
    case "down":
      return `Lost: ${relayName}`;
  }
}

function heard({ peer, presence, heardAt, now }: State): string {
  if (peer === undefined || heardAt === undefined || presence === "left") return "";
  return `heard ${ago(now - heardAt)}`;
}

function timer({ timerSeconds }: State): string {
  return timerSeconds === 0 ? "" : `texts vanish after ${duration(timerSeconds)}`;
}

/** How long ago, no more precisely than anybody cares for. */
function ago(ms: number): string {
  return ms < 10_000 ? "just now" : `${span(ms)} ago`;
}

/** `42 s`, `3 min`, `2 h`. */
function span(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000 - 0.001));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
