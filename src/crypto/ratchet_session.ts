/**
 * The Double Ratchet with Fernet as its AEAD, from the shared key of a handshake until it is closed.
 * Its state is in memory only.
 *
 * @module
 */
import type { Random } from "../clock.ts";
import { type Bytes, lengthPrefixed, wipe } from "./bytes.ts";
import {
  acknowledgeKemSecret,
  AlteredToken,
  deleteOldKeys,
  discard,
  holdKemSecret,
  type KemSecret,
  type MessageKey,
  type RatchetState,
  receive,
  type RootKey,
  send,
  startAsGuest,
  startAsHost,
  startSendingChain,
} from "./double_ratchet.ts";
import { decrypt, encrypt, type FernetKey, importFernetKey, InvalidToken } from "./fernet.ts";
import { decodeHeader, encodeHeader, type HeaderKey, withoutTag } from "./header.ts";
import { expand, type Label, LABELS } from "./kdf.ts";
import { generateRatchetKeyPair, type RatchetKeyPair, toPeerRatchetKey } from "./ratchet_keys.ts";

export {
  AlteredToken,
  MAX_SKIP,
  MAX_SKIPPED_AGE_MS,
  MAX_SKIPPED_KEYS,
  ReplayedMessage,
  TooFarAhead,
} from "./double_ratchet.ts";
export { generateRatchetKeyPair, type RatchetKeyPair } from "./ratchet_keys.ts";

/** The peer did not make this header in this session. */
export class ForgedHeader extends Error {
  override readonly name = "ForgedHeader";
}

/** What a session starts from. */
export type RatchetSessionOptions =
  & {
    /** Session key of the handshake; the caller wipes it. */
    readonly sessionKey: Uint8Array;
    /** Hash of the handshake; every message is bound to it. */
    readonly transcript: Uint8Array;
    /** Source of the IVs. */
    readonly random: Random;
    /** Monotonic clock in milliseconds, for the age of skipped message keys. */
    readonly monotonic: () => number;
    /** Source of ratchet key pairs. Default: the operating system. */
    readonly generateKeyPair?: (() => RatchetKeyPair) | undefined;
  }
  & (
    | { readonly role: "host"; readonly keyPair: RatchetKeyPair }
    | { readonly role: "guest"; readonly hostRatchetKey: Bytes }
  );

/** An encrypted message. */
export interface SealedMessage {
  /** Number among all messages of this side, from 1. */
  readonly seq: number;
  /** Header and tag, 65 bytes. */
  readonly head: Bytes;
  /** A Fernet token. */
  readonly token: string;
}

/** A decrypted message. */
export interface OpenedMessage {
  readonly seq: number;
  readonly plaintext: Bytes;
}

interface HeaderKeys {
  readonly own: HeaderKey<"own">;
  readonly peer: HeaderKey<"peer">;
}

/**
 * Starts a session. The handshake must have authenticated `transcript` and the host's ratchet key.
 *
 * @throws {RangeError} when the host's ratchet key is not 32 bytes.
 */
export function createRatchetSession(options: RatchetSessionOptions): RatchetSession {
  const { sessionKey, transcript, random, monotonic } = options;
  const { generateKeyPair = generateRatchetKeyPair } = options;
  const derive = (label: Label) =>
    expand(sessionKey, { label, context: lengthPrefixed(transcript), length: 32 });
  const initial = { root: derive(LABELS.root) as RootKey, hostChain: derive(LABELS.hostChain) };
  const [host, guest] = [derive(LABELS.hostHeader), derive(LABELS.guestHeader)];
  const isHost = options.role === "host";
  const headerKeys = {
    own: (isHost ? host : guest) as HeaderKey<"own">,
    peer: (isHost ? guest : host) as HeaderKey<"peer">,
  };
  let state: RatchetState;
  if (isHost) {
    state = startAsHost(initial, options.keyPair);
  } else {
    const hostKey = toPeerRatchetKey(new Uint8Array(options.hostRatchetKey));
    state = startAsGuest(initial, generateKeyPair(), hostKey);
    wipe(initial.root);
  }
  return new RatchetSession(state, { headerKeys, transcript, random, monotonic, generateKeyPair });
}

/** One side of a session. Calls may overlap; they take effect in the order in which they are made. */
export class RatchetSession {
  #state: RatchetState | undefined;
  readonly #headerKeys: HeaderKeys;
  readonly #transcript: Bytes;
  readonly #random: Random;
  readonly #monotonic: () => number;
  readonly #generateKeyPair: () => RatchetKeyPair;
  /** Settles when the last operation that was called has taken effect. */
  #queue: Promise<unknown> = Promise.resolve();

  /** Made by {@link createRatchetSession}; the session owns `state` from here on. */
  constructor(state: RatchetState, { headerKeys, transcript, random, monotonic, generateKeyPair }: {
    headerKeys: HeaderKeys;
    transcript: Uint8Array;
    random: Random;
    monotonic: () => number;
    generateKeyPair: () => RatchetKeyPair;
  }) {
    this.#state = state;
    this.#headerKeys = headerKeys;
    this.#transcript = new Uint8Array(transcript);
    this.#random = random;
    this.#monotonic = monotonic;
    this.#generateKeyPair = generateKeyPair;
  }

