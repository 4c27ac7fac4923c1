/**
 * One epoch of a room: the handshake, and the conversation that follows, driven against the relay.
 *
 * @module
 */
import type { Clock, Random, Timer } from "../clock.ts";
import { Failure } from "../errors.ts";
import { type Conversation, type Received, startConversation } from "../protocol/conversation.ts";
import type { HandshakeParams, HandshakeResult } from "../protocol/handshake.ts";
import type { FileBody, Payload, Reply } from "../protocol/payload.ts";
import type { WordHalves } from "../protocol/verification.ts";
import type { Envelope, RoomView, Seat } from "../relay/relay.ts";
import type { Alarms } from "./alarms.ts";
import type { Listener, MessageRef, Presence, RoomKind, Verification } from "./events.ts";
import { HandshakeDriver } from "./handshake.ts";
import { JoinGuard } from "./join_guard.ts";
import { Heartbeat, nextPresence, type Sign } from "./presence.ts";
import { Receiver } from "./receiver.ts";
import type { RelayConnection } from "./retry.ts";
import type { Leftover, Sender } from "./sender.ts";
import { type ReadResult, Sync } from "./sync.ts";

/** A message that no receipt covers after this time, with the peer here, is asked after once. */
const PING_AFTER_MS = 10_000;
/** Profiles sent at most: after so many losses the relay is assumed to censor them. */
const MAX_PROFILE_SENDS = 4;
/** The client name in a profile. */
const CLIENT = "whisper/2";

/** Dependencies and callbacks of a session. */
export interface SessionDeps {
  readonly connection: RelayConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly alarms: Alarms;
  readonly emit: Listener;
  readonly sender: Sender;
  readonly seat: Seat;
  readonly roomKind: RoomKind;
  /** One's own name. */
  readonly name: string;
  /** The peer's program asks for a timer, or to erase the conversation. */
  onControlMessage(payload: Payload): void;
  /** The peer's program sends something about a file. */
  onFile(payload: FileBody): void;
  /** The peer is known. */
  onReady(): void;
  /** The invite code no longer lets anybody in. */
  onCodeBurnt(): void;
  /** The session cannot go on. */
  onFailure(error: unknown): void;
}

/** The peer, once both know each other. */
export interface Peer {
  readonly name: string;
  /** The words of `/verify`. */
  readonly words: readonly string[];
  readonly wordHalves: WordHalves;
}

