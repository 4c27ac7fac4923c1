/**
 * The Double Ratchet (signal.org/docs/specifications/doubleratchet) as pure functions. A state is
 * immutable: a function returns a new one that shares what stayed the same, and the caller commits it
 * or discards it.
 *
 * The guest is the specification's Alice, the host its Bob. Both have a sending chain from the start
 * (section 3.3, with a separate key for Bob's first chain), so that either can send first.
 *
 * One file, as in the specification: which keys a function may wipe depends on all the others.
 *
 * @module
 */
import { type Bytes, concat, constantTimeEqual, type KeyBytes, wipe } from "./bytes.ts";
import { type Header, MAX_SEQ } from "./header.ts";
import { expand, hmacSha256, LABELS } from "./kdf.ts";
import {
  diffieHellman,
  type OwnRatchetKey,
  type PeerRatchetKey,
  type RatchetKeyPair,
} from "./ratchet_keys.ts";

/** The current key of a chain: one chain for sending, one for receiving. */
export type ChainKey<Direction extends "sending" | "receiving"> = KeyBytes<`chain, ${Direction}`>;
/** The key of one message. */
export type MessageKey = KeyBytes<"message">;
/** The root key; every DH ratchet step replaces it. */
export type RootKey = KeyBytes<"root">;
/** The shared secret of a KEM exchange, 32 bytes. */
export type KemSecret = KeyBytes<"KEM secret">;

/**
 * Message keys that may be skipped in one chain. It bounds the work that one authentic header can ask
 * for (256 chain keys: 3 ms), and is more than a relay loses by accident.
 */
export const MAX_SKIP = 256;

/**
 * Skipped message keys stored at once, the newest. A thief of the state can read each of those
 * messages, so there is a limit; twice {@link MAX_SKIP} covers the end of one chain and the start of
 * the next.
 */
export const MAX_SKIPPED_KEYS = 512;

/**
 * How long a skipped message key is stored, in milliseconds: longer than the outages after which a late
 * message still arrives.
 */
export const MAX_SKIPPED_AGE_MS = 3_600_000;

/** The message key was used before, or was deleted. */
export class ReplayedMessage extends Error {
  override readonly name = "ReplayedMessage";
}

/** More than {@link MAX_SKIP} messages are missing before this one. */
export class TooFarAhead extends Error {
  override readonly name = "TooFarAhead";
}

/** The header is authentic, but the token is not the one that was sent under it. */
export class AlteredToken extends Error {
  override readonly name = "AlteredToken";
}

/** The state of one side. */
export interface RatchetState {
  readonly root: RootKey;
  readonly own: RatchetKeyPair;
  /** Messages sent in all chains. */
  readonly sent: number;
  readonly sending: {
    /** Undefined from the peer's DH ratchet step until {@link startSendingChain}. */
    readonly chain: ChainKey<"sending"> | undefined;
    readonly n: number;
    /** Messages in the previous sending chain. */
    readonly pn: number;
  };
  /** The peer's chain; undefined for a host that has received nothing. */
  readonly receiving: Receiving | undefined;
  /** Skipped message keys, by sequence number, oldest first. */
  readonly skipped: ReadonlyMap<number, SkippedKey>;
  readonly kem: KemState;
}

/** A skipped message key, and when it was stored by the monotonic clock, in milliseconds. */
interface SkippedKey {
  readonly key: MessageKey;
  readonly at: number;
}

/** KEM exchanges, as far as the root key is concerned. */
interface KemState {
  /** How many are mixed into the root key. */
  readonly mixed: number;
  /** The secret of one that is not mixed in yet. */
  readonly secret?: KemSecret;
  /**
   * Which side's DH ratchet step mixes the secret in: the peer's, or ours, which has to wait until the
   * peer has acknowledged our answer.
   */
  readonly mixedBy?: "peer" | "own" | "own, once acknowledged";
}

interface Receiving {
  readonly chain: ChainKey<"receiving">;
  readonly n: number;
  /** As in the headers of this chain. */
  readonly kem: number;
  readonly ratchetKey: PeerRatchetKey;
  /** Messages that the peer sent in earlier chains: the place `n` has sequence number `before + n + 1`. */
  readonly before: number;
}

