/**
 * The conversation after the handshake: payloads to envelopes and back, with the counters that every
 * payload carries (docs/PROTOCOL.md §5 and §6).
 *
 * @module
 */
import type { Clock, Random } from "../clock.ts";
import type { Kem } from "../crypto/mlkem.ts";
import {
  AlteredToken,
  createRatchetSession,
  type OpenedMessage,
  type RatchetKeyPair,
  type RatchetSession,
} from "../crypto/ratchet_session.ts";
import { Failure } from "../errors.ts";
import {
  countBelow,
  hasNumber,
  type Range,
  type Ranges,
  withoutNumber,
  withRange,
} from "../ranges.ts";
import type { Envelope, Role, RoomEpoch } from "../relay/relay.ts";
import type { HandshakeResult } from "./handshake.ts";
import { KemExchange } from "./kem_exchange.ts";
import {
  type Body,
  decodePayload,
  encodePayload,
  MalformedPayload,
  MAX_MISSING_RANGES,
  type Payload,
  type Reply,
} from "./payload.ts";
import { verificationWords, type WordHalves, wordHalves } from "./verification.ts";
import { makeEnvelope } from "./wire.ts";

export { AlteredToken, ReplayedMessage, TooFarAhead } from "../crypto/ratchet_session.ts";

/** An envelope to post, with its content. */
export interface Sealed {
  readonly envelope: Envelope;
  readonly payload: Payload;
}

/** A received payload, and what it reveals about the texts before it. */
export interface Received {
  readonly payload: Payload;
  /** Texts that this payload shows to be missing, first and last; undefined: none. */
  readonly gap?: Range;
}

/** What a conversation is made of. */
export interface ConversationOptions {
  /** The result of the handshake; its session key is wiped. */
  readonly handshake: HandshakeResult;
  readonly epoch: RoomEpoch;
  /** Its time since 1970 is sent to the peer; its monotonic time is for the age of keys. */
  readonly clock: Pick<Clock, "now" | "monotonic">;
  readonly random: Random;
  /** Queues a payload of the protocol itself, to be sealed like any other. */
  readonly send: (body: Body) => void;
  readonly kem?: Kem;
  /** Source of ratchet key pairs. Default: the operating system. */
  readonly generateKeyPair?: () => RatchetKeyPair;
}

/**
 * Starts the conversation that a handshake has established.
 *
 * @throws {Failure} `invalid-peer-key` when the host's ratchet key is of small order.
 */
export function startConversation(options: ConversationOptions): Conversation {
  const { handshake, epoch, clock, random, send, kem, generateKeyPair } = options;
  const monotonic = () => clock.monotonic();
  const { sessionKey, transcript, ratchet } = handshake;
  try {
    const session = createRatchetSession({
      sessionKey: sessionKey.bytes,
      transcript,
      random,
      monotonic,
      generateKeyPair,
      ...ratchet,
    });
    const words = verificationWords(sessionKey.bytes, transcript);
    const { role } = ratchet;
    const exchange = new KemExchange({ role, session, monotonic, send, kem });
    return new Conversation({ session, exchange, epoch, role, clock, words });
  } catch (cause) {
    if (!(cause instanceof AlteredToken)) throw cause;
    // The handshake has authenticated this key, so its sender knows the code.
    throw new Failure("invalid-peer-key", {}, { cause });
  } finally {
    sessionKey.wipe();
  }
}

/** What {@link startConversation} makes a conversation of. */
interface Parts {
  /** Owned by the conversation. */
  readonly session: RatchetSession;
  readonly exchange: KemExchange;
  readonly epoch: RoomEpoch;
  readonly role: Role;
  readonly clock: Pick<Clock, "now">;
  readonly words: readonly string[];
}

/** One side of the conversation of an epoch. */
export class Conversation {
  readonly #parts: Parts;
  #textsSent = 0;
  #textsKnown = 0;
  /** The highest sequence number that was opened. */
  #lastSeq = 0;
  #missing: Ranges = [];
  /** Texts of the other side that were opened and are not displayed yet. */
  readonly #undisplayed = new Set<number>();

  /** Made by {@link startConversation}. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The verification words, the same on both sides of one session. */
  get words(): readonly string[] {
    return this.#parts.words;
  }

