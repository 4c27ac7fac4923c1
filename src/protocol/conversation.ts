/**
 * The conversation after the handshake: payloads in, envelopes out, and back, with the counters that
 * every payload carries (docs/PROTOCOL.md §5 and §6).
 *
 * @module
 */
import type { Random } from "../clock.ts";
import {
  AlteredToken,
  createRatchetSession,
  type OpenedMessage,
  type RatchetKeyPair,
  type RatchetSession,
} from "../crypto/ratchet_session.ts";
import type { Secret } from "../crypto/secret.ts";
import { untranslated } from "../errors.ts";
import type { Envelope, Role } from "../relay/relay.ts";
import type { HandshakeResult } from "./handshake.ts";
import {
  type Body,
  decodePayload,
  encodePayload,
  MalformedPayload,
  MAX_MISSING_RANGES,
  type Payload,
  type Range,
} from "./payload.ts";
import { verificationWords, verifyKey } from "./verification.ts";
import { makeEnvelope, type RoomEpoch } from "./wire.ts";

export {
  AlteredToken,
  generateRatchetKeyPair,
  type RatchetKeyPair,
  ReplayedMessage,
  TooFarAhead,
} from "../crypto/ratchet_session.ts";

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
  readonly established: HandshakeResult;
  readonly place: RoomEpoch;
  readonly role: Role;
  /** The host's ratchet key pair, whose public half the handshake has authenticated; no guest's. */
  readonly keys: RatchetKeyPair | undefined;
  /** Milliseconds since 1970, to be told to the peer. */
  readonly now: () => number;
  readonly random: Random;
  /** Where fresh ratchet keys come from; the operating system unless a test says otherwise. */
  readonly generateKeyPair?: () => RatchetKeyPair;
}

/**
 * Begins the conversation that a handshake has established, and wipes the key that it left.
 *
 * @throws {Failure} `protocol` when the host's ratchet key is of small order.
 */
export function startConversation(options: ConversationOptions): Conversation {
  const { established, place, role, keys, now, random, generateKeyPair } = options;
  const { isk, transcript, hostRatchetKey } = established;
  const verify = verifyKey(isk.bytes, transcript);
  try {
    const session = createRatchetSession({
      isk: isk.bytes,
      transcript,
      random,
      ...(generateKeyPair ? { generateKeyPair } : {}),
      ...(keys ? { role: "host", keyPair: keys } : { role: "guest", hostRatchetKey }),
    });
    return new Conversation(session, { place, role, now, verify });
  } catch (cause) {
    verify.wipe();
    if (!(cause instanceof AlteredToken)) throw cause;
    // The handshake has authenticated this key: whoever sent it knows the code.
    throw untranslated(
      "protocol",
      "The conversation cannot begin: the other program sent a key that is none.",
      "Begin a new chat, both with the newest Whisper.",
      { cause },
    );
  } finally {
    isk.wipe();
  }
}

/** One epoch's conversation, as one of the two has it. */
export class Conversation {
  readonly #session: RatchetSession;
  readonly #place: RoomEpoch;
  readonly #role: Role;
  readonly #now: () => number;
  readonly #verify: Secret;
  #textsSent = 0;
  #textsKnown = 0;
  /** The highest sequence number that was opened. */
  #lastSeq = 0;
  #missing: Range[] = [];
  /** Texts of the other side that were opened and are not displayed yet. */
  readonly #undisplayed = new Set<number>();

  /** Made by {@link startConversation}; it owns the session and the key. */
  constructor(
    session: RatchetSession,
    { place, role, now, verify }: {
      place: RoomEpoch;
      role: Role;
      now: () => number;
      verify: Secret;
    },
  ) {
    this.#session = session;
    this.#place = place;
    this.#role = role;
    this.#now = now;
    this.#verify = verify;
  }

