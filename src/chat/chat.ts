/**
 * One running chat from the first connection to the last document removed: which room, which epoch,
 * what the person asks for, and how it ends.
 *
 * @module
 */
import { decodeBase64Url, encodeBase64Url } from "@std/encoding/base64url";
import { type Clock, type Random, sleep, type Timer } from "../clock.ts";
import { EXIT, Failure } from "../errors.ts";
import { type Code, drawCode, drawPassword, formatCode } from "../protocol/code.ts";
import { isUtf8, MAX_TEXT_BYTES, MAX_TIMER_SECONDS, type Payload } from "../protocol/payload.ts";
import { roomOfNameplate } from "../protocol/wire.ts";
import type { Claim, Mailbox, RoomId, Seat } from "../store/mailbox.ts";
import { Alarms } from "./alarms.ts";
import type { Entry } from "./entry.ts";
import type { ChatEvent, CloseReason, Controls, Listener, Overview } from "./events.ts";
import { Link } from "./link.ts";
import { Pairing } from "./pairing.ts";
import { Vanishing } from "./vanishing.ts";

/** What a chat is made of. */
export interface ChatOptions {
  /** The relay, or its opening under way. The chat closes it. */
  readonly mailbox: Promise<Mailbox>;
  readonly entry: Entry;
  readonly name: string;
  readonly lingerMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Listener;
}

/** Milliseconds that leaving may take: asked for politely, and interrupted. */
const LEAVE_MS = 10_000;
const INTERRUPT_MS = 2_000;
/** At the end of input: longer than a relay takes to be reached, and to be given up. */
const FINISH_MS = 30_000;
/** A goodbye that takes longer than this is shown, with the time it may take. */
const GOODBYE_SHOWN_MS = 1_000;
/** How long a guest waits for a host to answer before saying that nobody does. */
const HANDSHAKE_MS = 60_000;
/** A burn is told to the peer before leaving, at most so long. */
const BURN_MS = 2_000;
/** Turns at making or entering an agreed room whose holders come and go at that very moment. */
const MAX_MEETINGS = 5;
/** Texts accepted before anybody is there to read them. */
const MAX_EARLY_TEXTS = 10_000;