  /** The words as this side sees them. */
  get wordHalves(): WordHalves {
    return wordHalves(this.words, this.#parts.role);
  }

  /** Whether there is a text that a reply of this side could name. */
  canReplyTo([isOwn, number]: Reply): boolean {
    if (isOwn) return number <= this.#textsSent;
    return number <= this.#textsKnown && !hasNumber(this.#missing, number);
  }

  /** Texts that the peer is known to have sent and that have not arrived. */
  get textsMissing(): number {
    return countBelow(this.#missing, Infinity);
  }

  /**
   * Text number `texts` of the other side is in front of the person: what is sealed from now on says so.
   *
   * @returns false for a text that was not opened, or was displayed before.
   */
  displayed(texts: number): boolean {
    return this.#undisplayed.delete(texts);
  }

  /** What the peer is told of its texts: those up to `shown` were displayed, except for `missing`. */
  #receipt(): Pick<Payload, "shown" | "missing"> {
    let shown = this.#textsKnown;
    while (this.#undisplayed.has(shown)) shown--;
    const unseen = [...this.#undisplayed].map((number): Range => [number, number]);
    const missing = [...this.#missing, ...unseen].filter(([first]) => first <= shown)
      .sort(([one], [other]) => one - other)
      .reduce<Ranges>(withRange, []);
    return { shown, missing: reportedRanges(missing) };
  }

  /** Numbers, timestamps and encrypts `bodies` in their order. */
  async seal(bodies: readonly Body[]): Promise<Sealed[]> {
    const { session, exchange, epoch, role, clock } = this.#parts;
    const receipt = this.#receipt();
    const payloads = bodies.map((body): Payload => ({
      ...body,
      at: clock.now(),
      texts: body.kind === "text" ? ++this.#textsSent : this.#textsSent,
      ...receipt,
      kem: exchange.held,
    }));
    const sealed = await session.seal(payloads.map(encodePayload));
    for (const payload of payloads) await exchange.sent(payload);
    return sealed.map(({ seq, head, token }, i) => ({
      envelope: makeEnvelope(epoch, { from: role, seq, head, token }),
      payload: payloads[i]!,
    }));
  }

  /**
   * The sequence number in the envelope's authenticated header; undefined when the header is forged.
   * Costs one short HMAC and changes nothing.
   */
  headerSeq({ head }: Pick<Envelope, "head">): number | undefined {
    return this.#parts.session.checkHeader(head)?.seq;
  }

  /**
   * Decrypts envelopes in the given order. Stops at the first that does not decrypt, or whose payload
   * violates the schema or the peer's own counters.
   *
   * @returns the payloads, and the error of the envelope that failed.
   */
  async open(
    envelopes: readonly Envelope[],
  ): Promise<{ received: Received[]; error?: unknown }> {
    const { opened, error } = await this.#parts.session.openAll(envelopes);
    const received: Received[] = [];
    try {
      for (const one of opened) {
        const taken = this.#take(one);
        await this.#parts.exchange.received(taken.payload);
        received.push(taken);
      }
    } catch (malformed) {
      return { received, error: malformed };
    }
    return error === undefined ? { received } : { received, error };
  }

  /** Deletes skipped message keys that are too old, for times in which nothing is sent or received. */
  async deleteOldKeys(): Promise<void> {
    await this.#parts.session.deleteOldKeys();
  }

  /** Wipes every key. */
  close(): void {
    this.#parts.session.close();
    this.#parts.exchange.close();
  }

  #take({ seq, plaintext }: OpenedMessage): Received {
    const payload = decodePayload(plaintext);
    if (payload.shown > this.#textsSent) {
      throw new MalformedPayload("Cannot count receipts: the peer confirms what was never sent");
    }
    if (seq < this.#lastSeq) return this.#takeLate(payload);
    const before = payload.kind === "text" ? payload.texts - 1 : payload.texts;
    if (before < this.#textsKnown) {
      throw new MalformedPayload("Cannot count texts: the peer counts backwards");
    }
    if (before - this.#textsKnown > seq - this.#lastSeq - 1) {
      throw new MalformedPayload("Cannot count texts: the peer counts more than it sent messages");
    }
    const gap: Range | undefined = before > this.#textsKnown
      ? [this.#textsKnown + 1, before]
      : undefined;
    if (gap) this.#missing = withRange(this.#missing, gap);
    this.#textsKnown = payload.texts;
    this.#lastSeq = seq;
    if (payload.kind === "text") this.#undisplayed.add(payload.texts);
    return gap ? { payload, gap } : { payload };
  }

  /** Takes a payload that arrived late: it fills a gap, and its counters are outdated. */
  #takeLate(payload: Payload): Received {
    if (payload.kind !== "text") return { payload };
    const found = payload.texts;
    if (!hasNumber(this.#missing, found)) {
      throw new MalformedPayload("Cannot count texts: the peer gave one number twice");
    }
    this.#missing = withoutNumber(this.#missing, found);
    this.#undisplayed.add(found);
    return { payload };
  }
}

/**
 * The ranges to report. Of too many, the oldest are merged into one that covers them: a text that was
 * displayed may be reported missing, but never the other way around.
 */
function reportedRanges(ranges: Ranges): Ranges {
  const surplus = ranges.length - MAX_MISSING_RANGES;
  if (surplus <= 0) return ranges;
  return [[ranges[0]![0], ranges[surplus]![1]], ...ranges.slice(surplus + 1)];
}