  /** Texts of the other side that are known to have been sent and have never come. */
  get textsMissing(): number {
    return this.#missing.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  /**
   * Text number `texts` of the other side is in front of the person: what is sealed from now on says so.
   *
   * @returns false for a text that was not opened, or was displayed before.
   */
  displayed(texts: number): boolean {
    return this.#undisplayed.delete(texts);
  }

  /** The highest number up to which every text was displayed, or never came. */
  get #displayedUpTo(): number {
    let upTo = this.#textsKnown;
    for (const texts of this.#undisplayed) upTo = Math.min(upTo, texts - 1);
    return upTo;
  }

  /**
   * The words of `/verify`, for both names. They can be had once: with them the key of the session's
   * identity goes.
   *
   * @throws {TypeError} when they are asked for again.
   */
  takeVerificationWords(ownName: string, peerName: string): string[] {
    const names = this.#role === "host"
      ? { host: ownName, guest: peerName }
      : { host: peerName, guest: ownName };
    const words = verificationWords(this.#verify, names);
    this.#verify.wipe();
    return words;
  }

  /** Numbers, stamps and encrypts `bodies` in their order. */
  async seal(bodies: readonly Body[]): Promise<Sealed[]> {
    const shown = this.#displayedUpTo;
    const missing = report(upTo(this.#missing, shown));
    const payloads = bodies.map((body): Payload => ({
      ...body,
      at: this.#now(),
      texts: body.kind === "text" ? ++this.#textsSent : this.#textsSent,
      shown,
      missing,
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
   * Decrypts envelopes in the given order. Stops at the first that does not open, or whose payload
   * the schema or the peer's own counters refuse.
   *
   * @returns what opened, and the error of the one that did not.
   */
  async open(
    envelopes: readonly Envelope[],
  ): Promise<{ received: Received[]; error?: unknown }> {
    const { opened, error } = await this.#session.openAll(
      envelopes.map(({ head, token }) => ({ head, token })),
    );
    const received: Received[] = [];
    try {
      for (const one of opened) received.push(this.#take(one));
    } catch (malformed) {
      return { received, error: malformed };
    }
    return error === undefined ? { received } : { received, error };
  }

  /** Forgets every key. */
  close(): void {
    this.#session.close();
    this.#verify.wipe();
  }

  #take({ seq, plaintext }: OpenedMessage): Received {
    const payload = decodePayload(plaintext);
    this.#checkReceipt(payload);
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

  /** Takes what came after it had been given up: it fills a gap, and says nothing of later ones. */
  #takeLate(payload: Payload): Received {
    if (payload.kind !== "text") return { payload };
    const found = payload.texts;
    if (!this.#missing.some(([first, last]) => first <= found && found <= last)) {
      throw new MalformedPayload("Cannot count texts: the peer gave one number twice");
    }
    this.#missing = this.#missing.flatMap(([first, last]): Range[] => {
      if (found < first || found > last) return [[first, last]];
      const parts: Range[] = [[first, found - 1], [found + 1, last]];
      return parts.filter(([a, b]) => a <= b);
    });
    this.#undisplayed.add(found);
    return { payload };
  }

  #checkReceipt(payload: Payload): void {
    if (payload.shown > this.#textsSent) {
      throw new MalformedPayload("Cannot count receipts: the peer confirms what was never sent");
    }
  }
}

/** Adds a range behind all others; one that follows the last without a text between prolongs it. */
function withRange(ranges: readonly Range[], added: Range): Range[] {
  const last = ranges.at(-1);
  if (!last || last[1] + 1 < added[0]) return [...ranges, added];
  return [...ranges.slice(0, -1), [last[0], added[1]]];
}

/** The part of ascending ranges that is not above `limit`. */
function upTo(ranges: readonly Range[], limit: number): Range[] {
  return ranges.filter(([first]) => first <= limit)
    .map(([first, last]): Range => [first, Math.min(last, limit)]);
}

/**
 * The ranges as they are told. Of too many, the oldest become one that covers them and what is between:
 * a text may be called missing that came, but none is ever called shown that did not.
 */
function report(ranges: readonly Range[]): readonly Range[] {
  const surplus = ranges.length - MAX_MISSING_RANGES;
  if (surplus <= 0) return ranges;
  return [[ranges[0]![0], ranges[surplus]![1]], ...ranges.slice(surplus + 1)];
}
