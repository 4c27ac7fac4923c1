/**
 * A session: the Double Ratchet with Fernet for the messages themselves, from the shared key of a
 * handshake until it is closed. Its state is in memory and nowhere else.
 *
 * @module
 */
import type { Random } from "../clock.ts";
import { type Bytes, lengthPrefixed, wipe } from "./bytes.ts";
import type { MessageKey } from "./chain.ts";
import {
  AlteredToken,
  answer,
  discard,
  type RatchetState,
  receive,
  type RootKey,
  send,
  startAsGuest,
  startAsHost,
} from "./double_ratchet.ts";
import { decrypt, encrypt, type FernetKey, importFernetKey, InvalidToken } from "./fernet.ts";
import { decodeHeader, encodeHeader, type Header, type HeaderKey, withoutTag } from "./header.ts";
import { expand, type Label, LABELS } from "./kdf.ts";
import {
  generateRatchetKeyPair,
  type PeerRatchetKey,
  type RatchetKeyPair,
  toPeerRatchetKey,
} from "./ratchet_keys.ts";

export {
  AlteredToken,
  MAX_SKIP,
  MAX_SKIPPED_KEYS,
  ReplayedMessage,
  TooFarAhead,
} from "./double_ratchet.ts";
export { generateRatchetKeyPair, type RatchetKeyPair } from "./ratchet_keys.ts";

/** The header was not made by the peer in this session. */
export class ForgedHeader extends Error {
  override readonly name = "ForgedHeader";
}

/** What a session begins with. */
export type RatchetSessionOptions =
  & {
    /** Shared key of the handshake; read here, and the caller's to wipe. */
    readonly isk: Uint8Array;
    /** Hash of all that the handshake said; every message is bound to it. */
    readonly transcript: Uint8Array;
    /** For the IVs. */
    readonly random: Random;
    /** Where fresh ratchet keys come from; the operating system unless a test says otherwise. */
    readonly generateKeyPair?: () => RatchetKeyPair;
  }
  & (
    | { readonly role: "host"; readonly keyPair: RatchetKeyPair }
    | { readonly role: "guest"; readonly hostRatchetKey: Bytes }
  );

/** An encrypted message. */
export interface SealedMessage {
  /** Its number among all that this side has sent, from 1. */
  readonly seq: number;
  /** Header and tag, 61 bytes. */
  readonly head: Bytes;
  /** A Fernet token. */
  readonly token: string;
}

/** An opened message. */
export interface OpenedMessage {
  readonly seq: number;
  readonly plaintext: Bytes;
}

/** A message to be sent that lacks its text. */
interface Draft {
  /** The sending half of the state behind it. */
  readonly sending: RatchetState["sending"];
  readonly seq: number;
  readonly head: Bytes;
  readonly key: FernetKey;
}

interface HeaderKeys {
  readonly own: HeaderKey<"own">;
  readonly peer: HeaderKey<"peer">;
}

/**
 * Begins a session. `transcript` and the host's ratchet key must have been authenticated.
 *
 * @throws {RangeError} when the host's ratchet key is not 32 bytes.
 */
export function createRatchetSession(options: RatchetSessionOptions): RatchetSession {
  const { isk, transcript, random, generateKeyPair = generateRatchetKeyPair } = options;
  const derive = (label: Label) =>
    expand(isk, { label, context: lengthPrefixed(transcript), length: 32 });
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
  return new RatchetSession(state, { headerKeys, transcript, random, generateKeyPair });
}

/** One side of a conversation between two. Calls may overlap; they take effect in their order. */
export class RatchetSession {
  #state: RatchetState | undefined;
  readonly #headerKeys: HeaderKeys;
  /** Headers that were read already, by the very bytes they were read from. */
  readonly #headers = new WeakMap<Bytes, Header<PeerRatchetKey>>();
  readonly #transcript: Bytes;
  readonly #random: Random;
  readonly #generateKeyPair: () => RatchetKeyPair;
  /** For the next turn. */
  #spare: RatchetKeyPair | undefined;
  /** The next message to be sent, unless the peer turns the ratchet before. */
  #ahead: Draft | undefined;
  /** Settles when the last operation that was let in has taken effect. */
  #turnstile: Promise<unknown> = Promise.resolve();

  /** Made by {@link createRatchetSession}; the session owns `state` from here on. */
  constructor(state: RatchetState, { headerKeys, transcript, random, generateKeyPair }: {
    headerKeys: HeaderKeys;
    transcript: Uint8Array;
    random: Random;
    generateKeyPair: () => RatchetKeyPair;
  }) {
    this.#state = state;
    this.#headerKeys = headerKeys;
    this.#transcript = new Uint8Array(transcript);
    this.#random = random;
    this.#generateKeyPair = generateKeyPair;
  }

