/**
 * One queue for everything that goes out, from the first keystroke to the receipt: messages wait in it
 * before anybody has joined, are posted in order one batch at a time, and are remembered by id until
 * the peer's program says that they were displayed.
 *
 * It also sends delayed acks: a receipt waits a moment for a payload that carries the same counters.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { Failure } from "../errors.ts";
import { bytesOf, MAX_TEXT_BYTES } from "../limits.ts";
import type { Conversation } from "../protocol/conversation.ts";
import { type Body, isUtf8, type Payload, type Reply } from "../protocol/payload.ts";
import { type Envelope, MAX_BATCH, type Seat } from "../relay/relay.ts";
import type { RelayConnection } from "./retry.ts";

/** More messages than anybody types while alone; a script that is faster is told to wait. */
const MAX_QUEUED = 10_000;
/** An ack waits this long for a payload to ride on: too short to notice, enough for a burst. */
const ACK_DELAY_MS = 20;
/** And this long where nobody waits for it: a text that is sent meanwhile does not wait for its post. */
const LAZY_MS = 1_000;
/** Messages in quick succession share acks this far apart. */
const ACK_APART_MS = 250;
/** So many are acknowledged at once: their sender may wait for it in order to go on. */
const MAX_PENDING_ACKS = 64;

/** What a sender needs and whom it tells. */
export interface SenderDeps {
  readonly clock: Clock;
  /** A message is on the relay. */
  onSent(id: string, seq: number): void;
  /** A message was displayed to the peer. */
  onDelivered(id: string, seq: number): void;
}

/** The session that a sender sends through. */
export interface SessionLink {
  readonly conversation: Conversation;
  readonly connection: Pick<RelayConnection, "post">;
  readonly seat: Seat;
  /** Ends posting, however many attempts it takes. */
  readonly signal: AbortSignal;
  /** Something of ours has just been stored. */
  onPosted(): void;
  /** Posting is over: an error that trying again does not help. */
  onFailure(error: unknown): void;
}

/** A message that was taken out of the queue. */
export interface Unsent {
  readonly id: string;
  readonly text: string;
  readonly reply: Reply | undefined;
}

interface Item {
  readonly body: Body;
  /** Of a message: what its author calls it. */
  readonly id?: string;
}

/** A message on the relay, or on its way there. */
interface Unacknowledged {
  readonly id: string;
  isSent: boolean;
  isDisplayed: boolean;
}

/** What of a session was not delivered when it ended, by message id. */
export interface Leftover {
  /** On the relay, and never displayed there. */
  readonly undelivered: readonly string[];
  /** Never on the relay. */
  readonly unsent: readonly string[];
}

