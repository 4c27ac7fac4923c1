/**
 * Does what a person typed: the same in the full screen and the plain interface.
 *
 * @module
 */
import type { Controls, MessageRef, RoomKind } from "../chat/events.ts";
import { Failure } from "../errors.ts";
import type { FactsOf } from "../failure_reasons.ts";
import type { ScreenParts } from "./interface.ts";
import { describeFailure } from "./messages/failures.ts";
import { documentLines } from "./messages/relay_documents.ts";
import { SLASH_COMMAND_TEXTS as TEXTS } from "./messages/slash_commands.ts";
import { relayLines, timerLine, verifyLines, whoLines } from "./messages/events.ts";
import { asTyped, type RecentMessage } from "./recent.ts";
import { commandHelp, parseTimer, parseVerdict, readTyped, typedPath } from "./slash_commands.ts";
import { splitText } from "./split.ts";

/** What a screen provides for that. */
export interface Screen {
  /** Shows lines of the program's own. */
  tell(lines: readonly string[]): void;
  /** Shows what could not be done, and what to do. */
  problem(text: string): void;
  /** Shows a message of one's own that is being sent under `id`, below the one that it answers. */
  said(id: string, text: string, reply?: MessageRef): void;
  /** The messages on the screen, the newest last. */
  recent(): readonly RecentMessage[];
  /** Shows the documents on the relay, in place of the conversation where that is possible. */
  flip(lines: readonly string[]): void;
  /** Whether they were in its place when the line was typed that is being performed. */
  wasFlipped(): boolean;
  /** Gives a text to the person to edit. */
  edit(text: string): void;
  /**
   * Shows the newest message with a text; the next older one when repeated, or without a text.
   *
   * @returns what was not found, or why nothing was looked for; undefined for a message that is shown.
   */
  find(text: string): "nothing" | "no-text" | "no-conversation" | undefined;
  /** Takes the conversation off the screen. */
  clear(): void;
  /** Puts a text on the clipboard of the terminal; false where there is none. */
  copy(text: string): boolean;
  /** Mutes or unmutes notifications; returns whether they are muted now. */
  mute(): boolean;
  /** How the relay is doing, in a sentence. */
  relayState(): string;
  /** Shows the rows of a picture; returns the window that it needs where this one is too small. */
  draw(rows: readonly string[]): { readonly columns: number; readonly rows: number } | undefined;
  /** The keys that do something here, for the help. */
  keys(): readonly (readonly [keys: string, help: string])[];
}

/** A line that is being performed. */
export interface Performing {
  /** Whether it ends the chat: nothing typed after it is for the peer. */
  readonly isLeaving: boolean;
  /** Settles when it was performed. Rejects only for a bug. */
  readonly done: Promise<void>;
}

/** Performs lines. */
export class Performer {
  readonly #screen: Screen;
  readonly #parts: Pick<ScreenParts, "by" | "clock" | "link">;
  /** Whether the line before was a `/burn` that asked for confirmation. */
  #isBurnAsked = false;
  /** A text that is too long for one message: an empty line sends it as several. */
  #long: { readonly text: string; readonly id: string } | undefined;

  constructor(screen: Screen, parts: Pick<ScreenParts, "by" | "clock" | "link">) {
    this.#screen = screen;
    this.#parts = parts;
  }

  /**
   * Performs a line; what a person can fix is shown on the screen.
   *
   * @param entered the line, or several.
   * @param id names the message, if the line is one.
   * @param isText whether it is a message, whatever it looks like.
   */
  perform(
    entered: string,
    { controls, id, isText = false }: { controls: Controls; id: string; isText?: boolean },
  ): Performing {
    // A paste of whole lines ends with a line break, which would be an empty row for the peer.
    const line = entered.replace(/\n+$/, "");
    const typed = isText && line.trim() !== ""
      ? { kind: "text" as const, text: line }
      : readTyped(line, this.#parts.by);
    const long = this.#long;
    this.#long = undefined;
    // Under the id of the line, by which the history names it: it is forgotten with the message.
    if (long && typed.kind === "nothing") {
      const done = this.#settle(() => this.#sendParts(long.text, { controls, id: long.id }));
      return { isLeaving: false, done };
    }
    const isBurnAsked = this.#isBurnAsked;
    this.#isBurnAsked = false;
    const is = (name: string) => typed.kind === "command" && typed.name === name;
    if (is("burn") && !isBurnAsked) {
      this.#isBurnAsked = true;
      this.#screen.problem(TEXTS.confirmBurn);
      return { isLeaving: false, done: Promise.resolve() };
    }
    const done = this.#settle(() => this.#perform(typed, { controls, id }));
    return { isLeaving: is("burn") || is("exit"), done };
  }

  /** Sends a text; one that is too long for a message is offered as several. */
  #send(text: string, { controls, id }: { controls: Controls; id: string }): void {
    try {
      controls.send(text, id);
    } catch (error) {
      if (!(error instanceof Failure) || error.reason !== "message-too-long") throw error;
      const { bytes, maxBytes } = error.facts as FactsOf<"message-too-long">;
      this.#long = { text, id };
      return this.#screen.problem(TEXTS.tooLong(bytes, maxBytes, splitText(text).length));
    }
    this.#screen.said(id, text);
  }

