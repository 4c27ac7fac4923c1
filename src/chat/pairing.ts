/**
 * One epoch of a room: the handshake, and the conversation that follows, driven against the relay.
 *
 * @module
 */
import type { Clock, Random, Timer } from "../clock.ts";
import { type Conversation, type Received, startConversation } from "../protocol/conversation.ts";
import type { HandshakeParams, HandshakeResult } from "../protocol/handshake.ts";
import type { Body, Payload } from "../protocol/payload.ts";
import type { Envelope, RoomView, Seat } from "../relay/relay.ts";
import type { Alarms } from "./alarms.ts";
import { Door } from "./door.ts";
import type { Listener, Presence } from "./events.ts";
import { Feed } from "./feed.ts";
import { Greeting } from "./greeting.ts";
import type { ReadMark } from "./gap.ts";
import { Inbox } from "./inbox.ts";
import { evicted, Lease } from "./lease.ts";
import { Outbox } from "./outbox.ts";
import { nextPresence, type Sign } from "./presence.ts";
import { Receipts } from "./receipts.ts";
import type { RelayConnection } from "./retry.ts";

/** A text that no receipt covers after this time, with the peer here, is asked after once. */
const PING_AFTER_MS = 10_000;
/** How often one's name is told again: a relay that drops it once more will drop it always. */
const MAX_INTRODUCTIONS = 4;
/** The client name in a profile. */
const CLIENT = "whisper/1";

/** What a pairing needs and whom it tells. */
export interface PairingDeps {
  readonly connection: RelayConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly alarms: Alarms;
  readonly emit: Listener;
  readonly seat: Seat;
  readonly params: HandshakeParams;
  readonly name: string;
  /** What the peer says beside texts and counters: the chat's own affair. */
  said(payload: Payload): void;
  /** The pairing cannot go on. */
  failed(error: unknown): void;
}

/** What there is once the handshake is done. */
interface Talk {
  readonly conversation: Conversation;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
}

/** One epoch of a room as one of the two has it. */
export class Pairing {
  readonly #deps: PairingDeps;
  readonly #abort = new AbortController();
  readonly #feed: Feed;
  readonly #lease: Lease;
  readonly #greeting: Greeting;
  #talk: Talk | undefined;
  #peer: { name: string; words: readonly string[] } | undefined;
  #presence: Presence = "here";
  #heardAt: number | undefined;
  readonly #receipts: Receipts;
  #pingTimer: Timer | undefined;
  readonly #door: Door;
  #introductions = 0;
  #isCodeBurnt = false;

