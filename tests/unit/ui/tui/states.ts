/**
 * States of the screen for tests, and what is seen of them.
 *
 * @module
 */
import type { AlarmKind, ChatEvent, RoomKind } from "../../../../src/chat/events.ts";
import { Failure } from "../../../../src/errors.ts";
import { type Frame, view } from "../../../../src/ui/tui/view.ts";
import { type Input, KeyDecoder } from "../../../../src/terminal/keys.ts";
import { type Action, reduce } from "../../../../src/ui/tui/update.ts";
import { begin, type State } from "../../../../src/ui/tui/state.ts";

/** Two minutes past two in the afternoon, wherever the tests run. */
export const TWO_PAST_TWO: number = new Date(2026, 0, 5, 14, 2).getTime();

/** The relay is there. */
export const UP: ChatEvent & { event: "relay" } = {
  event: "relay",
  state: "up",
  kind: "mongodb",
  watch: "stream",
};

/** A peer is connected. */
export function ready(peer = "Bob"): ChatEvent {
  return { event: "ready", peer, verify: ["a", "b"] };
}

/** A message arrives. */
export function message(text: string, seq = 1, at = TWO_PAST_TWO): ChatEvent {
  return { event: "message", from: "Bob", text, seq, at: new Date(at).toISOString() };
}

/** An alarm. */
export function alarm(kind: AlarmKind = "third-party"): ChatEvent {
  return { event: "alarm", kind, count: 1 };
}

/** A state, and everything that happens to it. */
export class Story {
  state: State;
  readonly #decoder = new KeyDecoder();

  constructor({ columns = 80, rows = 24, name = "Alice", by = "code" as RoomKind } = {}) {
    this.state = begin({
      columns,
      rows,
      theme: "none",
      followsTheme: false,
      now: 0,
      wall: TWO_PAST_TWO,
      ownName: name,
      room: "4821",
      by,
      relayName: "MongoDB",
      isLocal: false,
      isMuted: false,
      paths: undefined,
    });
  }

  /** Actions, in order. */
  do(...actions: Action[]): this {
    for (const action of actions) this.state = reduce(this.state, action);
    return this;
  }

  /** Events of the chat, in order. */
  hear(...events: ChatEvent[]): this {
    return this.do(...events.map((event): Action => ({ action: "event", event })));
  }

  /** What a terminal sends. */
  type(...pieces: string[]): this {
    const take = (input: Input) => this.do({ action: "input", input });
    for (const piece of pieces) {
      this.#decoder.add(piece, { guessPastes: true });
      for (let input = this.#decoder.next(); input; input = this.#decoder.next()) take(input);
      const last = this.#decoder.settle();
      if (last) take(last);
    }
    return this;
  }

  /** Says a text of one's own. */
  say(id: string, text: string): this {
    return this.do({ action: "said", id, text });
  }

  /** What is seen, row by row, without colors. */
  get lines(): string[] {
    return this.#frame.rows.map(({ raw }) => withoutStyles(raw).trimEnd());
  }

  /** The same as one text. */
  get text(): string {
    return this.lines.join("\n");
  }

  /** Where the cursor is. */
  get cursor(): { readonly row: number; readonly column: number } {
    return this.#frame.cursor;
  }

  get #frame(): Frame {
    return view(this.state);
  }
}

/** The text alone. */
export function withoutStyles(text: string): string {
  // deno-lint-ignore no-control-regex -- the styles begin with one
  return text.replaceAll(/\x1b\[[\d;]*m/g, "");
}

/** A failure whose sentence is `text`. */
export function failureSaying(text: string): Failure {
  return new Failure("server-error", { text, code: undefined });
}
