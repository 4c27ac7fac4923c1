/**
 * The last messages of a conversation, for the commands that name one by its place, and the line that
 * stands above a reply.
 *
 * @module
 */
import type { MessageRef, TakenBack } from "../chat/events.ts";
import { safeLine } from "../terminal/safe_text.ts";
import { clip } from "../terminal/text.ts";
import { readTyped } from "./slash_commands.ts";

/** The plain interface remembers as many; earlier ones have scrolled off the screen. */
const MAX_RECENT = 200;
/** A quote is a reminder: more of it has no room on one line. */
const MAX_QUOTE_CELLS = 200;

/** One message that is on the screen. */
export interface RecentMessage {
  readonly from: "you" | "peer";
  /** Its number; undefined where it has none in the present session, and so cannot be answered. */
  readonly seq: number | undefined;
  /** As it is shown: sanitized. */
  readonly text: string;
}

/** A message on one line. */
export function quoted(text: string): string {
  // The sanitizer need not read what is cut off anyway.
  return clip(safeLine(text.slice(0, 4 * MAX_QUOTE_CELLS)), MAX_QUOTE_CELLS);
}

/** What a person types to send a message that was taken back: the same text, with the same quote. */
export function asTyped(
  { text, reply }: Pick<TakenBack, "text" | "reply">,
  messages: readonly RecentMessage[],
): string {
  const index = messages.findLastIndex(({ from, seq }) =>
    from === reply?.from && seq === reply.seq
  );
  if (index >= 0) return `/reply ${messages.length - index} ${text}`;
  const typed = readTyped(text);
  if (typed.kind === "text" && typed.text === text) return text;
  return text.startsWith("/") ? `/${text}` : `/say ${text}`;
}

/** What the plain interface remembers of the messages on its screen. */
export class RecentMessages {
  #messages: (RecentMessage & { readonly id?: string })[] = [];

  /** All of them, the newest last. */
  get all(): readonly RecentMessage[] {
    return this.#messages;
  }

  /** A message that is shown now. */
  add(message: RecentMessage & { readonly id?: string }): void {
    this.#messages = [...this.#messages, message].slice(-MAX_RECENT);
  }

  /** A message of one's own has its number now. */
  sent(id: string, seq: number): void {
    this.#messages = this.#messages.map((one) => one.id === id ? { ...one, seq } : one);
  }

  /** The message of that name in the present session. */
  find(ref: MessageRef): RecentMessage | undefined {
    return this.#messages.findLast(({ from, seq }) => from === ref.from && seq === ref.seq);
  }

  /** Forgets a message that expired. */
  expired({ from, seq }: MessageRef): void {
    this.#messages = this.#messages.filter((one) => one.from !== from || one.seq !== seq);
  }

  /** Forgets a message that was taken back. */
  takenBack(id: string): void {
    this.#messages = this.#messages.filter((one) => one.id !== id);
  }

  /** Numbers begin again: no message on the screen can be answered. */
  endSession(): void {
    this.#messages = this.#messages.map((one) => ({ ...one, seq: undefined }));
  }

  /** Forgets everything. */
  clear(): void {
    this.#messages = [];
  }
}
