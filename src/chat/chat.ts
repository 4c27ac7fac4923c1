/**
 * One running chat from the first connection to the last document removed: which room, which epoch,
 * what the person asks for, and how it ends.
 *
 * @module
 */
import { atMost, type Clock, type Random, sleep, type Timer } from "../clock.ts";
import { EXIT, Failure, untranslated } from "../errors.ts";
import { drawPassword, formatCode, type InviteCode } from "../protocol/invite_code.ts";
import { passwordFrom } from "../protocol/handshake.ts";
import { MAX_TIMER_SECONDS, type Payload } from "../protocol/payload.ts";
import type { Relay } from "../relay/relay.ts";
import { Alarms } from "./alarms.ts";
import { aborted, depart, type Departed } from "./departure.ts";
import { assertSendable, EarlyTexts } from "./early_texts.ts";
import { asHost, enter, type Entered } from "./entrance.ts";
import type { Entry } from "./entry.ts";
import type { ChatEvent, CloseReason, Controls, Listener, Overview } from "./events.ts";
import { asFailure, closeReason, tooLate, unanswered } from "./failures.ts";
import { evicted } from "./lease.ts";
import { Pairing } from "./pairing.ts";
import { RelayConnection } from "./retry.ts";
import { Seating } from "./seating.ts";
import { Vanishing } from "./vanishing.ts";

/** What a chat is made of. */
export interface ChatOptions {
  /** The relay, or its opening under way. The chat closes it. */
  readonly relay: Promise<Relay>;
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
/** How long a guest waits for a host to answer before saying that nobody does. */
const HANDSHAKE_MS = 60_000;
/** A burn is told to the peer before leaving, at most so long. */
const BURN_MS = 2_000;

/** One chat. */
export class Chat implements Controls {
  readonly #options: ChatOptions;
  readonly #alarms: Alarms;
  readonly #stop = new AbortController();
  readonly #hurry = new AbortController();
  readonly #vanishing: Vanishing;
  readonly #early = new EarlyTexts();
  /** The relay once it is open, and what keeps us there. */
  #room:
    | { relay: Relay; connection: RelayConnection; seating: Seating; openedAt: number }
    | undefined;
  #pairing: Pairing | undefined;
  /** Of a room with codes. */
  #nameplate: string | undefined;
  /** Until it is used: nothing holds the password after that. */
  #code: InviteCode | undefined;
  #handshakeTimer: Timer | undefined;
  #leaving: Promise<void> | undefined;
  #wasAskedToLeave = false;
  #isOver = false;
  /** Messages that were accepted and will never be displayed to a peer. */
  #undelivered = 0;
  /** Resolves when the room is open for others, or its host has let us in. */
  readonly #entered = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<number>();
  #inviting: Promise<void> | undefined;
  #failure: Failure | undefined;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#alarms = new Alarms({ clock: options.clock, emit: (event) => this.#emit(event) });
    this.#vanishing = new Vanishing({
      clock: options.clock,
      emit: (event) => this.#emit(event),
      propose: (seconds, agreed) =>
        this.#pairing?.send({ kind: "timer", seconds, agreed }) ?? false,
      isHost: () => this.#room?.seating.seat?.role === "host",
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
    const { clock, random, lingerMs, entry } = this.#options;
    const relay = await this.#options.relay;
    const { signal } = this.#stop;
    signal.throwIfAborted();
    const emit = (event: ChatEvent) => this.#emit(event);
    const connection = new RelayConnection({ relay, clock, random, emit });
    const seating = new Seating({ connection, random, lingerMs, signal });
    this.#room = { relay, connection, seating, openedAt: clock.monotonic() };
    const { code, ...entered } = await enter(entry, { seating, random });
    this.#code = code;
    this.#nameplate = code?.nameplate;
    if (entered.seat.role === "guest") {
      emit({ event: "waiting", for: "host", atMostMs: HANDSHAKE_MS });
      this.#handshakeTimer = clock.after(HANDSHAKE_MS, () => this.#fail(unanswered()));
    }
    // Shown first: nobody can come before they were told, and what follows takes its time.
    if (entered.seat.role === "host") this.#announce();
    await this.#pairUp(entered);
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
      code: this.#code && !this.#pairing?.isCodeBurnt ? formatCode(this.#code) : undefined,
      timerSeconds: this.#vanishing.seconds,
      queued: this.#early.count + (this.#pairing?.queued ?? 0),
      heardAgoMs: ago(this.#pairing?.heardAt),
      openForMs: ago(this.#room?.openedAt),
      operations: this.#room?.relay.operations() ?? {},
      isRelayUp: this.#room?.connection.isUp ?? false,
    };
  }

