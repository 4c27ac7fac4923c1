/**
 * One epoch of a room: the handshake, and the conversation that follows, driven against the relay.
 *
 * @module
 */
import { decodeBase64Url, encodeBase64Url } from "@std/encoding/base64url";
import type { Clock, Random, Timer } from "../clock.ts";
import { Failure } from "../errors.ts";
import {
  type Conversation,
  generateRatchetKeyPair,
  type RatchetKeyPair,
  type Received,
  startConversation,
} from "../protocol/conversation.ts";
import {
  beginAsGuest,
  beginAsHost,
  type Established,
  type GuestState,
  type HostState,
  MAX_GUESSES,
  stepGuest,
  stepHost,
  type Terms,
  wipeGuest,
  wipeHost,
} from "../protocol/handshake.ts";
import type { Body, Payload } from "../protocol/payload.ts";
import {
  decodeHandshake,
  encodeHandshake,
  type HandshakeMessage,
  makeEnvelope,
} from "../protocol/wire.ts";
import type { Envelope, Mailbox, RoomView, Seat } from "../store/mailbox.ts";
import type { Alarms } from "./alarms.ts";
import type { Listener, Presence } from "./events.ts";
import { Feed } from "./feed.ts";
import { Inbox, type ReadMark } from "./inbox.ts";
import { Lease } from "./lease.ts";
import type { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { nextPresence, type Sign } from "./presence.ts";

/** A receipt waits this long for something to ride on: too short to notice, enough for a burst. */
const RECEIPT_DELAY_MS = 40;
/** A text that no receipt covers after this time, with the peer here, is asked after once. */
const PING_AFTER_MS = 10_000;
/** A knock stays this long, for the other seat to see it too; a poll takes at most 3 s. */
const KNOCK_STAYS_MS = 5_000;
/** The client name in a profile. */
const CLIENT = "whisper/1";

/** What a pairing needs and whom it tells. */
export interface PairingDeps {
  readonly mailbox: Mailbox;
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly alarms: Alarms;
  readonly emit: Listener;
  readonly seat: Seat;
  readonly terms: Terms;
  readonly name: string;
  /** What the peer says beside texts and counters: the chat's own affair. */
  said(payload: Payload): void;
  /** The pairing cannot go on. */
  failed(error: unknown): void;
}

type Phase =
  | { readonly phase: "host"; readonly state: HostState; readonly keys: RatchetKeyPair }
  | { readonly phase: "guest"; readonly state: GuestState }
  | {
    readonly phase: "talking";
    /** The guest's nonces that took part in the handshake, so that their echoes raise no alarm. */
    readonly nonces: ReadonlySet<string>;
    readonly conversation: Conversation;
    readonly inbox: Inbox;
    readonly outbox: Outbox;
  };

/** One epoch of a room as one of the two has it. */
export class Pairing {
  readonly #deps: PairingDeps;
  readonly #abort = new AbortController();
  readonly #feed: Feed;
  readonly #lease: Lease;
  #phase: Phase | undefined;
  #peer: { name: string; words: readonly string[] } | undefined;
  #presence: Presence = "here";
  #heardAt: number | undefined;
  #receiptTimer: Timer | undefined;
  #pingTimer: Timer | undefined;
  readonly #knocks = new Set<string>();
  readonly #timers = new Set<Timer>();

  constructor(deps: PairingDeps) {
    this.#deps = deps;
    const { mailbox, link, seat, clock, random } = deps;
    const failed = (error: unknown) => this.#fail(error);
    this.#feed = new Feed({
      mailbox,
      link,
      seat,
      clock,
      random,
      failed,
      consume: (envelopes, read) => this.#consume(envelopes, read),
      readBegins: (number) => this.#inbox?.readBegins(number),
      removed: (ids, reads) => this.#inbox?.removed(ids, reads),
    }, this.#abort.signal);
    this.#lease = new Lease({
      mailbox,
      link,
      seat,
      clock,
      isWaiting: () => (this.#outbox?.unconfirmed ?? 0) > 0,
      seen: (view, askedAt) => this.#see(view, askedAt),
      rolledBack: () => deps.alarms.rollback(),
    });
  }

  /** Begins: the guest speaks first, the host waits to be spoken to. */
  async start(): Promise<void> {
    const { seat, terms, random } = this.#deps;
    if (seat.role === "host") {
      const keys = await generateRatchetKeyPair();
      this.#phase = { phase: "host", state: beginAsHost(terms, keys.publicKey), keys };
    } else {
      const { state, send } = beginAsGuest(terms, decodeBase64Url(seat.token), random);
      this.#phase = { phase: "guest", state };
      await this.#say(send!);
    }
    this.#feed.start();
    this.#lease.run(this.#abort.signal).catch((error) => this.#fail(error));
  }

  /** The peer's name and the words of `/verify`, once both know each other. */
  get peer(): { readonly name: string; readonly words: readonly string[] } | undefined {
    return this.#peer;
  }

  /** When something authenticated last came, by the monotonic clock. */
  get heardAt(): number | undefined {
    return this.#heardAt;
  }

  /** The last presence told. */
  get presence(): Presence {
    return this.#presence;
  }

  /** True once somebody has shown a share: a wait for the handshake to end is worth it. */
  get isShakingHands(): boolean {
    if (this.#phase?.phase === "host") {
      const { state } = this.#phase;
      return state.state === "established" || (state.state === "open" && state.attempts.size > 0);
    }
    return this.#phase?.phase === "guest" || (this.#phase?.phase === "talking" && !this.#peer);
  }

  /** True when three wrong guesses have burnt the code. */
  get isBurnt(): boolean {
    return this.#phase?.phase === "host" && this.#phase.state.state === "burnt";
  }

  /** Texts accepted and not yet on the relay. */
  get queued(): number {
    return this.#outbox?.queued ?? 0;
  }

  /** Says something; false before both know each other. */
  send(body: Body, id?: string): boolean {
    if (!this.#outbox || !this.#peer) return false;
    this.#outbox.add(body, id);
    if (id !== undefined) this.#expectReceipt();
    return true;
  }

  /** Resolves once everything said is on the relay and everything done with is off it. */
  async settle(): Promise<void> {
    await this.#outbox?.idle();
    await this.#feed.flush();
  }

  /** Stops everything and forgets every key. */
  stop(): void {
    this.#abort.abort(new DOMException("The pairing is over", "AbortError"));
    this.#receiptTimer?.cancel();
    this.#pingTimer?.cancel();
    for (const timer of this.#timers) timer.cancel();
    switch (this.#phase?.phase) {
      case "host":
        return wipeHost(this.#phase.state);
      case "guest":
        return wipeGuest(this.#phase.state);
      case "talking":
        this.#phase.inbox.close();
        return this.#phase.conversation.close();
    }
  }

  get #inbox(): Inbox | undefined {
    return this.#phase?.phase === "talking" ? this.#phase.inbox : undefined;
  }

  get #outbox(): Outbox | undefined {
    return this.#phase?.phase === "talking" ? this.#phase.outbox : undefined;
  }

  #fail(error: unknown): void {
    if (!this.#abort.signal.aborted) this.#deps.failed(error);
  }

  // ------------------------------------------------------------------------------- incoming

  async #consume(
    envelopes: Envelope[],
    read?: ReadMark & { malformed: number },
  ): Promise<void> {
    if (read && read.malformed > 0) this.#deps.alarms.raise("forged", read.malformed);
    const isPage = read !== undefined && read.upTo !== Infinity;
    const messages: Envelope[] = [];
    for (const envelope of envelopes) {
      if (envelope.from === "stranger") this.#hearKnock(envelope, isPage);
      else if (envelope.seq === 0) await this.#shakeHands(envelope);
      else messages.push(envelope);
    }
    // Before the handshake is done nobody can tell a message from a forgery: they stay where they
    // are, and the read that follows the handshake brings them again.
    await this.#inbox?.take(messages, read);
  }

  #hearKnock({ id }: Envelope, removeNow: boolean): void {
    if (!this.#knocks.has(id)) {
      this.#knocks.add(id);
      this.#deps.alarms.raise("third-party");
      if (!removeNow) {
        this.#later(KNOCK_STAYS_MS, () => {
          this.#knocks.delete(id);
          this.#feed.remove(id);
        });
      }
    }
    if (removeNow) {
      this.#knocks.delete(id);
      this.#feed.remove(id);
    }
  }

  async #shakeHands(envelope: Envelope): Promise<void> {
    this.#feed.remove(envelope.id);
    const message = decodeHandshake(envelope.head);
    if (!message || envelope.token !== "") return this.#deps.alarms.raise("forged");
    const phase = this.#phase;
    if (phase?.phase === "host") await this.#stepHost(phase, message);
    else if (phase?.phase === "guest") await this.#stepGuest(phase, message);
    else if (phase?.phase === "talking" && this.#deps.seat.role === "host") {
      if (!phase.nonces.has(message.nonce.join())) this.#deps.alarms.raise("third-party");
    }
  }

  async #stepHost(phase: Phase & { phase: "host" }, message: HandshakeMessage): Promise<void> {
    const { mailbox, link, seat, alarms, random } = this.#deps;
    const signal = this.#abort.signal;
    const { state, send, guess, isCrowded } = stepHost(phase.state, message, random);
    this.#phase = { ...phase, state };
    if (isCrowded) alarms.raise("third-party");
    if (state.state !== "established") {
      if (send?.type === "host-share") this.#deps.emit({ event: "waiting", for: "handshake" });
      if (guess && guess.count >= MAX_GUESSES) {
        await link.run("burn", (signal) => mailbox.burn(seat, { signal }), signal);
      }
      if (send) await this.#say(send);
      if (guess) {
        const token = encodeBase64Url(guess.nonce);
        await link.run("vacate", (signal) => mailbox.vacate(seat, token, { signal }), signal);
        alarms.guess(guess.count);
        if (guess.count < MAX_GUESSES) this.#deps.emit({ event: "waiting", for: "guest" });
      }
      return;
    }
    const nonces = phase.state.state === "open" ? [...phase.state.attempts.keys()] : [];
    // Sealed before the guest is told: from here on the room is closed to everybody else.
    const sealed = await link.run("seal", (signal) => mailbox.seal(seat, { signal }), signal);
    if (!sealed) return;
    await this.#talk(state.established, new Set(nonces), phase.keys);
    await this.#say(send!);
    this.#introduce();
  }

  async #stepGuest(phase: Phase & { phase: "guest" }, message: HandshakeMessage): Promise<void> {
    const { state, send } = stepGuest(phase.state, message);
    this.#phase = { ...phase, state };
    if (state.state === "refused") throw wrongCode();
    if (send) await this.#say(send);
    if (state.state !== "established") return;
    await this.#talk(state.established, new Set());
    this.#introduce();
  }

  async #say(message: HandshakeMessage): Promise<void> {
    const { mailbox, link, seat } = this.#deps;
    const head = encodeHandshake(message);
    const envelope = makeEnvelope(seat, { from: seat.role, seq: 0, head, token: "" });
    await link.run(
      "post",
      (signal) => mailbox.post(seat, [envelope], { signal }),
      this.#abort.signal,
    );
  }

  // -------------------------------------------------------------------------------- talking

  async #talk(
    established: Established,
    nonces: ReadonlySet<string>,
    keys?: RatchetKeyPair,
  ): Promise<void> {
    const { seat, clock, random, emit, alarms } = this.#deps;
    const conversation = await startConversation({
      established,
      place: seat,
      role: seat.role,
      keys,
      now: () => clock.now(),
      random,
    });
    if (this.#abort.signal.aborted) return conversation.close();
    const inbox = new Inbox({
      conversation,
      clock,
      deliver: (received, late) => this.#deliver(received, late),
      alarm: (kind, count) => alarms.raise(kind, count),
      gap: (texts, count) => alarms.gap(texts, count),
      remove: (id) => this.#feed.remove(id),
      requestRead: () => this.#feed.requestRead(),
    });
    const outbox = new Outbox({
      conversation,
      post: (envelopes) => this.#post(envelopes),
      sent: (id, seq) => emit({ event: "sent", id, seq }),
      delivered: (id, seq) => emit({ event: "delivered", id, seq }),
      failed: (error) => this.#fail(error),
      sealing: () => {
        this.#receiptTimer?.cancel();
        this.#receiptTimer = undefined;
      },
    });
    this.#phase = { phase: "talking", nonces, conversation, inbox, outbox };
    this.#feed.requestRead();
  }

  async #post(envelopes: readonly Envelope[]): Promise<void> {
    const { mailbox, link, seat } = this.#deps;
    let attempt = 0;
    await link.run("post", (signal) => {
      const marked = attempt === 0 ? envelopes : envelopes.map((one) => ({ ...one, attempt }));
      attempt++;
      return mailbox.post(seat, marked, { signal });
    }, this.#abort.signal);
  }

  #introduce(): void {
    this.#outbox?.add({ kind: "profile", name: this.#deps.name, client: CLIENT });
  }

  #deliver({ payload }: Received, late: boolean): void {
    const { emit } = this.#deps;
    const phase = this.#phase;
    if (phase?.phase !== "talking") return;
    this.#heardAt = this.#deps.clock.monotonic();
    phase.outbox.confirm(payload);
    if (phase.outbox.unconfirmed === 0) {
      this.#pingTimer?.cancel();
      this.#pingTimer = undefined;
    }
    if (this.#presence === "away" || this.#presence === "vanished") this.#lease.look();
    switch (payload.kind) {
      case "profile":
        return this.#meet(phase.conversation, payload.name);
      case "text":
        emit({
          event: "message",
          from: this.#peer?.name ?? "",
          text: payload.text,
          seq: payload.texts,
          at: new Date(payload.at).toISOString(),
          ...(late ? { late } : {}),
        });
        return this.#oweReceipt();
      case "ping":
        return this.#oweReceipt();
      case "receipt":
        return;
      case "bye":
        this.#sense({ sign: "goodbye" });
        return;
      case "timer":
      case "burn":
        this.#oweReceipt();
        return this.#deps.said(payload);
    }
  }

  #meet(conversation: Conversation, name: string): void {
    const { emit } = this.#deps;
    if (this.#peer) return;
    const words = conversation.takeVerificationWords(this.#deps.name, name);
    this.#peer = { name, words };
    emit({ event: "ready", peer: name, verify: words });
  }

  #oweReceipt(): void {
    this.#receiptTimer ??= this.#deps.clock.after(RECEIPT_DELAY_MS, () => {
      this.#receiptTimer = undefined;
      this.#outbox?.add({ kind: "receipt" });
    });
  }

  #expectReceipt(): void {
    this.#pingTimer ??= this.#deps.clock.after(PING_AFTER_MS, () => {
      this.#pingTimer = undefined;
      if (this.#presence === "here" && this.#outbox && this.#outbox.unconfirmed > 0) {
        this.#outbox.add({ kind: "ping" });
      }
    });
  }

  // ------------------------------------------------------------------------------- presence

  /** What was heard since the relay was asked is newer than its answer. */
  #see(view: RoomView, askedAt: number): void {
    if (this.#heardAt === undefined || this.#heardAt > askedAt) return;
    this.#sense({ sign: "lease", leftMs: view.peer?.leaseLeftMs });
  }

  #sense(sign: Sign): void {
    const next = nextPresence(this.#presence, sign);
    if (next === this.#presence) return;
    this.#presence = next;
    const phase = this.#phase;
    const counts = next === "left" && phase?.phase === "talking"
      ? { unseen: phase.outbox.unconfirmed, missing: phase.conversation.textsMissing }
      : {};
    this.#deps.emit({ event: "presence", peer: next, ...counts });
  }

  #later(ms: number, action: () => void): void {
    const timer = this.#deps.clock.after(ms, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }
}

function wrongCode(): Failure {
  return new Failure(
    "wrong-code",
    "The code did not fit: it was mistyped, or somebody stands between you and the other one.",
    "Check the words with the person who gave them to you, and try again.",
  );
}