/** What both sides derive from the handshake. */
export interface InitialKeys {
  readonly root: RootKey;
  /** The host's first chain. */
  readonly hostChain: Bytes;
}

/** The host's first state; `own` is the key pair whose public half the handshake has authenticated. */
export function startAsHost({ root, hostChain }: InitialKeys, own: RatchetKeyPair): RatchetState {
  return {
    root,
    own,
    sent: 0,
    sending: { chain: hostChain as ChainKey<"sending">, n: 0, pn: 0 },
    receiving: undefined,
    skipped: new Map(),
    kem: { mixed: 0 },
  };
}

/** The guest's first state; `own` is fresh, and `host` the key that the handshake has authenticated. */
export function startAsGuest(
  { root, hostChain }: InitialKeys,
  own: RatchetKeyPair,
  host: PeerRatchetKey,
): RatchetState {
  const step = kdfRootKey<"sending">(root, own, host);
  return {
    root: step.root,
    own,
    sent: 0,
    sending: { chain: step.chain, n: 0, pn: 0 },
    receiving: {
      chain: hostChain as ChainKey<"receiving">,
      n: 0,
      kem: 0,
      ratchetKey: host,
      before: 0,
    },
    skipped: new Map(),
    kem: { mixed: 0 },
  };
}

/**
 * The second half of `DHRatchet`: the sending chain of the fresh key pair `own`. The specification
 * allows to defer it until something is sent, so that the key pair is generated as late as possible.
 */
export function startSendingChain(state: RatchetState, own: RatchetKeyPair): RatchetState {
  if (state.sending.chain) return state;
  const { mixed, secret, mixedBy } = state.kem;
  const mixedIn = mixedBy === "own" ? secret : undefined;
  const { root, chain } = kdfRootKey<"sending">(
    state.root,
    own,
    state.receiving!.ratchetKey,
    mixedIn,
  );
  const kem = mixedIn ? { mixed: mixed + 1 } : state.kem;
  return { ...state, root, own, sending: { chain, n: 0, pn: state.sending.pn }, kem };
}

/** Adds the secret of a KEM exchange, in place of one that was not mixed in. */
export function holdKemSecret(
  state: RatchetState,
  secret: KemSecret,
  mixedBy: "peer" | "own, once acknowledged",
): RatchetState {
  return { ...state, kem: { mixed: state.kem.mixed, secret, mixedBy } };
}

/** The peer has acknowledged our answer: the next DH ratchet step for sending mixes its secret in. */
export function acknowledgeKemSecret(state: RatchetState): RatchetState {
  if (state.kem.mixedBy !== "own, once acknowledged") return state;
  return { ...state, kem: { ...state.kem, mixedBy: "own" } };
}

/** Deletes skipped message keys that are older than {@link MAX_SKIPPED_AGE_MS}. */
export function deleteOldKeys(state: RatchetState, now: number): RatchetState {
  const isOld = ({ at }: SkippedKey) => now - at > MAX_SKIPPED_AGE_MS;
  const [oldest] = state.skipped.values();
  if (!oldest || !isOld(oldest)) return state;
  return { ...state, skipped: new Map([...state.skipped].filter(([, key]) => !isOld(key))) };
}

/**
 * `RatchetEncrypt` up to the message key: the header and key of the next message.
 *
 * @throws {RangeError} after {@link MAX_SEQ} messages.
 * @throws {Error} before {@link startSendingChain}.
 */
export function send(
  state: RatchetState,
): { state: RatchetState; header: Header<OwnRatchetKey>; key: MessageKey } {
  const seq = state.sent + 1;
  if (seq > MAX_SEQ) {
    throw new RangeError("Cannot send message: the session has run out of numbers");
  }
  const { chain, n, pn } = state.sending;
  if (!chain) throw new Error("Cannot send message: there is no sending chain");
  const { key, next } = kdfChainKey(chain);
  return {
    state: { ...state, sent: seq, sending: { chain: next, n: n + 1, pn } },
    header: { seq, pn, n, kem: state.kem.mixed, ratchetKey: state.own.publicKey },
    key,
  };
}