  /** Sends a text, whatever it begins with, as as many messages as it needs. */
  #sendParts(text: string, { controls, id }: { controls: Controls; id: string }): void {
    for (const [index, part] of splitText(text).entries()) {
      const partId = index === 0 ? id : `${id}.${index + 1}`;
      controls.send(part, partId);
      this.#screen.said(partId, part);
    }
  }

  /** Takes the newest queued message back, as the line that sends it again; undefined for none. */
  takeBack(controls: Controls): string | undefined {
    const taken = controls.takeBack();
    return taken && asTyped(taken, this.#screen.recent());
  }

  async #settle(action: () => void | Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { message, hint } = describeFailure(error);
      this.#screen.problem(`${message} ${hint}`);
    }
  }

  async #perform(
    typed: ReturnType<typeof readTyped>,
    { controls, id }: { controls: Controls; id: string },
  ): Promise<void> {
    const screen = this.#screen;
    const { by, clock } = this.#parts;
    switch (typed.kind) {
      case "nothing":
        return;
      case "text":
        return this.#send(typed.text, { controls, id });
      case "unknown":
        return screen.problem(TEXTS.unknown(typed.meant));
    }
    const overview = () => controls.overview();
    switch (typed.name) {
      case "help":
        return screen.tell(helpLines({ by, keys: screen.keys() }));
      case "who":
        return screen.tell(whoLines(overview(), clock.now()));
      case "verify":
        return this.#verify(typed.argument, controls);
      case "relay":
        return await this.#relay(controls);
      case "invite":
        return await controls.invite(typed.argument || undefined);
      case "send":
        if (typed.argument === "") return screen.problem(TEXTS.sendUsage);
        return await controls.files.send(typedPath(typed.argument), id);
      case "accept":
      case "refuse":
      case "cancel":
        return await controls.files[typed.name](typed.argument || undefined);
      case "timer":
        if (typed.argument !== "") return controls.setTimer(parseTimer(typed.argument));
        return screen.tell([TEXTS.timer(timerLine(overview()))]);
      case "reply":
        return this.#reply(typed.argument, { controls, id });
      case "edit": {
        const line = this.takeBack(controls);
        if (line === undefined) throw new Failure("nothing-queued");
        return screen.edit(line);
      }
      case "share":
        return await this.#share(typed.argument.toLowerCase(), overview().code);
      case "copy":
        return this.#copy(typed.argument, overview().code);
      case "mute":
        return screen.tell([screen.mute() ? TEXTS.muted : TEXTS.unmuted]);
      case "find": {
        const problem = screen.find(typed.argument);
        return problem && screen.problem(TEXTS.find[problem]);
      }
      case "clear":
        return screen.clear();
      case "burn":
        return await controls.burn();
      case "exit":
        return await controls.leave("exit");
      case "say":
        return;
      default:
        return typed.name satisfies never;
    }
  }

  #verify(answer: string, controls: Controls): void {
    const overview = controls.overview();
    if (answer === "" || overview.wordHalves === undefined) {
      return this.#screen.tell(verifyLines(overview));
    }
    const isSame = parseVerdict(answer);
    if (isSame === undefined) throw new Failure("invalid-verdict");
    controls.verify(isSame);
  }

  /** How the relay is doing is known at once; what lies there has to be asked for. */
  async #relay(controls: Controls): Promise<void> {
    const screen = this.#screen;
    // The conversation is there again.
    if (screen.wasFlipped()) return;
    const overview = controls.overview();
    screen.tell(relayLines(overview, screen.relayState()));
    if (overview.openForMs === undefined || !overview.isRelayUp) return;
    screen.flip(documentLines(await controls.documents()));
  }

  #reply(argument: string, { controls, id }: { controls: Controls; id: string }): void {
    const screen = this.#screen;
    const [, place, text = ""] = /^(?:(\d{1,3})(?:\s+|$))?([^]*)$/.exec(argument)!;
    if (text === "") return screen.problem(TEXTS.replyUsage);
    const answered = place === undefined
      ? screen.recent().findLast(({ from }) => from === "peer")
      : screen.recent().at(-Number(place));
    if (!answered || place === "0") {
      const isLast = place === undefined;
      return screen.problem(isLast ? TEXTS.nothingToAnswer : TEXTS.noMessage(Number(place)));
    }
    const { from, seq } = answered;
    if (seq === undefined) throw new Failure("no-such-message");
    controls.send(text, id, { from, seq });
    screen.said(id, text, { from, seq });
  }

  async #share(argument: string, code: string | undefined): Promise<void> {
    const screen = this.#screen;
    const isAll = argument === "all";
    if (!isAll && argument !== "") return screen.problem(TEXTS.shareUsage);
    if (isAll && code === undefined) return screen.problem(TEXTS.noCodeToShare);
    const { link: makeLink } = this.#parts;
    if (!makeLink) throw new Failure("relay-link-local");
    const link = makeLink(isAll ? code : undefined);
    screen.tell([TEXTS.shareAbout, link, ...isAll ? [TEXTS.shareCode] : []]);
    const { qrRows } = await import("./qr.ts");
    const needed = screen.draw(qrRows(link));
    if (needed) screen.tell([TEXTS.noPicture(needed.columns, needed.rows)]);
  }

  #copy(argument: string, code: string | undefined): void {
    const screen = this.#screen;
    if (argument === "" && code !== undefined) {
      return screen.tell([screen.copy(code) ? TEXTS.copied : TEXTS.noClipboard]);
    }
    const place = argument === "" ? 1 : /^\d{1,3}$/.test(argument) ? Number(argument) : 0;
    if (place === 0) return screen.problem(TEXTS.notANumber);
    const message = screen.recent().at(-place);
    if (!message) return screen.problem(TEXTS.noMessage(place));
    screen.tell([screen.copy(message.text) ? TEXTS.copiedMessage : TEXTS.noClipboard]);
  }
}

function helpLines({ by, keys }: { by: RoomKind; keys: ReturnType<Screen["keys"]> }): string[] {
  const entries = [...commandHelp(by), ...keys];
  const width = Math.max(...entries.map(([usage]) => usage.length)) + 2;
  return entries.map(([usage, help]) => `${usage.padEnd(width)}${help}`);
}