/** One session, as one of the two has it. */
export class Session {
  readonly #deps: SessionDeps;
  readonly #abort = new AbortController();
  readonly #sync: Sync;
  readonly #heartbeat: Heartbeat;
  readonly #handshake: HandshakeDriver;
  readonly #guard: JoinGuard;
  /** Once the handshake is done. */
  #channel: { readonly conversation: Conversation; readonly receiver: Receiver } | undefined;
  #peer: Peer | undefined;
  #presence: Presence = "here";
  #verification: Verification = { you: undefined, peer: undefined };
  #heardAt: number | undefined;
  #pingTimer: Timer | undefined;
  #profileSends = 0;
  /** Messages came before the handshake was done. */
  #hasLeftMessages = false;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    const remove = (id: string) => this.#sync.remove(id);
    this.#sync = new Sync({
      ...deps,
      onEnvelopes: (envelopes, read) => this.#onEnvelopes(envelopes, read),
      wanted: () => this.#channel?.receiver.wanted(),
      onFailure: (error) => this.#fail(error),
    }, this.#abort.signal);
    this.#heartbeat = new Heartbeat({
      ...deps,
      // An acknowledgement that expires before someone who is away has read it would look like a gap.
      isWaiting: () => deps.sender.unacknowledged > 0 || this.#presence !== "here",
      onView: (view, askedAt) => this.#onRoomView(view, askedAt),
      onRollback: () => this.#guard.onRollback(),
    });
    this.#guard = new JoinGuard({
      ...deps,
      remove,
      requestRead: () => this.#sync.requestRead(),
      look: () => this.#look(),
    });
    this.#handshake = new HandshakeDriver({
      ...deps,
      guard: this.#guard,
      signal: this.#abort.signal,
      remove,
      onEstablished: (result) => this.#begin(result),
      onComplete: (last) => {
        if (last) deps.sender.prepend(last);
        this.#sendProfile();
      },
    });
  }

  /** Begins: the guest sends first, the host waits. `params` contain the password, and are not stored. */
  async start(params: HandshakeParams): Promise<void> {
    // Side by side: an answer to the first message finds the watch at work.
    const started = this.#handshake.start(params);
    this.#sync.start();
    await started;
    this.#heartbeat.run(this.#abort.signal).catch((error) => this.#onHeartbeatEnd(error));
  }

  /** The peer, once both know each other. */
  get peer(): Peer | undefined {
    return this.#peer;
  }

  /** When something authenticated last came, by the monotonic clock. */
  get heardAt(): number | undefined {
    return this.#heardAt;
  }

  /** The last presence reported. */
  get presence(): Presence {
    return this.#presence;
  }

  /** Who has confirmed the words. */
  get verification(): Verification {
    return this.#verification;
  }

  /** The person says whether the words that the peer read aloud were the same. */
  verify(same: boolean): void {
    this.#deps.sender.sendControl({ kind: "verify", same });
    this.#onVerdict("you", same);
  }

  /**
   * The message that a reply names, as it goes out.
   *
   * @returns undefined where there is no such message in this session.
   */
  replyTo({ from, seq }: MessageRef): Reply | undefined {
    const reply: Reply = [from === "you", seq];
    return this.#channel?.conversation.canReplyTo(reply) ? reply : undefined;
  }

  /** True from the first share of a guest until both know each other: worth waiting for. */
  get isShakingHands(): boolean {
    return this.#handshake.isUnderWay || (this.#channel !== undefined && !this.#peer);
  }

  /** A message was queued: its receipt is asked for when it does not come. */
  expectReceipt(): void {
    this.#pingTimer ??= this.#deps.clock.after(PING_AFTER_MS, () => {
      this.#pingTimer = undefined;
      const { sender } = this.#deps;
      if (this.#presence === "here" && sender.unacknowledged > 0) {
        sender.sendControl({ kind: "ping" });
      }
    });
  }

  /** Message `seq` is in front of the person; false where it was before, or is not of this session. */
  onDisplayed(seq: number): boolean {
    if (!this.#channel?.conversation.displayed(seq)) return false;
    this.#deps.sender.scheduleAck();
    return true;
  }

  /** Resolves when all that the peer has put on the relay by now has been taken. */
  caughtUp(): Promise<void> {
    return this.#sync.caughtUp();
  }

  /** Resolves once everything that may go out is on the relay, and everything dealt with is off it. */
  async settle(): Promise<void> {
    await Promise.all([this.#deps.sender.idle(), this.#sync.flush()]);
  }

  /** Resolves when everything that was read is off the relay. */
  flushRemovals(): Promise<void> {
    return this.#sync.flush();
  }

  /** Stops everything and wipes every key. */
  close(): Leftover {
    this.#abort.abort(new DOMException("The session is over", "AbortError"));
    const leftover = this.#deps.sender.detach();
    this.#pingTimer?.cancel();
    this.#guard.close();
    this.#handshake.wipe();
    this.#channel?.receiver.close();
    this.#channel?.conversation.close();
    return leftover;
  }

  /** A host that refuses a guest frees its seat at once; the refusal, stored before that, says why. */
  async #onHeartbeatEnd(error: unknown): Promise<void> {
    const isEvicted = error instanceof Failure && error.code === "evicted";
    if (isEvicted && this.#deps.seat.role === "guest" && !this.#channel) {
      await this.#sync.caughtUp();
    }
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (!this.#abort.signal.aborted) this.#deps.onFailure(error);
  }

  // ------------------------------------------------------------------------------- incoming

  async #onEnvelopes(envelopes: Envelope[], read?: ReadResult): Promise<number> {
    // What was asked for before the end may come after it.
    if (this.#abort.signal.aborted) return 0;
    if (read && read.malformed > 0) this.#deps.alarms.raise("forged", read.malformed);
    const isCrowded = read !== undefined && read.upTo !== Infinity;
    const messages: Envelope[] = [];
    this.#guard.beginBatch();
    for (const envelope of envelopes) {
      if (envelope.from === "stranger") this.#guard.onKnock(envelope, isCrowded);
      else if (envelope.seq === 0) await this.#handshake.handleMessage(envelope);
      else messages.push(envelope);
    }
    // Before the handshake is done a message cannot be told from a forgery: they stay where they are,
    // and a read that follows the handshake brings them again.
    if (!this.#channel && messages.length > 0) this.#hasLeftMessages = true;
    return await this.#channel?.receiver.take(messages, read) ?? 0;
  }

  #begin(handshake: HandshakeResult): void {
    const { connection, seat, clock, random, alarms, sender } = this.#deps;
    const conversation = startConversation({
      handshake,
      epoch: seat,
      clock,
      random,
      send: (body) => sender.sendControl(body, { lazily: true }),
    });
    if (this.#abort.signal.aborted) return conversation.close();
    const receiver = new Receiver({
      conversation,
      clock,
      onPayload: (received, late) => this.#onPayload(received, late),
      onDefect: (kind, count) => alarms.raise(kind, count),
      onGap: (messages, count) => alarms.gap(messages, count),
      remove: (id, options) => this.#sync.remove(id, options),
      isBehind: () => this.#sync.isBehind,
      readsBegun: () => this.#sync.readsBegun,
      requestRead: () => this.#sync.requestRead(),
    });
    this.#channel = { conversation, receiver };
    sender.attach({
      conversation,
      connection,
      seat,
      signal: this.#abort.signal,
      onPosted: () => this.#sync.onPosted(),
      onFailure: (error) => this.#fail(error),
    });
    if (this.#hasLeftMessages) this.#sync.requestRead();
  }

  /** Tells one's name: at first, and again to ask for the peer's, or because the peer asks. */
  #sendProfile(): void {
    if (this.#profileSends++ >= MAX_PROFILE_SENDS) return;
    const { sender, name } = this.#deps;
    sender.sendControl({ kind: "profile", name, client: CLIENT });
  }

  #onPayload({ payload }: Received, late: boolean): void {
    const { emit, sender, clock } = this.#deps;
    if (!this.#channel) return;
    this.#heardAt = clock.monotonic();
    sender.confirm(payload);
    if (sender.unacknowledged === 0) {
      this.#pingTimer?.cancel();
      this.#pingTimer = undefined;
    }
    if (this.#presence === "away" || this.#presence === "vanished") this.#heartbeat.renewNow();
    // Something came from a peer whose profile was lost on the way.
    if (payload.kind !== "profile" && !this.#peer) this.#sendProfile();
    switch (payload.kind) {
      case "profile":
        // A second one: the peer has not received ours.
        if (this.#peer) return this.#sendProfile();
        return this.#onPeerProfile(this.#channel.conversation, payload.name);
      case "text":
        return emit({
          event: "message",
          from: this.#peer?.name ?? "",
          text: payload.text,
          seq: payload.texts,
          at: new Date(payload.at).toISOString(),
          ...(late ? { late } : {}),
          ...payload.reply && { reply: refOf(payload.reply) },
        });
      case "ping":
        return sender.scheduleAck();
      case "kem-answer":
        // The receipt acknowledges the exchange, and nobody waits for it.
        return sender.scheduleAck({ lazily: true });
      case "receipt":
      case "kem-key":
        return;
      case "bye":
        return this.#updatePresence({ sign: "goodbye" });
      case "timer":
        sender.scheduleAck();
        // A proposal that comes late may have been overtaken by another.
        if (!late || payload.agreed) this.#deps.onControlMessage(payload);
        return;
      case "offer":
      case "accept":
      case "refuse":
      case "chunk":
      case "end":
      case "delivered":
      case "cancel":
        return this.#deps.onFile(payload);
      case "verify":
        sender.scheduleAck();
        // One that comes late may have been overtaken by another.
        if (late && this.#verification.peer !== undefined) return;
        return this.#onVerdict("peer", payload.same);
      case "burn":
        sender.scheduleAck();
        return this.#deps.onControlMessage(payload);
    }
  }

  /** What the peer says never stands for what one's own person has heard. */
  #onVerdict(by: "you" | "peer", same: boolean): void {
    this.#verification = { ...this.#verification, [by]: same };
    const { you, peer } = this.#verification;
    this.#deps.emit({ event: "verified", by, same, both: you === true && peer === true });
  }

  #onPeerProfile(conversation: Conversation, name: string): void {
    const { words, wordHalves } = conversation;
    this.#peer = { name, words, wordHalves };
    this.#deps.emit({ event: "ready", peer: name, verify: words });
    this.#deps.onReady();
  }

  // ------------------------------------------------------------------------------- presence

  /** Asks the relay who is seated. */
  async #look(): Promise<RoomView> {
    const { connection, seat } = this.#deps;
    const { signal } = this.#abort;
    const view = await connection.run(
      "look",
      (relay, attempt) => relay.renew(seat, attempt),
      signal,
    );
    if (!view) throw new Failure("evicted");
    return view;
  }

  /** What was received since the relay was asked is newer than its answer. */
  #onRoomView(view: RoomView, askedAt: number): void {
    // Old keys are deleted even when nothing is sent or received. A closed session has none.
    this.#channel?.conversation.deleteOldKeys().catch(() => {});
    this.#handshake.onRoomView(view, askedAt);
    const { peer } = this.#handshake;
    if (!peer || askedAt <= peer.since) return;
    const isPeers = this.#guard.checkSeats(view, peer.peerToken);
    const leftMs = isPeers ? view.peer?.leaseLeftMs : undefined;
    // A peer that was let in and has not sent anything yet: only that it is gone is worth a word.
    const isSilent = this.#heardAt === undefined;
    if (isSilent && leftMs !== undefined && leftMs > 0) return;
    if (isSilent || this.#heardAt! <= askedAt) this.#updatePresence({ sign: "lease", leftMs });
  }

  #updatePresence(sign: Sign): void {
    const next = nextPresence(this.#presence, sign);
    if (next === this.#presence) return;
    this.#presence = next;
    const counts = next === "left" && this.#channel
      ? {
        unseen: this.#deps.sender.undelivered,
        missing: this.#channel.conversation.textsMissing,
      }
      : {};
    this.#deps.emit({ event: "presence", peer: next, ...counts });
  }
}

/** What the sender of a reply calls its own is the peer's here. */
function refOf([isOwn, seq]: Reply): MessageRef {
  return { from: isOwn ? "peer" : "you", seq };
}