/**
 * `RatchetDecrypt` up to the message key: the key of the message under an authentic header, and the
 * state to commit once the message is decrypted. `now` is the monotonic clock, in milliseconds.
 *
 * @throws {ReplayedMessage} {@link TooFarAhead} {@link AlteredToken}
 */
export function receive(
  state: RatchetState,
  header: Header<PeerRatchetKey>,
  now: number,
): { state: RatchetState; key: MessageKey } {
  const stored = state.skipped.get(header.seq);
  if (stored) {
    const skipped = new Map(state.skipped);
    skipped.delete(header.seq);
    // A copy: if the message does not decrypt, the old state and its key stay.
    return { state: { ...state, skipped }, key: stored.key.slice() as MessageKey };
  }
  const { receiving } = state;
  const before = header.seq - 1 - header.n;
  const isCurrent = receiving !== undefined &&
    constantTimeEqual(header.ratchetKey, receiving.ratchetKey);
  // Old public keys are not stored. A past chain shows in where it began: before the last message that
  // was received, where no new chain can begin.
  if (receiving && (isCurrent ? header.n : before - receiving.before) < receiving.n) {
    throw new ReplayedMessage("Cannot open message: its key was used or deleted");
  }
  if (before !== expectedBefore(receiving, header, isCurrent)) {
    throw new AlteredToken("Cannot open message: the peer's counters contradict each other");
  }
  if (isCurrent && header.kem !== receiving!.kem) {
    throw new AlteredToken("Cannot open message: its count of KEM exchanges is impossible");
  }
  // Both bounds come before any work.
  const missing = receiving ? (isCurrent ? header.n : header.pn) - receiving.n : 0;
  if (missing > MAX_SKIP || (!isCurrent && header.n > MAX_SKIP)) {
    throw new TooFarAhead("Cannot open message: too many before it are missing");
  }
  const stepped = isCurrent ? state : startReceivingChain(state, header, now);
  const { chain, n } = stepped.receiving!;
  const reached = skipMessageKeys({ chain, seq: before + n + 1 }, header.seq);
  const last = kdfChainKey(reached.chain);
  // Wiped here because no state holds them; the given state still needs its own chain.
  for (const passed of [chain, reached.chain]) if (passed !== receiving?.chain) wipe(passed);
  return {
    state: {
      ...stepped,
      receiving: { ...stepped.receiving!, chain: last.next, n: header.n + 1 },
      skipped: withSkipped(stepped.skipped, reached.skipped, now),
    },
    key: last.key,
  };
}

/** Wipes the secrets of `states`, except those that `survivor` shares. */
export function discard(states: Iterable<RatchetState>, survivor?: RatchetState): void {
  const spared = new Set<Bytes>(survivor && secretsOf(survivor));
  const maps = new Set([survivor?.skipped]);
  for (const state of states) {
    for (const secret of secretsOf(state, !maps.has(state.skipped))) {
      if (!spared.has(secret)) wipe(secret);
    }
    maps.add(state.skipped);
  }
}

function* secretsOf(state: RatchetState, withSkipped = true): Generator<Bytes> {
  yield state.root;
  if (state.sending.chain) yield state.sending.chain;
  if (state.receiving) yield state.receiving.chain;
  if (state.kem.secret) yield state.kem.secret;
  if (withSkipped) { for (const { key } of state.skipped.values()) yield key; }
}

/** How many messages the peer must have sent before the header's chain. */
function expectedBefore(
  receiving: Receiving | undefined,
  header: Header<PeerRatchetKey>,
  isCurrent: boolean,
): number {
  if (!receiving) return 0;
  return isCurrent ? receiving.before : receiving.before + header.pn;
}

/**
 * The first half of `DHRatchet`: stores the keys of what is missing of the peer's previous chain, and
 * derives the receiving chain of the header's ratchet key. The second half is
 * {@link startSendingChain}.
 */