/** One chat. */
export class Chat implements Controls {
  readonly #options: ChatOptions;
  readonly #alarms: Alarms;
  readonly #stop = new AbortController();
  readonly #hurry = new AbortController();
  readonly #vanishing: Vanishing;
  #mailbox: Mailbox | undefined;
  #link: Link | undefined;
  #pairing: Pairing | undefined;
  #seat: Seat | undefined;
  #code: Code | undefined;
  #early: { text: string; id: string }[] = [];
  #handshakeTimer: Timer | undefined;
  #leaving: Promise<void> | undefined;
  #isOver = false;
  /** Resolves when the room is open for others, or its host has let us in. */
  readonly #entered = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<number>();
  /** A seat being taken, and an invitation being made; the first never rejects. */
  #seating: Promise<unknown> | undefined;
  #inviting: Promise<void> | undefined;
  #openedAt: number | undefined;
  #failure: Failure | undefined;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#alarms = new Alarms({ clock: options.clock, emit: (event) => this.#emit(event) });
    this.#vanishing = new Vanishing({
      clock: options.clock,
      emit: (event) => this.#emit(event),
      propose: (seconds, agreed) =>
        this.#pairing?.send({ kind: "timer", seconds, agreed }) ?? false,
      isHost: () => this.#seat?.role === "host",
    });
  }

  /** Runs until the chat is over. Resolves with the exit status, never rejects. */
  async run(): Promise<number> {
    this.#begin().catch((error) => {
      if (!this.#leaving) this.#fail(error);
    });
    return await this.#over.promise;
  }

  async #begin(): Promise<void> {
    this.#mailbox = await this.#options.mailbox;
    this.#stop.signal.throwIfAborted();
    this.#openedAt = this.#options.clock.monotonic();
    this.#link = new Link({
      mailbox: this.#mailbox,
      clock: this.#options.clock,
      random: this.#options.random,
      emit: (event) => this.#emit(event),
    });
    await this.#enter();
  }

  /** Why the chat failed, once it is over. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  overview(): Overview {
    const ago = (since: number | undefined) =>
      since === undefined ? undefined : this.#options.clock.monotonic() - since;
    return {
      name: this.#options.name,
      peer: this.#pairing?.peer?.name,
      presence: this.#pairing?.peer ? this.#pairing.presence : undefined,
      words: this.#pairing?.peer?.words,
      code: this.#code && !this.#pairing?.peer ? formatCode(this.#code) : undefined,
      timerSeconds: this.#vanishing.seconds,
      queued: this.#early.length + (this.#pairing?.queued ?? 0),
      heardAgoMs: ago(this.#pairing?.heardAt),
      openForMs: ago(this.#openedAt),
      operations: this.#mailbox?.operations() ?? {},
    };
  }

  send(text: string, id: string): void {
    checkText(text);
    if (this.#leaving) throw new Failure("usage", "The chat is being left.", "Begin a new one.");
    if (this.#pairing?.peer && this.#pairing.presence === "left") {
      const peer = this.#pairing.peer.name;
      throw new Failure(
        "no-peer",
        `${peer} has left, so nobody would read this.`,
        "Use /invite for a fresh code, or /exit.",
      );
    }
    if (this.#pairing?.send({ kind: "text", text }, id)) {
      if (!this.#link?.isUp) this.#emit({ event: "queued", id });
      return;
    }
    if (this.#early.length >= MAX_EARLY_TEXTS) {
      throw new Failure(
        "usage",
        "Too many texts wait to be sent.",
        "Wait for the other one first.",
      );
    }
    this.#early.push({ text, id });
    this.#emit({ event: "queued", id });
  }

  invite(): Promise<void> {
    return this.#inviting ??= this.#invite().finally(() => this.#inviting = undefined);
  }

  async #invite(): Promise<void> {
    const seat = this.#seat;
    const nameplate = this.#code?.nameplate;
    if (!seat || !this.#pairing || this.#leaving) {
      throw new Failure("usage", "There is no room yet.", "Wait until the relay is reached.");
    }
    if (!nameplate) {
      throw new Failure(
        "usage",
        "This room was agreed on beforehand and has no codes.",
        "Leave it, and enter it again on both sides.",
      );
    }
    const { peer, presence, unseen } = this.#pairing;
    if (peer && (presence === "here" || presence === "away")) {
      throw new Failure(
        "usage",
        `${peer.name} is still in the room, and only two fit in it.`,
        "A fresh code can be had once the other one has left or vanished.",
      );
    }
    this.#pairing.stop();
    // What is said from here on waits for whoever comes next.
    this.#pairing = undefined;
    if (unseen > 0) this.#tellUnsent(unseen, `never seen by ${peer?.name ?? "anybody"}`);
    const { random } = this.#options;
    const next = { token: encodeBase64Url(random(16)), epoch: encodeBase64Url(random(8)) };
    const mailbox = this.#mailbox!;
    const answer = await this.#take("invite", async (signal) => {
      const seat_ = await mailbox.reopen(seat, next, { signal });
      return seat_ ? { seat: seat_ } : { refused: "evicted" };
    });
    if (!("seat" in answer)) {
      return this.#fail(new Failure("evicted", EVICTED, "Begin a new chat."));
    }
    this.#code = { nameplate, password: drawPassword(random) };
    this.#vanishing.reset();
    await this.#pairUp(answer.seat, nonceOf(answer.seat), this.#code.password);
    this.#announce();
  }

  setTimer(seconds: number): void {
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_TIMER_SECONDS) {
      throw new Failure(
        "usage",
        "This is no time for a timer.",
        "Use /timer 30s, 5m, 1h, at most 7d, or off.",
      );
    }
    if (!this.#vanishing.propose(seconds)) {
      throw new Failure(
        "no-peer",
        "Nobody is here to agree on a timer.",
        "Wait for the other one.",
      );
    }
  }

  async burn(): Promise<void> {
    this.#emit({ event: "burnt", by: "you" });
    if (this.#pairing?.send({ kind: "burn" })) {
      const patience = Promise.withResolvers<void>();
      const timer = this.#options.clock.after(BURN_MS, patience.resolve);
      await Promise.race([this.#pairing.settle(), patience.promise]);
      timer.cancel();
    }
    await this.leave("burnt");
  }

  /**
   * Leaves: what was said goes out first, then the goodbye, then the seat, and with the last one
   * everything. Bounded in time; a second call waits for the first.
   */
  leave(reason: CloseReason = "exit"): Promise<void> {
    // Whoever interrupts a leaving has waited long enough.
    if (this.#leaving && reason === "interrupted") this.#hurry.abort(tooLate());
    return this.#end({
      reason,
      withinMs: reason === "interrupted" ? INTERRUPT_MS : LEAVE_MS,
    });
  }

  async finish(): Promise<void> {
    const { clock } = this.#options;
    const patience = sleep(clock, FINISH_MS, this.#stop.signal).catch(() => {});
    await Promise.race([this.#entered.promise, this.#over.promise, patience]);
    await this.leave("exit");
  }

  // ---------------------------------------------------------------------------- entering

  async #enter(): Promise<void> {
    const { entry } = this.#options;
    switch (entry.mode) {
      case "new":
        return await this.#open();
      case "join": {
        this.#code = entry.code;
        return await this.#join(roomOfNameplate(entry.code.nameplate), entry.code.password);
      }
      case "room":
        return await this.#meet(entry.room, entry.password);
    }
  }

  async #open(): Promise<void> {
    for (let taken = 0;; taken++) {
      const code = drawCode(this.#options.random, taken);
      const seat = await this.#create(roomOfNameplate(code.nameplate));
      if (!seat) continue;
      this.#code = code;
      await this.#pairUp(seat, nonceOf(seat), code.password);
      return this.#announce();
    }
  }

  async #join(room: RoomId, password: string): Promise<void> {
    const claim = await this.#claim(room);
    if ("refused" in claim) throw refusal(claim.refused);
    await this.#enterAsGuest(claim, password);
  }

  async #meet(room: RoomId, password: string): Promise<void> {
    for (let tries = 1;; tries++) {
      const seat = await this.#create(room);
      if (seat) {
        await this.#pairUp(seat, nonceOf(seat), password);
        this.#emit({ event: "waiting", for: "guest" });
        return this.#entered.resolve();
      }
      const claim = await this.#claim(room);
      if ("seat" in claim) return await this.#enterAsGuest(claim, password);
      // Its host left between the two questions: then it is ours to make.
      if (claim.refused !== "absent" || tries >= MAX_MEETINGS) throw refusal(claim.refused);
    }
  }

  async #enterAsGuest(
    { seat, hostToken }: { seat: Seat; hostToken: string },
    password: string,
  ): Promise<void> {
    this.#emit({ event: "waiting", for: "host", atMostMs: HANDSHAKE_MS });
    this.#limitHandshake();
    await this.#pairUp(seat, hostNonce(hostToken), password);
  }

  async #create(room: RoomId): Promise<Seat | undefined> {
    const { random, lingerMs } = this.#options;
    const mailbox = this.#mailbox!;
    const wanted = {
      token: encodeBase64Url(random(16)),
      epoch: encodeBase64Url(random(8)),
      lingerMs,
    };
    const created = await this.#take(
      "create",
      (signal) => mailbox.create(room, wanted, { signal }),
    );
    return "seat" in created ? created.seat : undefined;
  }

  #claim(room: RoomId): Promise<Claim> {
    const mailbox = this.#mailbox!;
    const token = encodeBase64Url(this.#options.random(16));
    return this.#take("claim", (signal) => mailbox.claim(room, token, { signal }));
  }

  /** Takes a seat. Whoever leaves meanwhile waits to know whether there is one to give up. */
  async #take<T extends { seat: Seat } | { refused: string }>(
    name: string,
    operation: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const taking = this.#link!.run(name, operation, this.#stop.signal).then((answer) => {
      if ("seat" in answer) this.#seat = answer.seat;
      return answer;
    });
    this.#seating = taking.catch(() => {});
    const answer = await taking;
    if (this.#leaving) throw new DOMException("The chat is over", "AbortError");
    return answer;
  }

  async #pairUp(
    seat: Seat,
    hostNonce: Uint8Array<ArrayBuffer>,
    password: string,
  ): Promise<void> {
    this.#seat = seat;
    const { clock, random, name } = this.#options;
    const pairing = new Pairing({
      mailbox: this.#mailbox!,
      link: this.#link!,
      clock,
      random,
      alarms: this.#alarms,
      emit: (event) => this.#hear(pairing, event),
      seat,
      terms: { room: seat.room, epoch: seat.epoch, password, hostNonce },
      name,
      said: (payload) => this.#obey(payload),
      failed: (error) => this.#fail(error),
    });
    this.#pairing = pairing;
    await pairing.start();
  }

  #announce(): void {
    this.#emit({ event: "invite", code: formatCode(this.#code!) });
    this.#emit({ event: "waiting", for: "guest" });
    this.#entered.resolve();
  }

  #limitHandshake(): void {
    this.#handshakeTimer = this.#options.clock.after(HANDSHAKE_MS, () =>
      this.#fail(
        new Failure(
          "no-room",
          "Nobody in this room answers: the one who made it may be gone.",
          "Ask for a fresh code.",
        ),
      ));
  }

  // ----------------------------------------------------------------------------- running

  #hear(pairing: Pairing, event: ChatEvent): void {
    if (pairing !== this.#pairing) return;
    this.#emit(event);
    if (event.event === "ready") {
      this.#handshakeTimer?.cancel();
      this.#entered.resolve();
      for (const { text, id } of this.#early.splice(0)) pairing.send({ kind: "text", text }, id);
    }
  }

  #obey(payload: Payload): void {
    if (payload.kind === "timer") this.#vanishing.heard(payload.seconds, payload.agreed);
    if (payload.kind === "burn") {
      this.#emit({ event: "burnt", by: "peer" });
      void this.leave("burnt");
    }
  }

  #fail(error: unknown): void {
    void this.#end({ reason: "failed", error, withinMs: INTERRUPT_MS });
  }

  #emit(event: ChatEvent): void {
    if (this.#isOver) return;
    this.#vanishing?.saw(event);
    this.#options.emit(event);
  }

  // ----------------------------------------------------------------------------- leaving

  #end(how: { reason: CloseReason; error?: unknown; withinMs: number }): Promise<void> {
    return this.#leaving ??= this.#leave(how);
  }

  async #leave(
    { reason, error, withinMs }: { reason: CloseReason; error?: unknown; withinMs: number },
  ): Promise<void> {
    const { clock } = this.#options;
    this.#handshakeTimer?.cancel();
    const failure = error === undefined ? undefined : asFailure(error);
    const deadline = this.#hurry;
    const timer = clock.after(withinMs, () => deadline.abort(tooLate()));
    let remaining: number | null = null;
    let lost: Failure | undefined;
    await Promise.race([this.#seating, aborted(deadline.signal)]).catch(() => {});
    const canLeave = this.#seat && failure?.code !== "evicted";
    if (canLeave) {
      const shownAfter = this.#link!.isUp ? GOODBYE_SHOWN_MS : 0;
      const shown = clock.after(
        shownAfter,
        () => this.#emit({ event: "waiting", for: "goodbye", atMostMs: withinMs - shownAfter }),
      );
      try {
        if (!failure) await this.#finishTalking(deadline.signal);
        remaining = await this.#giveUpSeat(deadline.signal);
      } catch (problem) {
        lost = problem instanceof Failure ? problem : tooLate();
      }
      shown.cancel();
    }
    timer.cancel();
    this.#stop.abort(new DOMException("The chat is over", "AbortError"));
    this.#pairing?.stop();
    this.#vanishing.reset();
    this.#alarms.close();
    this.#dropUnsent();
    const final = this.#failure = failure ?? lost;
    // Without a seat nothing was put there, unless the relay was never reached or refused.
    if (!this.#seat && !final) remaining = 0;
    if (this.#seat || !final) {
      this.#emit({ event: "closed", remaining, reason: closeReason(reason, final) });
    }
    if (final) {
      const { code, message, hint } = final;
      if (final.code === "relay-lost") this.#link?.down(final);
      this.#emit({ event: "error", code, message, hint, fatal: true });
    }
    this.#isOver = true;
    const interrupted = reason === "interrupted" && !this.#seat;
    const status = final?.status ?? (interrupted ? EXIT.interrupted : EXIT.ok);
    // Who does not answer is not waited for a second time.
    if (lost) this.#over.resolve(status);
    await this.#close();
    this.#over.resolve(status);
  }

  /** Sends what was said and the goodbye. */
  async #finishTalking(signal: AbortSignal): Promise<void> {
    const pairing = this.#pairing;
    if (!pairing) return;
    const within = <T>(work: Promise<T>) => Promise.race([work, aborted(signal)]);
    if (this.#early.length > 0 && pairing.isShakingHands) {
      await within(this.#untilReady(signal));
    }
    if (pairing.peer && pairing.presence !== "left") pairing.send({ kind: "bye" });
    await within(pairing.settle());
  }

  async #giveUpSeat(signal: AbortSignal): Promise<number> {
    const mailbox = this.#mailbox!;
    const seat = this.#seat!;
    this.#pairing?.stop();
    const { remaining } = await this.#link!.run(
      "leave",
      (signal) => mailbox.leave(seat, { signal }),
      signal,
    );
    return remaining;
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    while (this.#early.length > 0 && !signal.aborted) {
      await sleep(this.#options.clock, 20, signal);
    }
  }

  #dropEarly(): void {
    const lost = this.#early.splice(0).length;
    if (lost > 0) this.#tellUnsent(lost, "never sent");
  }

  /** Tells of texts that never reached the relay, now that they never will. */
  #dropUnsent(): void {
    const lost = this.#early.splice(0).length + (this.#pairing?.queued ?? 0);
    if (lost > 0) this.#tellUnsent(lost, "never sent");
  }

  #tellUnsent(count: number, what: string): void {
    this.#emit({
      event: "error",
      code: "no-peer",
      message: count === 1 ? `1 text was ${what}.` : `${count} texts were ${what}.`,
      hint: "Say it again once somebody is here.",
      fatal: false,
    });
  }

  async #close(): Promise<void> {
    // An opening still under way is closed when it ends; nobody waits for it.
    void this.#options.mailbox.then((mailbox) => mailbox.close()).catch(() => {});
    await this.#mailbox?.close();
  }
}