  constructor(deps: PairingDeps) {
    this.#deps = deps;
    const { connection, seat, clock, random } = deps;
    const failed = (error: unknown) => this.#fail(error);
    this.#receipts = new Receipts({
      clock,
      send: () => this.#talk?.outbox.add({ kind: "receipt" }),
    });
    this.#feed = new Feed({
      connection,
      seat,
      clock,
      random,
      failed,
      consume: (envelopes, read) => this.#consume(envelopes, read),
      readBegins: (number) => this.#talk?.inbox.readBegins(number),
      removed: (ids, reads) => this.#talk?.inbox.removed(ids, reads),
    }, this.#abort.signal);
    this.#lease = new Lease({
      connection,
      seat,
      clock,
      isWaiting: () => (this.#talk?.outbox.unconfirmed ?? 0) > 0,
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
    this.#greeting = new Greeting({
      ...deps,
      door: this.#door,
      signal: this.#abort.signal,
      remove: (id) => this.#feed.remove(id),
      agreed: (result) => this.#begin(result),
      done: () => this.#introduce(),
      burnt: () => {
        this.#isCodeBurnt = true;
        deps.emit({ event: "code-burnt" });
      },
    });
  }

  /** Begins: the guest speaks first, the host waits to be spoken to. */
  async start(): Promise<void> {
    await this.#greeting.start();
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

  /** True once the invite code no longer lets anybody in. */
  get isCodeBurnt(): boolean {
    return this.#isCodeBurnt;
  }

  /** The last presence told. */
  get presence(): Presence {
    return this.#presence;
  }

  /** True once somebody has shown a share: a wait for the handshake to end is worth it. */
  get isShakingHands(): boolean {
    return this.#greeting.isUnderWay || (this.#talk !== undefined && !this.#peer);
  }

  /** Texts accepted and not yet on the relay. */
  get queued(): number {
    return this.#talk?.outbox.queued ?? 0;
  }

  /** Texts accepted that no receipt covers. */
  get unseen(): number {
    return this.#talk?.outbox.unseen ?? 0;
  }

  /** Says something; false before both know each other. */
  send(body: Body, id?: string): boolean {
    if (!this.#talk || !this.#peer) return false;
    this.#talk.outbox.add(body, id);
    if (id !== undefined) this.#expectReceipt();
    return true;
  }

  /** Message `seq` is in front of the person; false where it was before, or is not of this session. */
  displayed(seq: number): boolean {
    if (!this.#talk?.conversation.displayed(seq)) return false;
    this.#receipts.owe();
    return true;
  }

  /** Ids of messages that are on the relay, or on their way there, and that no receipt covers. */
  get undelivered(): string[] {
    return this.#talk?.outbox.undelivered ?? [];
  }

  /** Ids of messages that are not on the relay yet. */
  get queuedIds(): string[] {
    return this.#talk?.outbox.queuedIds ?? [];
  }

  /** Resolves when all that the peer has put on the relay by now has been shown. */
  caughtUp(): Promise<void> {
    return this.#feed.caughtUp();
  }

  /** Resolves once everything said is on the relay and everything done with is off it. */
  async settle(): Promise<void> {
    await this.#talk?.outbox.idle();
    await this.#feed.flush();
  }

  /** Stops everything and forgets every key. */
  stop(): void {
    this.#abort.abort(new DOMException("The pairing is over", "AbortError"));
    this.#receipts.paid();
    this.#pingTimer?.cancel();
    this.#door.close();
    this.#greeting.wipe();
    this.#talk?.inbox.close();
    this.#talk?.conversation.close();
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
      else if (envelope.seq === 0) await this.#greeting.hear(envelope);
      else messages.push(envelope);
    }
    // Before the handshake is done nobody can tell a message from a forgery: they stay where they
    // are, and the read that follows the handshake brings them again.
    await this.#talk?.inbox.take(messages, read);
  }

  // -------------------------------------------------------------------------------- talking

  #begin(handshake: HandshakeResult): void {
    const { seat, clock, random, emit, alarms } = this.#deps;
    const conversation = startConversation({
      handshake,
      epoch: seat,
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
    this.#talk = { conversation, inbox, outbox };
    this.#feed.requestRead();
  }

  async #post(envelopes: readonly Envelope[]): Promise<void> {
    const { connection, seat } = this.#deps;
    await connection.runInBatches("post", envelopes, async (batch, { relay, signal, number }) => {
      const marked = batch.map((one) => number === 0 ? one : { ...one, attempt: number });
      await relay.post(seat, marked, { signal });
    }, this.#abort.signal);
    this.#feed.posted();
  }

  /** Tells one's name: at first, and again to ask for the peer's, or because it asks. */
  #introduce(): void {
    if (this.#introductions++ >= MAX_INTRODUCTIONS) return;
    this.#talk?.outbox.add({ kind: "profile", name: this.#deps.name, client: CLIENT });
  }

  #deliver({ payload }: Received, late: boolean): void {
    const { emit } = this.#deps;
    const talk = this.#talk;
    if (!talk) return;
    this.#heardAt = this.#deps.clock.monotonic();
    talk.outbox.confirm(payload);
    if (talk.outbox.unconfirmed === 0) {
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
        return this.#meet(talk.conversation, payload.name);
      case "text":
        emit({
          event: "message",
          from: this.#peer?.name ?? "",
          text: payload.text,
          seq: payload.texts,
          at: new Date(payload.at).toISOString(),
          ...(late ? { late } : {}),
        });
        return;
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
    const { words } = conversation;
    this.#peer = { name, words };
    emit({ event: "ready", peer: name, verify: words });
  }

  #expectReceipt(): void {
    this.#pingTimer ??= this.#deps.clock.after(PING_AFTER_MS, () => {
      this.#pingTimer = undefined;
      const outbox = this.#talk?.outbox;
      if (this.#presence === "here" && outbox && outbox.unconfirmed > 0) {
        outbox.add({ kind: "ping" });
      }
    });
  }

  // ------------------------------------------------------------------------------- presence

  /** Asks the relay who is seated. */
  async #look(): Promise<RoomView> {
    const { connection, seat } = this.#deps;
    const view = await connection.run(
      "look",
      ({ relay, signal }) => relay.renew(seat, { signal }),
      this.#abort.signal,
    );
    if (!view) throw evicted();
    return view;
  }

  /** What was heard since the relay was asked is newer than its answer. */
  #see(view: RoomView, askedAt: number): void {
    this.#greeting.see(view, askedAt);
    const { peer } = this.#greeting;
    if (!peer || askedAt <= peer.since) return;
    const leftMs = this.#door.check(view, peer.peerToken) ? view.peer?.leaseLeftMs : undefined;
    if (this.#heardAt === undefined) return this.#reportSilentPeer(leftMs);
    if (this.#heardAt <= askedAt) this.#sense({ sign: "lease", leftMs });
  }

  /** The peer was let in and has not sent anything. */
  #reportSilentPeer(leftMs: number | undefined): void {
    if (leftMs !== undefined && leftMs > 0) return;
    this.#sense({ sign: "lease", leftMs });
  }

  #sense(sign: Sign): void {
    const next = nextPresence(this.#presence, sign);
    if (next === this.#presence) return;
    this.#presence = next;
    const talk = this.#talk;
    const counts = next === "left" && talk
      ? { unseen: talk.outbox.unseen, missing: talk.conversation.textsMissing }
      : {};
    this.#deps.emit({ event: "presence", peer: next, ...counts });
  }
}
