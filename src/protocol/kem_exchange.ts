/**
 * In-band KEM exchanges, which heal a session against an attacker who can compute discrete logarithms
 * (docs/PROTOCOL.md §5): the host proposes a fresh encapsulation key now and then, the guest answers
 * with a ciphertext, and the guest mixes the secret into the root key once the host has acknowledged it.
 *
 * Only the host proposes. One exchange renews the secrets of both sides, and proposals that cross would
 * need a rule of their own.
 *
 * @module
 */
import { type Kem, kem as platformKem, type KemKeyPair } from "../crypto/mlkem.ts";
import type { RatchetSession } from "../crypto/ratchet_session.ts";
import type { Role } from "../relay/relay.ts";
import { type Body, MalformedPayload, type Payload } from "./payload.ts";

/** Messages of both sides after which the next exchange is proposed. */
export const KEM_EVERY_MESSAGES = 50;
/** Milliseconds after which the next message lets an exchange be proposed. */
export const KEM_EVERY_MS = 600_000;

/** What the exchanges need. */
export interface KemExchangeOptions {
  readonly role: Role;
  readonly session: RatchetSession;
  /** Monotonic clock in milliseconds. */
  readonly monotonic: () => number;
  /** Queues a payload for the peer. */
  readonly send: (body: Body) => void;
  readonly kem?: Kem | undefined;
}

/** The KEM exchanges of one side of a session. Calls of `received` must not overlap. */
export class KemExchange {
  readonly #role: Role;
  readonly #session: RatchetSession;
  readonly #monotonic: () => number;
  readonly #send: (body: Body) => void;
  readonly #kem: Kem;
  /** Number of the newest exchange: proposed by the host, answered by the guest. */
  #newest = 0;
  /** Of the host's proposal that is not answered yet. */
  #keyPair: KemKeyPair | undefined;
  #held = 0;
  /** True while an answer is decapsulated. */
  #isFinishing = false;
  /** Messages since the last proposal, and when that was. */
  #messages = 0;
  #proposedAt: number;
  #isClosed = false;

  constructor({ role, session, monotonic, send, kem = platformKem }: KemExchangeOptions) {
    this.#role = role;
    this.#session = session;
    this.#monotonic = monotonic;
    this.#send = send;
    this.#kem = kem;
    this.#proposedAt = monotonic();
  }

  /** Number of the newest exchange whose secret this side holds; sent with every payload. */
  get held(): number {
    return this.#held;
  }

  /** Counts a message that was sent. */
  async sent({ kind }: Body): Promise<void> {
    await this.#count(kind);
  }

  /**
   * Takes a payload of the peer.
   *
   * @throws {MalformedPayload} for what no honest peer sends.
   */
  async received(payload: Payload): Promise<void> {
    if (payload.kem > this.#newest) {
      throw new MalformedPayload("Cannot exchange keys: the peer acknowledges an unknown exchange");
    }
    if (this.#role === "guest" && payload.kem === this.#newest && this.#session.hasKemSecret) {
      await this.#session.acknowledgeKemSecret();
    }
    if (payload.kind === "kem-key") await this.#answer(payload);
    if (payload.kind === "kem-answer") await this.#finish(payload);
    await this.#count(payload.kind);
  }

  /** Wipes the decapsulation key. */
  close(): void {
    this.#isClosed = true;
    this.#keyPair?.wipe();
    this.#keyPair = undefined;
  }

  async #count(kind: Body["kind"]): Promise<void> {
    if (this.#role !== "host" || kind === "kem-key" || kind === "kem-answer") return;
    this.#messages++;
    const isDue = this.#messages >= KEM_EVERY_MESSAGES ||
      this.#monotonic() - this.#proposedAt >= KEM_EVERY_MS;
    // A secret that the guest has not mixed in yet must not be replaced: it may do so at any time.
    if (isDue && !this.#isFinishing && !this.#session.hasKemSecret) await this.#propose();
  }

  /** Proposes an exchange, in place of one that was not answered. */
  async #propose(): Promise<void> {
    this.#messages = 0;
    this.#proposedAt = this.#monotonic();
    const number = ++this.#newest;
    this.#keyPair?.wipe();
    this.#keyPair = undefined;
    const keyPair = await this.#kem.generateKeyPair();
    if (this.#isClosed || number !== this.#newest) return keyPair.wipe();
    this.#keyPair = keyPair;
    this.#send({ kind: "kem-key", n: number, ek: keyPair.encapsulationKey });
  }

  async #answer({ n, ek }: Payload & { kind: "kem-key" }): Promise<void> {
    if (this.#role !== "guest") {
      throw new MalformedPayload("Cannot exchange keys: only the host proposes");
    }
    // A proposal that arrives after a later one was replaced by it.
    if (n <= this.#newest) return;
    const encapsulated = await this.#kem.encapsulate(ek);
    if (!encapsulated) throw new MalformedPayload("Cannot exchange keys: the key is invalid");
    await this.#session.holdKemSecret(encapsulated.secret, "own, once acknowledged");
    this.#newest = this.#held = n;
    if (!this.#isClosed) this.#send({ kind: "kem-answer", n, ct: encapsulated.ciphertext });
  }

  async #finish({ n, ct }: Payload & { kind: "kem-answer" }): Promise<void> {
    if (this.#role !== "host" || n > this.#newest) {
      throw new MalformedPayload("Cannot exchange keys: the answer is to no proposal");
    }
    const keyPair = this.#keyPair;
    // The answer to a proposal that was replaced, or a second one.
    if (n !== this.#newest || !keyPair) return;
    this.#keyPair = undefined;
    this.#isFinishing = true;
    try {
      const secret = await keyPair.decapsulate(ct);
      if (!secret) throw new MalformedPayload("Cannot exchange keys: the ciphertext is invalid");
      await this.#session.holdKemSecret(secret, "peer");
      this.#held = n;
    } finally {
      keyPair.wipe();
      this.#isFinishing = false;
    }
  }
}