  send(text: string, id: string): void {
    assertSendable(text);
    if (this.#leaving) throw untranslated("usage", "The chat is being left.", "Begin a new one.");
    if (this.#pairing?.peer && this.#pairing.presence === "left") {
      const peer = this.#pairing.peer.name;
      throw untranslated(
        "no-peer",
        `${peer} has left, so nobody would read this.`,
        "Use /invite for a fresh code, or /exit.",
      );
    }
    if (this.#pairing?.send({ kind: "text", text }, id)) {
      if (!this.#room?.connection.isUp) this.#emit({ event: "queued", id });
      return;
    }
    this.#early.add({ text, id });
    this.#emit({ event: "queued", id });
  }

  displayed(seq: number): void {
    if (this.#pairing?.displayed(seq)) this.#vanishing.displayed("peer", seq);
  }

  invite(): Promise<void> {
    return this.#inviting ??= this.#invite()
      .catch((error) => {
        // Whoever leaves meanwhile invites nobody.
        if (!this.#leaving || error instanceof Failure) throw error;
      })
      .finally(() => this.#inviting = undefined);
  }

  async #invite(): Promise<void> {
    const nameplate = this.#nameplate;
    if (!this.#room || !this.#pairing || this.#leaving) {
      throw untranslated("usage", "There is no room yet.", "Wait until the relay is reached.");
    }
    if (!nameplate) {
      throw untranslated(
        "usage",
        "This room was agreed on beforehand and has no codes.",
        "Leave it, and enter it again on both sides.",
      );
    }
    const { peer, presence } = this.#pairing;
    if (peer && (presence === "here" || presence === "away")) {
      throw untranslated(
        "usage",
        `${peer.name} is still in the room, and only two fit in it.`,
        "A fresh code can be had once the other one has left or vanished.",
      );
    }
    this.#endSession(this.#pairing);
    this.#pairing.stop();
    // What is said from here on waits for whoever comes next.
    this.#pairing = undefined;
    const seat = await this.#room.seating.reopen();
    if (!seat) return this.#fail(evicted());
    this.#code = { nameplate, password: drawPassword(this.#options.random) };
    this.#vanishing.reset();
    await this.#pairUp(asHost(seat, passwordFrom(this.#code.password)));
    this.#announce();
  }

  setTimer(seconds: number): void {
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_TIMER_SECONDS) {
      throw untranslated(
        "usage",
        "This is no time for a timer.",
        "Use /timer 30s, 5m, 1h, at most 7d, or off.",
      );
    }
    if (!this.#vanishing.propose(seconds)) {
      throw untranslated(
        "no-peer",
        "Nobody is here to agree on a timer.",
        "Wait for the other one.",
      );
    }
  }

  async burn(): Promise<void> {
    this.#emit({ event: "burnt", by: "you" });
    if (this.#pairing?.send({ kind: "burn" })) {
      await atMost(this.#options.clock, BURN_MS, this.#pairing.settle());
    }
    await this.leave("burnt");
  }

  /**
   * Leaves: what was said goes out first, then the goodbye, then the seat, and with the last one
   * everything. Bounded in time; a second call waits for the first.
   */
  leave(reason: CloseReason = "exit"): Promise<void> {
    // A person who interrupts after asking to leave does not want to wait.
    if (this.#wasAskedToLeave && reason === "interrupted") this.#hurry.abort(tooLate());
    this.#wasAskedToLeave = true;
    return this.#end({
      reason,
      withinMs: reason === "interrupted" ? INTERRUPT_MS : LEAVE_MS,
    });
  }

  /**
   * Leaves because the terminal closed or the system asks for it. It comes several times and never
   * skips the graceful leaving, not even when a Ctrl+C of the person arrives after it.
   */
  hangUp(): Promise<void> {
    return this.#end({ reason: "interrupted", withinMs: INTERRUPT_MS });
  }

  async finish(): Promise<void> {
    const { clock } = this.#options;
    const patience = sleep(clock, FINISH_MS, this.#stop.signal).catch(() => {});
    await Promise.race([this.#entered.promise, this.#over.promise, patience]);
    await this.leave("exit");
  }

  // ----------------------------------------------------------------------------- running

  async #pairUp({ seat, hostNonce, password }: Entered): Promise<void> {
    const { clock, random, name } = this.#options;
    const { connection } = this.#room!;
    const pairing = new Pairing({
      connection,
      clock,
      random,
      alarms: this.#alarms,
      emit: (event) => this.#hear(pairing, event),
      seat,
      params: { room: seat.room, epoch: seat.epoch, password, hostNonce },
      name,
      said: (payload) => this.#obey(payload),
      failed: (error) => this.#fail(error),
    });
    this.#pairing = pairing;
    await pairing.start();
  }

  /** The room is open for somebody else. */
  #announce(): void {
    if (this.#code) this.#emit({ event: "invite", code: formatCode(this.#code) });
    this.#emit({ event: "waiting", for: "guest" });
    this.#entered.resolve();
  }

  #hear(pairing: Pairing, event: ChatEvent): void {
    if (pairing !== this.#pairing) return;
    this.#emit(event);
    if (event.event === "ready") {
      this.#handshakeTimer?.cancel();
      this.#code = undefined;
      this.#entered.resolve();
      for (const { text, id } of this.#early.take()) pairing.send({ kind: "text", text }, id);
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
    if (event.event === "delivered") this.#vanishing.displayed("you", event.seq);
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
    const room = this.#room;
    await Promise.race([room?.seating.close(), aborted(deadline.signal)]).catch(() => {});
    const seat = room?.seating.seat;
    let departed: Departed = { remaining: null };
    if (room && seat && failure?.code !== "evicted") {
      const pairing = this.#pairing;
      departed = await depart({
        ...room,
        clock,
        emit: (event) => this.#emit(event),
        pairing,
        early: this.#early,
        isPolite: !failure,
        deadline: deadline.signal,
        withinMs,
      });
    }
    const { remaining, lost } = departed;
    timer.cancel();
    this.#stop.abort(new DOMException("The chat is over", "AbortError"));
    this.#pairing?.stop();
    this.#vanishing.reset();
    this.#alarms.close();
    if (this.#pairing) this.#endSession(this.#pairing);
    this.#dropQueue(this.#early.take().map(({ id }) => id));
    const final = this.#failure = failure ?? lost;
    if (seat || !final) {
      // Without a seat nothing was put there.
      const count = seat ? remaining : 0;
      this.#emit({
        event: "closed",
        remaining: count,
        reason: closeReason(reason, final),
        undelivered: this.#undelivered,
      });
    }
    if (final) {
      if (final.code === "relay-lost") room?.connection.giveUp(final);
      this.#emit({ event: "error", failure: final, fatal: true });
    }
    this.#isOver = true;
    const interrupted = reason === "interrupted" && !seat;
    const status = final?.status ?? (interrupted ? EXIT.interrupted : EXIT.ok);
    // Who does not answer is not waited for a second time.
    if (lost) this.#over.resolve(status);
    await this.#close();
    this.#over.resolve(status);
  }

  /** Reports the end of a session. */
  #endSession(pairing: Pairing): void {
    const { peer, undelivered, queuedIds } = pairing;
    if (peer) this.#emit({ event: "session-ended", peer: peer.name, undelivered });
    this.#undelivered += undelivered.length;
    this.#dropQueue(queuedIds);
  }

  /** Reports messages that never reached the relay, now that they never will. */
  #dropQueue(ids: readonly string[]): void {
    if (ids.length > 0) this.#emit({ event: "queue-dropped", ids });
    this.#undelivered += ids.length;
  }

  async #close(): Promise<void> {
    // An opening still under way is closed when it ends; nobody waits for it.
    void this.#options.relay.then((relay) => relay.close()).catch(() => {});
    await this.#room?.relay.close();
  }
}
