/**
 * From texts to envelopes on the relay, in order: one batch on its way at a time, so that a text can
 * never be seen before the one that was typed before it, and whatever is typed meanwhile makes up the
 * next batch.
 *
 * @module
 */
import type { Conversation } from "../protocol/conversation.ts";
import type { Body, Payload } from "../protocol/payload.ts";
import { type Envelope, MAX_BATCH } from "../relay/relay.ts";

/** What an outbox needs and whom it tells. */
export interface OutboxDeps {
  readonly conversation: Conversation;
  /** Stores the envelopes, however often it takes. */
  post(envelopes: readonly Envelope[]): Promise<void>;
  /** A text is on the relay. */
  sent(id: string, seq: number): void;
  /** A text is on the peer's screen. */
  delivered(id: string, seq: number): void;
  /** Posting is over: an error that trying again does not help. */
  failed(error: unknown): void;
  /** Something with counters is about to be posted, so that no receipt of its own is needed. */
  sealing(): void;
}

interface Item {
  readonly body: Body;
  /** Of a text: what its sender calls it. */
  readonly id?: string;
}

/** One epoch's outgoing side. */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #queue: Item[] = [];
  /** Texts on the relay, or on their way there, by number; until a receipt covers them. */
  readonly #unconfirmed = new Map<number, { id: string; isSent: boolean; isShown: boolean }>();
  #flushing: Promise<void> | undefined;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Texts not yet on the relay. */
  get queued(): number {
    return this.#queue.filter(({ id }) => id !== undefined).length +
      [...this.#unconfirmed.values()].filter(({ isSent }) => !isSent).length;
  }

  /** Texts that no receipt covers. */
  get unconfirmed(): number {
    return this.#unconfirmed.size;
  }

  /** Texts accepted that no receipt covers, on the relay or not. */
  get unseen(): number {
    return this.#queue.filter(({ id }) => id !== undefined).length + this.#unconfirmed.size;
  }

  /** Ids of texts that are not on the relay yet. */
  get queuedIds(): string[] {
    const waiting = this.#queue.flatMap(({ id }) => id ?? []);
    const onTheWay = [...this.#unconfirmed.values()].filter(({ isSent }) => !isSent);
    return [...onTheWay.map(({ id }) => id), ...waiting];
  }

  /** Ids of texts on the relay that no receipt covers. */
  get undelivered(): string[] {
    return [...this.#unconfirmed.values()].filter(({ isSent }) => isSent).map(({ id }) => id);
  }

  /** Queues a body; with `id`, its fate is reported. */
  add(body: Body, id?: string): void {
    this.#queue.push(id === undefined ? { body } : { body, id });
    this.#flushing ??= this.#flush();
  }

  /** Resolves when everything queued is on the relay, or posting failed. */
  async idle(): Promise<void> {
    while (this.#flushing) await this.#flushing;
  }

  /** Takes in an authenticated receipt. */
  confirm({ shown, missing }: Pick<Payload, "shown" | "missing">): void {
    for (const [seq, text] of this.#unconfirmed) {
      if (seq > shown) break;
      if (missing.some(([first, last]) => seq >= first && seq <= last)) continue;
      text.isShown = true;
      this.#settle(seq);
    }
  }

  async #flush(): Promise<void> {
    // Yielding once lets a burst of calls in one turn become one batch.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue.slice(0, MAX_BATCH);
        this.#deps.sealing();
        const sealed = await this.#deps.conversation.seal(batch.map(({ body }) => body));
        // Not before: whoever asks meanwhile how much is unseen must find it in one place or the other.
        this.#queue.splice(0, batch.length);
        sealed.forEach(({ payload }, i) => {
          const id = batch[i]!.id;
          if (id !== undefined) {
            this.#unconfirmed.set(payload.texts, { id, isSent: false, isShown: false });
          }
        });
        await this.#deps.post(sealed.map(({ envelope }) => envelope));
        for (const { payload } of sealed) this.#markSent(payload.texts, payload.kind);
      }
    } catch (error) {
      this.#deps.failed(error);
    } finally {
      this.#flushing = undefined;
    }
  }

  #markSent(seq: number, kind: Payload["kind"]): void {
    const text = this.#unconfirmed.get(seq);
    if (kind !== "text" || !text || text.isSent) return;
    text.isSent = true;
    this.#deps.sent(text.id, seq);
    this.#settle(seq);
  }

  /** A receipt can overtake the relay's own acknowledgement; "delivered" still comes after "sent". */
  #settle(seq: number): void {
    const text = this.#unconfirmed.get(seq);
    if (!text?.isSent || !text.isShown) return;
    this.#unconfirmed.delete(seq);
    this.#deps.delivered(text.id, seq);
  }
}
