/**
 * The conversation after the handshake: payloads in, envelopes out, and back, with the counters that
 * every payload carries (docs/PROTOCOL.md §5 and §6).
 *
 * @module
 */
import type { Random } from "../clock.ts";
import { createSession, type RatchetKeyPair, type Session } from "../crypto/ratchet.ts";
import type { Envelope, Role } from "../store/mailbox.ts";
import type { Established } from "./handshake.ts";
import {
  type Body,
  decodePayload,
  encodePayload,
  MalformedPayload,
  MAX_MISSING_RANGES,
  type Payload,
} from "./payload.ts";
import { makeEnvelope, type Place } from "./wire.ts";

export {
  AlteredToken,
  generateRatchetKeyPair,
  type RatchetKeyPair,
  ReplayedMessage,
  TooFarAhead,
} from "../crypto/ratchet.ts";

/** Texts of the other side that never came: inclusive ranges, in order. */
type Range = readonly [number, number];

/** An envelope ready to be posted, with what it says. */
export interface Sealed {
  readonly envelope: Envelope;
  readonly payload: Payload;
}

/** What a received payload says of the texts before it. */
export interface Received {
  readonly payload: Payload;
  /** Texts that this payload shows to be missing, inclusive; undefined: none. */
  readonly gap?: Range;
}

/** What a conversation is made of. */
export interface ConversationOptions {
  readonly established: Established;
  readonly place: Place;
  readonly role: Role;
  /** The host's ratchet key pair, whose public half the handshake has authenticated; no guest's. */
  readonly keys: RatchetKeyPair | undefined;
  /** Milliseconds since 1970, to be told to the peer. */
  readonly now: () => number;
  readonly random: Random;
}

/** Begins the conversation that a handshake has established. */
export async function startConversation(options: ConversationOptions): Promise<Conversation> {
  const { established, place, role, keys, now, random } = options;
  const { isk, transcript, hostRatchetKey } = established;
  const session = await createSession({
    isk,
    transcript,
    random,
    ...(keys ? { role: "host", keyPair: keys } : { role: "guest", hostRatchetKey }),
  });
  return new Conversation(session, place, { role, now });
}

/** One epoch's conversation, as one of the two has it. */
export class Conversation {
  readonly #session: Session;
  readonly #place: Place;
  readonly #role: Role;
  readonly #now: () => number;
  #textsSent = 0;
  #textsKnown = 0;
  #missing: Range[] = [];

  constructor(session: Session, place: Place, { role, now }: { role: Role; now: () => number }) {
    this.#session = session;
    this.#place = place;
    this.#role = role;
    this.#now = now;
  }

  /** Texts sent so far. */
  get textsSent(): number {
    return this.#textsSent;
  }

  /** Texts of the other side known to have been sent so far. */
  get textsKnown(): number {
    return this.#textsKnown;
  }

  /** How many of those have never come. */
  get textsMissing(): number {
    return this.#missing.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  /** Numbers, stamps and encrypts `bodies` in their order. */
  async seal(bodies: readonly Body[]): Promise<Sealed[]> {
    const payloads = bodies.map((body): Payload => ({
      ...body,
      at: this.#now(),
      texts: body.kind === "text" ? ++this.#textsSent : this.#textsSent,
      shown: this.#textsKnown,
      missing: this.#missing.slice(-MAX_MISSING_RANGES),
    }));
    const sealed = await this.#session.seal(payloads.map(encodePayload));
    return sealed.map(({ seq, head, token }, i) => ({
      envelope: makeEnvelope(this.#place, { from: this.#role, seq, head, token }),
      payload: payloads[i]!,
    }));
  }

  /**
   * The sequence number that the envelope's authenticated header states; undefined when nobody with
   * the keys made that header. Costs one short HMAC and changes nothing.
   */
  headerSeq(envelope: Envelope): number | undefined {
    return this.#session.checkHeader(envelope.head)?.seq;
  }

  /**
   * Decrypts envelopes that are expected next, in order. Stops at the first that does not open.
   *
   * @returns what opened, and the error of the one that did not.
   */
  async open(
    envelopes: readonly Envelope[],
    { late = false }: { late?: boolean } = {},
  ): Promise<{ received: Received[]; error?: unknown }> {
    const { opened, error } = await this.#session.openAll(
      envelopes.map(({ head, token }) => ({ head, token })),
    );
    const received: Received[] = [];
    for (const { plaintext } of opened) {
      const payload = decodePayload(plaintext);
      received.push(late ? this.#takeLate(payload) : this.#take(payload));
    }
    return error === undefined ? { received } : { received, error };
  }

  /** Forgets every key. */
  close(): void {
    this.#session.close();
  }

  #take(payload: Payload): Received {
    this.#checkReceipt(payload);
    const before = payload.kind === "text" ? payload.texts - 1 : payload.texts;
    if (before < this.#textsKnown) {
      throw new MalformedPayload("Cannot count texts: the peer counts backwards");
    }
    const gap: Range | undefined = before > this.#textsKnown
      ? [this.#textsKnown + 1, before]
      : undefined;
    if (gap) this.#missing.push(gap);
    this.#textsKnown = payload.texts;
    return gap ? { payload, gap } : { payload };
  }

  #takeLate(payload: Payload): Received {
    this.#checkReceipt(payload);
    if (payload.kind === "text") {
      const found = payload.texts;
      this.#missing = this.#missing.flatMap(([first, last]): Range[] => {
        if (found < first || found > last) return [[first, last]];
        const parts: Range[] = [[first, found - 1], [found + 1, last]];
        return parts.filter(([a, b]) => a <= b);
      });
    }
    return { payload };
  }

  #checkReceipt(payload: Payload): void {
    if (payload.shown > this.#textsSent) {
      throw new MalformedPayload("Cannot count receipts: the peer confirms what was never sent");
    }
  }
}