  /** Encrypts messages in their order. */
  async seal(plaintexts: readonly Bytes[]): Promise<SealedMessage[]> {
    const drafts = await this.#inOrder(() => {
      this.#answer();
      // The IVs are drawn here, in the messages' order.
      return plaintexts.map((plaintext) => ({
        ...this.#draft(),
        iv: this.#random(16),
        plaintext,
      }));
    });
    const sealed: SealedMessage[] = [];
    for (const { seq, head, key, iv, plaintext } of drafts) {
      // Time 0: the relay does not learn the sender's clock. The true time is in the plaintext.
      const token = await encrypt(key, plaintext, { now: 0, random: () => iv });
      key.wipe();
      sealed.push({ seq, head, token });
    }
    return sealed;
  }

  /**
   * Makes ready what the next message needs. Without it, {@link seal} does; with it, nobody waits for
   * that when something is sent.
   */
  prepare(): Promise<void> {
    return this.#inOrder(() => {
      this.#answer();
      this.#ahead = this.#next(this.#live());
    });
  }

  /** Makes ready what the next turn needs: best while nothing else is to be done. */
  prepareTurn(): void {
    if (this.#state) this.#spare ??= this.#generateKeyPair();
  }

  /**
   * Reads a head without opening anything: one HMAC, no change of state.
   *
   * @returns undefined unless the peer made it in this session.
   */
  checkHeader(head: Bytes): { readonly seq: number } | undefined {
    this.#live();
    const header = this.#readHeader(head);
    return header && { seq: header.seq };
  }

  /**
   * Opens a message. Whatever is thrown, the session is as it was before.
   *
   * @throws {ForgedHeader} {@link AlteredToken} {@link ReplayedMessage} {@link TooFarAhead}
   */
  async open(head: Bytes, token: string): Promise<OpenedMessage> {
    const { opened, error } = await this.openAll([{ head, token }]);
    if (!opened[0]) throw error;
    return opened[0];
  }

  /**
   * Opens messages in the given order, up to the first that does not open.
   *
   * @returns what was opened, and the error of the one that was not, as {@link RatchetSession.open} throws it.
   * The session is then as if the opened ones alone had come.
   */
  openAll(
    messages: readonly { readonly head: Bytes; readonly token: string }[],
  ): Promise<{ opened: OpenedMessage[]; error?: unknown }> {
    return this.#inOrder(async () => {
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

  /** Forgets every key. Later calls, and those under way that need a key, fail. */
  close(): void {
    if (!this.#state) return;
    discard([this.#state]);
    this.#dropAhead();
    this.#state = this.#spare = undefined;
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

  /** Runs `action` when all before it have taken effect. */
  #inOrder<T>(action: () => T | Promise<T>): Promise<T> {
    const done = this.#turnstile.then(action);
    this.#turnstile = done.catch(() => {});
    return done;
  }

  #readHeader(head: Bytes): Header<PeerRatchetKey> | undefined {
    const known = this.#headers.get(head);
    if (known) return known;
    const header = decodeHeader(head, this.#headerKeys.peer);
    if (header) this.#headers.set(head, header);
    return header;
  }

  #answer(): void {
    const before = this.#live();
    if (before.sending.chain) return;
    const own = this.#spare ?? this.#generateKeyPair();
    this.#spare = undefined;
    const state = answer(before, own);
    this.#state = state;
    discard([before], state);
  }

  /** Takes the next draft. */
  #draft(): Draft {
    const before = this.#live();
    const draft = this.#next(before);
    this.#ahead = undefined;
    const state = { ...before, sent: draft.seq, sending: draft.sending };
    this.#state = state;
    discard([before], state);
    return draft;
  }

  #next(state: RatchetState): Draft {
    if (this.#ahead) return this.#ahead;
    const { state: { sending, sent: seq }, header, key } = send(state);
    const head = encodeHeader(header, this.#headerKeys.own);
    return { sending, seq, head, key: this.#cipherKey(key, head) };
  }

  #dropAhead(): void {
    if (!this.#ahead) return;
    this.#ahead.key.wipe();
    wipe(this.#ahead.sending.chain!);
    this.#ahead = undefined;
  }

  /** Opens one, and only then goes on to the state behind it. */
  async #open(head: Bytes, token: string): Promise<OpenedMessage> {
    const before = this.#live();
    const header = this.#readHeader(head);
    if (!header) throw new ForgedHeader("Cannot open message: its header is forged");
    const { state, key } = receive(before, header);
    const cipherKey = this.#cipherKey(key, head);
    try {
      const plaintext = await decrypt(cipherKey, token);
      // Closed meanwhile: what was derived since is of wiped keys, or too late.
      if (this.#state !== before) throw closed();
      this.#state = state;
      discard([before], state);
      if (state.sending !== before.sending) this.#dropAhead();
      return { seq: header.seq, plaintext };
    } catch (cause) {
      discard([state], this.#state);
      if (!(cause instanceof InvalidToken)) throw cause;
      throw new AlteredToken("Cannot open message: it was altered on the way", { cause });
    } finally {
      cipherKey.wipe();
    }
  }

  /**
   * Message key to Fernet key. Fernet has no associated data: this binds header and session into the
   * key, so that a token under another header, or in another session, fails its HMAC. Wipes `key`.
   */
  #cipherKey(key: MessageKey, head: Bytes): FernetKey {
    const context = lengthPrefixed(withoutTag(head), this.#transcript);
    const cipherKey = expand(key, { label: LABELS.message, context, length: 32 });
    wipe(key);
    return importFernetKey(cipherKey);
  }
}

function closed(): Error {
  return new Error("Cannot use session: it is closed");
}