function startReceivingChain(
  state: RatchetState,
  header: Header<PeerRatchetKey>,
  now: number,
): RatchetState {
  const { receiving, sending } = state;
  if (!sending.chain) {
    // The peer starts a chain only after it has seen our next ratchet key, and we have not made it yet.
    throw new AlteredToken("Cannot open message: the peer made two DH ratchet steps in a row");
  }
  const { mixed, secret, mixedBy } = state.kem;
  const mixedIn = mixedBy === "peer" && header.kem === mixed + 1 ? secret : undefined;
  if (!mixedIn && header.kem !== mixed) {
    throw new AlteredToken("Cannot open message: its count of KEM exchanges is impossible");
  }
  const { root, chain } = kdfRootKey<"receiving">(
    state.root,
    state.own,
    header.ratchetKey,
    mixedIn,
  );
  const before = header.seq - 1 - header.n;
  let skipped = state.skipped;
  if (receiving) {
    const from = { chain: receiving.chain, seq: receiving.before + receiving.n + 1 };
    const reached = skipMessageKeys(from, before + 1);
    if (reached.chain !== receiving.chain) wipe(reached.chain);
    skipped = withSkipped(skipped, reached.skipped, now);
  }
  return {
    root,
    own: state.own,
    sent: state.sent,
    sending: { chain: undefined, n: 0, pn: sending.n },
    receiving: { chain, n: 0, kem: header.kem, ratchetKey: header.ratchetKey, before },
    skipped,
    kem: mixedIn ? { mixed: mixed + 1 } : state.kem,
  };
}

/** `KDF_RK`: the next root key and a chain key, with the secret of a KEM exchange if there is one. */
function kdfRootKey<Direction extends "sending" | "receiving">(
  root: RootKey,
  own: RatchetKeyPair,
  peer: PeerRatchetKey,
  kemSecret?: KemSecret,
): { root: RootKey; chain: ChainKey<Direction> } {
  let secret: Bytes;
  try {
    secret = diffieHellman(own, peer);
  } catch (cause) {
    throw new AlteredToken("Cannot open message: its ratchet key is of small order", { cause });
  }
  const ikm = kemSecret ? concat(secret, kemSecret) : secret;
  const both = expand(ikm, { salt: root, label: LABELS.rootStep, length: 64 });
  const derived = {
    root: both.slice(0, 32) as RootKey,
    chain: both.slice(32) as ChainKey<Direction>,
  };
  wipe(secret, ikm, both);
  return derived;
}

const MESSAGE = new Uint8Array([0x01]);
const NEXT = new Uint8Array([0x02]);

/**
 * `KDF_CK` (section 5.2): the key of the message at hand and the next chain key, neither of which leads
 * back to `chain`. That is left as it is.
 */
export function kdfChainKey<Direction extends "sending" | "receiving">(
  chain: ChainKey<Direction>,
): { key: MessageKey; next: ChainKey<Direction> } {
  return {
    key: hmacSha256(chain, MESSAGE) as MessageKey,
    next: hmacSha256(chain, NEXT) as ChainKey<Direction>,
  };
}

/** `SkipMessageKeys`: the keys of one chain from `seq` up to, and not including, `end`. */
function skipMessageKeys(
  from: { chain: ChainKey<"receiving">; seq: number },
  end: number,
): { chain: ChainKey<"receiving">; skipped: [number, MessageKey][] } {
  let { chain, seq } = from;
  const skipped: [number, MessageKey][] = [];
  for (; seq < end; seq++) {
    const { key, next } = kdfChainKey(chain);
    if (chain !== from.chain) wipe(chain);
    skipped.push([seq, key]);
    chain = next;
  }
  return { chain, skipped };
}

/** Adds skipped message keys, and drops the oldest above {@link MAX_SKIPPED_KEYS}. */
function withSkipped(
  stored: ReadonlyMap<number, SkippedKey>,
  added: readonly [number, MessageKey][],
  at: number,
): ReadonlyMap<number, SkippedKey> {
  if (added.length === 0) return stored;
  const all = new Map(stored);
  for (const [seq, key] of added) all.set(seq, { key, at });
  for (const seq of all.keys()) {
    if (all.size <= MAX_SKIPPED_KEYS) break;
    all.delete(seq);
  }
  return all;
}