const EVICTED = "Your seat in this room is gone: it was given away, or the room has expired.";

/** @throws {Failure} unless `text` can be sent as it is. */
function checkText(text: string): void {
  if (text === "") throw new Failure("usage", "There is nothing to send.", "Type something first.");
  if (isUtf8(text, MAX_TEXT_BYTES)) return;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_TEXT_BYTES) {
    throw new Failure(
      "too-long",
      `This text is too long: ${bytes} bytes, and ${MAX_TEXT_BYTES} is the most.`,
      "Send it in parts.",
    );
  }
  throw new Failure("usage", "This text is not valid Unicode.", "Send it without lone surrogates.");
}

function nonceOf(seat: Seat): Uint8Array<ArrayBuffer> {
  return decodeBase64Url(seat.token);
}

/** @throws {Failure} unless the relay named a host: anybody may have written what it said. */
function hostNonce(token: string): Uint8Array<ArrayBuffer> {
  if (/^[A-Za-z0-9_-]{22}$/.test(token)) return decodeBase64Url(token);
  throw new Failure(
    "protocol",
    "This room cannot be entered: somebody has spoilt it on the relay.",
    "Ask for a fresh code, or use another relay.",
  );
}

function refusal(why: "absent" | "full" | "sealed" | "burnt"): Failure {
  switch (why) {
    case "full":
      return new Failure(
        "room-full",
        "This room is full: two are in it already.",
        "If you were invited, ask for a fresh code; somebody may have used yours.",
      );
    case "sealed":
      return new Failure(
        "room-sealed",
        "This code was already used: a room takes in two people, once.",
        "If that was not you, tell the one who invited you, and ask for a fresh code.",
      );
    case "burnt":
      return new Failure(
        "code-burnt",
        "This code is burnt: it was tried three times in vain.",
        "Ask for a fresh one; the other one can make it with /invite.",
      );
    case "absent":
      return new Failure(
        "no-room",
        "There is no room with this number: the code has expired, was used, or is mistyped.",
        "Check the number, and that both use the same relay; or ask for a fresh code.",
      );
  }
}

function tooLate(): Failure {
  return new Failure(
    "relay-lost",
    "The relay could not be reached to clean up.",
    "What is left there cannot be read, and expires by itself.",
  );
}

function closeReason(asked: CloseReason, failure: Failure | undefined): CloseReason {
  switch (failure?.code) {
    case undefined:
      return asked;
    case "evicted":
      return "evicted";
    case "relay-lost":
      return "relay-lost";
    case "wrong-code":
    case "no-room":
      return "refused";
    default:
      return "failed";
  }
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(
    "bug",
    "Whisper made a mistake and has to stop.",
    "Please report it, with what --debug prints.",
    { cause: error },
  );
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
