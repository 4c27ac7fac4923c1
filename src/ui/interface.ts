/**
 * What every way of showing a chat does, and what it is given.
 *
 * @module
 */
import type { ChatEvent, Controls } from "../chat/events.ts";

/** One way of showing a chat. */
export interface Interface {
  /**
   * Shows what happened. Never throws. A fatal error needs no showing to a person: its sentences are
   * said on standard error once the interface is closed.
   */
  hear(event: ChatEvent): void;
  /** Shows a sentence of the program's own, before and beside the chat. */
  tell(text: string): void;
  /**
   * Takes what the person says to the chat, until `over` is aborted or there is nothing more to come;
   * then the chat has been asked to end.
   */
  converse(controls: Controls, over: AbortSignal): Promise<void>;
  /** Puts the terminal back as it was, with everything shown. Harmless when repeated. */
  close(): Promise<void>;
}

/** A line editor on a terminal, or the lines of a pipe. */
export interface Lines {
  readonly isTerminal: boolean;
  /** One line; null at the end of input. */
  readLine(options?: LineOptions): Promise<string | null>;
  /** Shows whole lines above the one that is being typed. */
  print(text: string): void;
}

/** How to read a line. */
export interface LineOptions {
  readonly prompt?: string;
  readonly complete?: (line: string) => readonly string[];
  readonly history?: readonly string[];
  readonly signal?: AbortSignal;
}
