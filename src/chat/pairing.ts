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
import { Door } from "./door.ts";
import { Feed } from "./feed.ts";
import { Inbox, type ReadMark } from "./inbox.ts";
import { evicted, Lease } from "./lease.ts";
import type { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { nextPresence, type Sign } from "./presence.ts";
import { Receipts } from "./receipts.ts";

/** A text that no receipt covers after this time, with the peer here, is asked after once. */
const PING_AFTER_MS = 10_000;
/** How often one's name is told again: a relay that drops it once more will drop it always. */
const MAX_INTRODUCTIONS = 4;
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
    /** The token of the peer's seat: its half of the handshake's session id. */
    readonly peerToken: string;
    /** When the two had found each other, by the monotonic clock. */
    readonly since: number;
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
  readonly #receipts: Receipts;
  #pingTimer: Timer | undefined;
  readonly #door: Door;
  /** When a guest's share was answered who has not been heard since, by the monotonic clock. */
  #answeredAt: number | undefined;
  #introductions = 0;
  /** Told that the peer was let in and was never heard. */
  #isForsaken = false;

  constructor(deps: PairingDeps) {
    this.#deps = deps;
    const { mailbox, link, seat, clock, random } = deps;
    const failed = (error: unknown) => this.#fail(error);
    this.#receipts = new Receipts({
      clock,
      send: () => this.#outbox?.add({ kind: "receipt" }),
    });
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
      rolledBack: () => this.#door.rolledBack(),
    });
    this.#door = new Door({
      clock,
      alarms: deps.alarms,
      remove: (id) => this.#feed.remove(id),
      requestRead: () => this.#feed.requestRead(),
      look: () => this.#look(),
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

  /** Texts accepted that no receipt covers. */
  get unseen(): number {
    return this.#outbox?.unseen ?? 0;
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
    this.#receipts.paid();
    this.#pingTimer?.cancel();
    this.#door.close();
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
    // What was asked for before the end may come after it.
    if (this.#abort.signal.aborted) return;
    if (read && read.malformed > 0) this.#deps.alarms.raise("forged", read.malformed);
    const isPage = read !== undefined && read.upTo !== Infinity;
    const messages: Envelope[] = [];
    this.#door.opens();
    for (const envelope of envelopes) {
      if (envelope.from === "stranger") this.#door.knock(envelope, isPage);
      else if (envelope.seq === 0) await this.#shakeHands(envelope);
      else messages.push(envelope);
    }
    // Before the handshake is done nobody can tell a message from a forgery: they stay where they
    // are, and the read that follows the handshake brings them again.
    await this.#inbox?.take(messages, read);
  }

  async #shakeHands({ id, head, token }: Envelope): Promise<void> {
    if (this.#door.isEcho(id)) return this.#feed.remove(id);
    const message = decodeHandshake(head);
    const isPeers = message?.type.startsWith(this.#deps.seat.role === "host" ? "guest" : "host");
    if (!message || !isPeers || token !== "") {
      this.#door.remember(id);
      this.#feed.remove(id);
      return this.#deps.alarms.raise("forged");
    }
    if (await this.#isWaiting(message)) return;
    this.#feed.remove(id);
    this.#door.remember(id);
    switch (this.#phase?.phase) {
      case "host":
        return await this.#stepHost(this.#phase, message);
      case "guest":
        return await this.#stepGuest(this.#phase, message);
      case "talking":
        return this.#hearStranger(this.#phase, message);
    }
  }

  /** True for a share that may be its sender's, once the relay can be asked who is seated. */
  async #isWaiting({ type, nonce }: HandshakeMessage): Promise<boolean> {
    const phase = this.#phase;
    if (phase?.phase !== "host" || phase.state.state !== "open" || type !== "guest-share") {
      return false;
    }
    return await this.#door.isSeated(nonce) === undefined;
  }

  /** A handshake message after the handshake, and none that came before. */
  #hearStranger({ peerToken }: Phase & { phase: "talking" }, message: HandshakeMessage): void {
    const { alarms, seat } = this.#deps;
    const nonce = encodeBase64Url(message.nonce);
    if (seat.role === "guest") {
      // What the host answered to others before us is none of our business.
      if (nonce === seat.token) alarms.raise("forged");
    } else if (message.type === "guest-share" && nonce !== peerToken) {
      alarms.raise("third-party");
    } else {
      alarms.raise("forged");
    }
  }

  async #stepHost(phase: Phase & { phase: "host" }, message: HandshakeMessage): Promise<void> {
    const { mailbox, link, seat, alarms, random } = this.#deps;
    const signal = this.#abort.signal;
    const isOpen = phase.state.state === "open";
    if (isOpen && message.type === "guest-share" && !await this.#door.isSeated(message.nonce)) {
      return this.#door.turnAway();
    }
    const { state, send, guess, isCrowded } = stepHost(phase.state, message, random);
    // An echo was set aside before: what changes nothing here is nobody's honest message.
    if (isOpen && state === phase.state && !isCrowded) alarms.raise("forged");
    this.#phase = { ...phase, state };
    if (isCrowded) alarms.raise("third-party");
    if (state.state !== "established") {
      if (send?.type === "host-share") {
        this.#answeredAt = this.#deps.clock.monotonic();
        this.#deps.emit({ event: "waiting", for: "handshake" });
      }
      if (guess && guess.count >= MAX_GUESSES) {
        await link.run("burn", (signal) => mailbox.burn(seat, { signal }), signal);
      }
      if (send) await this.#say(send);
      if (guess) {
        const token = encodeBase64Url(guess.nonce);
        await link.run("vacate", (signal) => mailbox.vacate(seat, token, { signal }), signal);
        this.#answeredAt = undefined;
        alarms.guess(guess.count);
        if (guess.count < MAX_GUESSES) this.#deps.emit({ event: "waiting", for: "guest" });
      }
      return;
    }
    // Sealed before the guest is told: from here on the room is closed to everybody else.
    const sealed = await link.run("seal", (signal) => mailbox.seal(seat, { signal }), signal);
    if (!sealed) return;
    await this.#talk(state.established, encodeBase64Url(message.nonce), phase.keys);
    await this.#say(send!);
    this.#introduce();
  }

  async #stepGuest(phase: Phase & { phase: "guest" }, message: HandshakeMessage): Promise<void> {
    const { state, send } = stepGuest(phase.state, message);
    if (state === phase.state && encodeBase64Url(message.nonce) === this.#deps.seat.token) {
      this.#deps.alarms.raise("forged");
    }
    this.#phase = { ...phase, state };
    if (state.state === "refused") throw wrongCode();
    if (send) await this.#say(send);
    if (state.state !== "established") return;
    await this.#talk(state.established, encodeBase64Url(this.#deps.terms.hostNonce));
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
    peerToken: string,
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
      remove: (id, options) => this.#feed.remove(id, options),
      requestRead: () => this.#feed.requestRead(),
    });
    const outbox = new Outbox({
      conversation,
      post: (envelopes) => this.#post(envelopes),
      sent: (id, seq) => emit({ event: "sent", id, seq }),
      delivered: (id, seq) => emit({ event: "delivered", id, seq }),
      failed: (error) => this.#fail(error),
      sealing: () => this.#receipts.paid(),
    });
    this.#phase = {
      phase: "talking",
      peerToken,
      since: clock.monotonic(),
      conversation,
      inbox,
      outbox,
    };
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
    this.#feed.posted();
  }

  /** Tells one's name: at first, and again to ask for the peer's, or because it asks. */
  #introduce(): void {
    if (this.#introductions++ >= MAX_INTRODUCTIONS) return;
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
    // Something comes of a peer whose profile was lost on the way.
    if (payload.kind !== "profile" && !this.#peer) this.#introduce();
    switch (payload.kind) {
      case "profile":
        // Again: it has not heard ours.
        if (this.#peer) return this.#introduce();
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
        return this.#receipts.owe();
      case "ping":
        return this.#receipts.owe();
      case "receipt":
        return;
      case "bye":
        this.#sense({ sign: "goodbye" });
        return;
      case "timer":
        this.#receipts.owe();
        // A proposal that comes late may have been overtaken by another.
        if (!late || payload.agreed) this.#deps.said(payload);
        return;
      case "burn":
        this.#receipts.owe();
        return this.#deps.said(payload);
    }
  }

  #meet(conversation: Conversation, name: string): void {
    const { emit } = this.#deps;
    const words = conversation.takeVerificationWords(this.#deps.name, name);
    this.#peer = { name, words };
    emit({ event: "ready", peer: name, verify: words });
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

  /** Asks the relay who is seated. */
  async #look(): Promise<RoomView> {
    const { mailbox, link, seat } = this.#deps;
    const signal = this.#abort.signal;
    const view = await link.run("look", (signal) => mailbox.renew(seat, { signal }), signal);
    if (!view) throw evicted();
    return view;
  }

  /** What was heard since the relay was asked is newer than its answer. */
  #see(view: RoomView, askedAt: number): void {
    if (this.#phase?.phase === "guest" && !view.peer) return this.#fail(hostGone());
    const phase = this.#phase;
    if (phase?.phase === "host") return this.#waitAgain(view, askedAt);
    if (phase?.phase !== "talking" || askedAt <= phase.since) return;
    const leftMs = this.#door.check(view, phase.peerToken) ? view.peer?.leaseLeftMs : undefined;
    if (this.#heardAt === undefined) return this.#miss(leftMs);
    if (this.#heardAt <= askedAt) this.#sense({ sign: "lease", leftMs });
  }

  /** A guest who was answered is gone before the handshake was done: the next one may come. */
  #waitAgain({ peer }: RoomView, askedAt: number): void {
    if (this.#answeredAt === undefined || this.#answeredAt > askedAt) return;
    if (peer && peer.leaseLeftMs > 0) return;
    this.#answeredAt = undefined;
    this.#deps.emit({ event: "waiting", for: "guest" });
  }

  /** The peer was let in and has not said a word. */
  #miss(leftMs: number | undefined): void {
    if (this.#isForsaken || (leftMs !== undefined && leftMs > 0)) return;
    this.#isForsaken = true;
    this.#deps.emit({
      event: "error",
      code: "no-peer",
      message: "Somebody came with the right code and was gone before saying a word.",
      hint: "Use /invite for a fresh code.",
      fatal: false,
    });
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
}

function hostGone(): Failure {
  return new Failure(
    "no-room",
    "The one who made this room has left it.",
    "Ask for a fresh code.",
  );
}

function wrongCode(): Failure {
  return new Failure(
    "wrong-code",
    "The code did not fit: it was mistyped, or somebody stands between you and the other one.",
    "Check the words with the person who gave them to you, and try again.",
  );
}