  /** Encrypts messages in their order. */
  async seal(plaintexts: readonly Bytes[]): Promise<SealedMessage[]> {
    const drafts = await this.#inOrder(() => {
      this.#deleteOldKeys();
      return plaintexts.map((plaintext) => ({
        ...this.#advanceSending(),
        iv: this.#random(16),
        plaintext,
      }));
    });
    return await Promise.all(drafts.map(async ({ seq, head, key, iv, plaintext }) => {
      // Time 0: the relay does not learn the sender's clock. The true time is in the plaintext.
      const token = await encrypt(await key, plaintext, { now: 0, random: () => iv });
      return { seq, head, token };
    }));
  }

  /**
   * Authenticates a head: one HMAC, no change of state.
   *
   * @returns undefined unless the peer made it in this session.
   */
  checkHeader(head: Bytes): { readonly seq: number } | undefined {
    this.#live();
    const header = decodeHeader(head, this.#headerKeys.peer);
    return header && { seq: header.seq };
  }

  /**
   * Decrypts messages in the given order, up to the first that fails.
   *
   * @returns the decrypted messages, and the error of the one that failed: {@link ForgedHeader},
   * {@link AlteredToken}, {@link ReplayedMessage} or {@link TooFarAhead}. That one leaves the session
   * unchanged.
   */
  openAll(
    messages: readonly { readonly head: Bytes; readonly token: string }[],
  ): Promise<{ opened: OpenedMessage[]; error?: unknown }> {
    return this.#inOrder(async () => {
      this.#deleteOldKeys();
      const opened: OpenedMessage[] = [];
      for (const { head, token } of messages) {
        try {
          opened.push(await this.#open(head, token));
        } catch (error) {
          this.#live();
          return { opened, error };
        }
      }
      return { opened };
    });
  }

  /**
   * Takes over the secret of a KEM exchange, in place of one that was not mixed in. `"peer"`: the next
   * chain of the peer may be under it. `"own, once acknowledged"`: ours is, from the first one after
   * {@link RatchetSession.acknowledgeKemSecret}.
   */
  holdKemSecret(secret: Bytes, mixedBy: "peer" | "own, once acknowledged"): Promise<void> {
    return this.#inOrder(() => {
      const before = this.#state;
      if (!before) return wipe(secret);
      this.#commit(before, holdKemSecret(before, secret as KemSecret, mixedBy));
    });
  }

  /** The peer holds the secret that we made: our next DH ratchet step mixes it in. */
  acknowledgeKemSecret(): Promise<void> {
    return this.#inOrder(() => {
      const before = this.#live();
      this.#commit(before, acknowledgeKemSecret(before));
    });
  }

  /** True while there is a KEM secret that is not mixed in. */
  get hasKemSecret(): boolean {
    return this.#state?.kem.secret !== undefined;
  }

  /** Deletes skipped message keys that are too old. Every operation does; this is for quiet times. */
  deleteOldKeys(): Promise<void> {
    return this.#inOrder(() => this.#deleteOldKeys());
  }

  /** Wipes every key. Later calls, and running ones that still need a key, fail. */
  close(): void {
    if (!this.#state) return;
    discard([this.#state]);
    this.#state = undefined;
    wipe(this.#headerKeys.own, this.#headerKeys.peer, this.#transcript);
  }

  /** Keys do not show when a session is printed. */
  toJSON(): string {
    return `RatchetSession (${this.#state ? "open" : "closed"})`;
  }

  /** As above. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toJSON();
  }

  /** As above. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toJSON();
  }

  #live(): RatchetState {
    if (!this.#state) throw closed();
    return this.#state;
  }

  /** Runs `action` when all earlier ones have taken effect. */
  #inOrder<T>(action: () => T | Promise<T>): Promise<T> {
    const done = this.#queue.then(action);
    this.#queue = done.catch(() => {});
    return done;
  }

  /** The head and key of the next message, and the state behind it. */
  #advanceSending(): { seq: number; head: Bytes; key: Promise<FernetKey> } {
    this.#startSendingChain();
    const before = this.#live();
    const { state, header, key } = send(before);
    const head = encodeHeader(header, this.#headerKeys.own);
    this.#commit(before, state);
    return { seq: header.seq, head, key: this.#fernetKey(key, head) };
  }

  #startSendingChain(): void {
    const before = this.#live();
    if (before.sending.chain) return;
    this.#commit(before, startSendingChain(before, this.#generateKeyPair()));
  }

  #deleteOldKeys(): void {
    const before = this.#state;
    if (before) this.#commit(before, deleteOldKeys(before, this.#monotonic()));
  }

  #commit(before: RatchetState, after: RatchetState): void {
    if (after === before) return;
    this.#state = after;
    discard([before], after);
  }

  /** Derives on a copy, authenticates, then commits. */
  async #open(head: Bytes, token: string): Promise<OpenedMessage> {
    const before = this.#live();
    const header = decodeHeader(head, this.#headerKeys.peer);
    if (!header) throw new ForgedHeader("Cannot open message: its header is forged");
    const { state, key } = receive(before, header, this.#monotonic());
    const fernetKey = this.#fernetKey(key, head);
    try {
      const plaintext = await decrypt(await fernetKey, token);
      // Closed in the meantime: its keys are wiped, and nothing may be shown any more.
      if (this.#state !== before) throw closed();
      this.#commit(before, state);
      return { seq: header.seq, plaintext };
    } catch (cause) {
      discard([state], this.#state);
      if (!(cause instanceof InvalidToken)) throw cause;
      throw new AlteredToken("Cannot open message: it was altered on the way", { cause });
    }
  }

  /**
   * Message key to Fernet key. Fernet has no associated data: this binds header and session into the
   * key, so that a token under another header, or in another session, fails its HMAC. Wipes `key`.
   */
  #fernetKey(key: MessageKey, head: Bytes): Promise<FernetKey> {
    const context = lengthPrefixed(withoutTag(head), this.#transcript);
    const fernetKey = expand(key, { label: LABELS.message, context, length: 32 });
    wipe(key);
    return importFernetKey(fernetKey);
  }
}

function closed(): Error {
  return new Error("Cannot use session: it is closed");
}
