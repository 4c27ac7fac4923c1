/**
 * What every way of showing a chat does.
 *
 * @module
 */
import type { ChatEvent, Controls, RoomKind } from "../chat/events.ts";
import type { Clock } from "../clock.ts";
import type { Failure } from "../errors.ts";
import type { TerminalInput } from "../terminal/prompt.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { CompletePath } from "./slash_commands.ts";

/**
 * Makes a link to the relay of this chat.
 *
 * @param code an invite code that the link is to carry.
 * @throws {Failure} where there is no link to such a relay.
 */
export type MakeLink = (code?: string) => string;

/** What both interfaces for people are made of. */
export interface ScreenParts {
  readonly terminal: Terminal;
  readonly input: TerminalInput;
  readonly clock: Clock;
  /** One's own name. */
  readonly name: string;
  /** What the relay is called. */
  readonly relay: string;
  /** Whether the relay is this computer. */
  readonly isLocal: boolean;
  /** True for a relay that may be a free cluster of Atlas, which has limits. */
  readonly isFreeCluster?: boolean | undefined;
  /** How the two agreed on the room. */
  readonly by: RoomKind;
  /** No bell and no notifications. */
  readonly quiet: boolean;
  /** What Tab completes the path of a file with; undefined without a folder for files. */
  readonly paths?: CompletePath | undefined;
  /** Undefined for a relay without links. */
  readonly link?: MakeLink | undefined;
}

/** One way of showing a chat. */
export interface Interface {
  /**
   * When a fatal error is printed on standard error: as soon as the chat has ended, once the terminal
   * is restored, or not at all, because the interface has shown it as an event.
   */
  readonly failureAt: "end" | "close" | "event";
  /** Shows an event. Never throws. */
  hear(event: ChatEvent): void;
  /**
   * Passes what the person types to the chat, until `over` is aborted or nothing more can come; then
   * the chat was asked to end.
   */
  converse(controls: Controls, over: AbortSignal): Promise<void>;
  /**
   * Waits until the person has seen how the chat ended, unless they ended it themselves: what they are
   * typing must not reach the shell. Missing where no person types.
   *
   * @param stop ends the waiting.
   */
  acknowledge?(stop: AbortSignal): Promise<void>;
  /** What it was opened for, and did not succeed in. */
  readonly outcome?: Failure | undefined;
  /** Restores the terminal, with everything shown. Harmless when repeated. */
  close(): Promise<void>;
}