/** The outgoing side of a chat. */
export class Sender {
  readonly #deps: SenderDeps;
  #queue: Item[] = [];
  /** Envelopes that are posted before the next payload. */
  #first: Envelope[] = [];
  /** The part of the queue that is being encrypted: it can no longer be taken back. */
  #sealing: ReadonlySet<Item> = new Set();
  /** By number in the present session. */
  readonly #unacknowledged = new Map<number, Unacknowledged>();
  #link: SessionLink | undefined;
  /** Messages go out: the peer is known. Control payloads go out from {@link attach} on. */
  #isOpen = false;
  /** Chunks of a file: sealed when nothing else waits. */
  #bulk:
    | { readonly items: readonly Item[]; readonly taken: (isTaken: boolean) => void }
    | undefined;
  #flushing: Promise<void> | undefined;
  #drained = Promise.withResolvers<void>();
  #pendingAcks = 0;
  #ackTimer: Timer | undefined;
  #ackDueAt = Infinity;
  #lazyTimer: Timer | undefined;
  #ackedAt = -Infinity;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
  }

  /** Messages accepted and not yet on the relay. */
  get queued(): number {
    return this.#queuedIds().length;
  }

  /** Messages on the relay, or on their way there, that no receipt covers. */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /** Messages accepted that no receipt covers. */
  get undelivered(): number {
    return this.#queue.filter(({ id }) => id !== undefined).length + this.#unacknowledged.size;
  }

  /**
   * Queues a message.
   *
   * @throws {Failure} `queue-full`; nothing was queued then.
   */
  send(text: string, id: string, reply?: Reply): void {
    if (!this.#isOpen && this.#queue.length >= MAX_QUEUED) throw new Failure("queue-full");
    this.#queue.push({ body: { kind: "text", text, ...reply && { reply } }, id });
    this.#flush();
  }

  /**
   * Takes a message out of the queue: the one of that id, or the newest. It is not sent then.
   *
   * @returns undefined where none is queued, or it is being encrypted: from then on an attempt to store
   * it may have succeeded, whatever the relay answers.
   */
  takeBack(id?: string): Unsent | undefined {
    const item = this.#queue.findLast((one) =>
      one.id !== undefined && (id === undefined || one.id === id) && !this.#sealing.has(one)
    );
    if (item?.id === undefined || item.body.kind !== "text") return undefined;
    this.#queue = this.#queue.filter((one) => one !== item);
    this.#tellDrained();
    return { id: item.id, text: item.body.text, reply: item.body.reply };
  }

  /**
   * Queues a payload of the program's own; without a session it is dropped. One that is sent `lazily`
   * waits a moment for a message to go out with.
   */
  sendControl(body: Body, { lazily = false } = {}): void {
    if (!this.#link) return;
    this.#queue.push({ body });
    if (!lazily) return this.#flush();
    this.#lazyTimer ??= this.#deps.clock.after(LAZY_MS, () => this.#flush());
  }

  /**
   * Sends payloads that everything else overtakes, in one batch. Call it again when it has resolved.
   *
   * @returns true as soon as they are being sent; false when the session has ended before that.
   */
  sendBulk(bodies: readonly Body[]): Promise<boolean> {
    if (!this.#link) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#bulk = { items: bodies.map((body) => ({ body })), taken: resolve };
    this.#flush();
    return promise;
  }

  /** Sends through this session from here on: control payloads at once, messages after {@link open}. */
  attach(link: SessionLink): void {
    this.#link = link;
  }

  /** Posts an envelope in one batch with the next payload, before it; without a session it is dropped. */
  prepend(envelope: Envelope): void {
    if (this.#link) this.#first.push(envelope);
  }

  /** The peer is known: messages go out. */
  open(): void {
    this.#isOpen = true;
    this.#flush();
  }

  /**
   * Ends sending through the present session. Messages that were queued before a peer was known stay:
   * they go to the peer who joins next.
   */
  detach(): Leftover {
    const unsent = this.#isOpen ? this.#queuedIds() : [];
    const undelivered = [...this.#unacknowledged.values()].filter(({ isSent }) => isSent)
      .map(({ id }) => id);
    this.#queue = this.#isOpen ? [] : this.#queue.filter(({ id }) => id !== undefined);
    this.#first = [];
    this.#unacknowledged.clear();
    this.#bulk?.taken(false);
    this.#bulk = undefined;
    this.#link = undefined;
    this.#isOpen = false;
    this.#lazyTimer?.cancel();
    this.#lazyTimer = undefined;
    this.cancelAck();
    return { undelivered, unsent };
  }

  /** Drops every message that is still queued, and returns their ids. */
  drop(): readonly string[] {
    const ids = this.#queuedIds();
    this.#queue = [];
    return ids;
  }

  /** Resolves when everything that may go out now is on the relay, or posting failed. */
  async idle(): Promise<void> {
    this.#flush();
    while (this.#flushing) await this.#flushing;
  }

  /** Resolves when no message is queued any more. */
  async drained(): Promise<void> {
    while (this.queued > 0) await this.#drained.promise;
  }

  /** Takes in an authenticated receipt. */
  confirm({ shown, missing }: Pick<Payload, "shown" | "missing">): void {
    for (const [seq, message] of this.#unacknowledged) {
      if (seq > shown) break;
      if (missing.some(([first, last]) => seq >= first && seq <= last)) continue;
      message.isDisplayed = true;
      this.#settle(seq);
    }
  }

  /** Something was displayed that its sender wants to know of: an ack is sent soon, or `lazily`. */
  scheduleAck({ lazily = false } = {}): void {
    if (!lazily && ++this.#pendingAcks >= MAX_PENDING_ACKS) return this.#sendAck();
    const now = this.#deps.clock.monotonic();
    const soon = Math.max(now + ACK_DELAY_MS, this.#ackedAt + ACK_APART_MS);
    const dueAt = lazily ? now + LAZY_MS : soon;
    if (dueAt >= this.#ackDueAt) return;
    this.#ackTimer?.cancel();
    this.#ackDueAt = dueAt;
    this.#ackTimer = this.#deps.clock.after(dueAt - now, () => this.#sendAck());
  }

  /** No ack of its own is needed: what is sent next carries the counters. */
  cancelAck(): void {
    this.#ackTimer?.cancel();
    this.#ackTimer = undefined;
    this.#ackDueAt = Infinity;
    this.#pendingAcks = 0;
  }

  #sendAck(): void {
    this.cancelAck();
    this.#ackedAt = this.#deps.clock.monotonic();
    this.sendControl({ kind: "receipt" });
  }

  #queuedIds(): string[] {
    const onTheWay = [...this.#unacknowledged.values()].filter(({ isSent }) => !isSent);
    return [...onTheWay.map(({ id }) => id), ...this.#queue.flatMap(({ id }) => id ?? [])];
  }

  #flush(): void {
    const link = this.#link;
    this.#lazyTimer?.cancel();
    this.#lazyTimer = undefined;
    if (!link || this.#flushing) return;
    this.#flushing = this.#sendAll(link);
  }

  async #sendAll(link: SessionLink): Promise<void> {
    // Yielding once lets a burst of calls in one turn become one batch.
    await Promise.resolve();
    try {
      while (this.#link === link) {
        const batch = this.#next();
        if (batch.length === 0) return;
        this.cancelAck();
        const taken = this.#sealing = new Set(batch);
        const sealed = await link.conversation.seal(batch.map(({ body }) => body));
        this.#sealing = new Set();
        if (this.#link !== link) return;
        // Not before: until then they count as queued.
        this.#queue = this.#queue.filter((item) => !taken.has(item));
        sealed.forEach(({ payload }, i) => {
          const id = batch[i]!.id;
          if (id === undefined) return;
          this.#unacknowledged.set(payload.texts, { id, isSent: false, isDisplayed: false });
        });
        const envelopes = [...this.#first.splice(0), ...sealed.map(({ envelope }) => envelope)];
        await link.connection.post(link.seat, envelopes, link.signal);
        link.onPosted();
        if (this.#link !== link) return;
        for (const { payload } of sealed) this.#markSent(payload.texts, payload.kind);
        this.#tellDrained();
      }
    } catch (error) {
      if (this.#link === link) link.onFailure(error);
    } finally {
      // At once, not when the promise has settled: what is queued in between would wait for the next.
      this.#flushing = undefined;
      // What a session left behind goes out through the next.
      if (this.#link && this.#link !== link) this.#flush();
    }
  }

  #tellDrained(): void {
    this.#drained.resolve();
    this.#drained = Promise.withResolvers();
  }

  /** What goes out next; messages only once the peer is known. */
  #next(): readonly Item[] {
    const ready = this.#isOpen ? this.#queue : this.#queue.filter(({ id }) => id === undefined);
    if (ready.length > 0) return ready.slice(0, MAX_BATCH);
    const bulk = this.#bulk;
    this.#bulk = undefined;
    bulk?.taken(true);
    return bulk?.items ?? [];
  }

  #markSent(seq: number, kind: Payload["kind"]): void {
    const message = this.#unacknowledged.get(seq);
    if (kind !== "text" || !message || message.isSent) return;
    message.isSent = true;
    this.#deps.onSent(message.id, seq);
    this.#settle(seq);
  }

  /** A receipt can overtake the relay's own acknowledgement; "delivered" still comes after "sent". */
  #settle(seq: number): void {
    const message = this.#unacknowledged.get(seq);
    if (!message?.isSent || !message.isDisplayed) return;
    this.#unacknowledged.delete(seq);
    this.#deps.onDelivered(message.id, seq);
  }
}

/** @throws {Failure} unless `text` can be sent as it is. */
export function assertSendable(text: string): void {
  if (text === "") throw new Failure("message-empty");
  if (isUtf8(text, MAX_TEXT_BYTES)) return;
  const bytes = bytesOf(text);
  if (bytes > MAX_TEXT_BYTES) {
    throw new Failure("message-too-long", { bytes, maxBytes: MAX_TEXT_BYTES });
  }
  throw new Failure("message-not-unicode");
}
