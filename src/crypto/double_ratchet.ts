/**
 * The Double Ratchet (signal.org/docs/specifications/doubleratchet) as steps from state to state. A state is never changed: a step
 * makes a new one that shares what stayed the same, and whoever holds both decides which to keep.
 *
 * The guest is the specification's Alice, the host its Bob; both have a sending chain from the start
 * (section 3.3, with a key of its own for Bob's first chain), so that either may speak first.
 *
 * One file, as the specification is one algorithm: what a step may forget depends on all the others.
 *
 * @module
 */
import { type Bytes, constantTimeEqual, wipe } from "./bytes.ts";
import { type ChainKey, type KeyBytes, type MessageKey, step } from "./chain.ts";
import { type Header, MAX_SEQ } from "./header.ts";
import { expand, LABELS } from "./kdf.ts";
import {
  diffieHellman,
  type OwnRatchetKey,
  type PeerRatchetKey,
  type RatchetKeyPair,
} from "./ratchet_keys.ts";

/** What every turn of the ratchet mixes anew. */
export type RootKey = KeyBytes<"root">;

/**
 * How many messages one may be ahead of those before it in its chain. It bounds the work that one
 * authentic header can ask for (256 steps: 3 ms), and is more than a relay loses without meaning to.
 */
export const MAX_SKIP = 256;

/**
 * Keys of missing messages kept at once, the newest. Each is a message that stays readable to whoever
 * takes the state, so there is an end to them; twice the largest gap covers one on each side of a turn.
 */
export const MAX_SKIPPED_KEYS = 512;

/** The key was used before, or is no longer kept. */
export class ReplayedMessage extends Error {
  override readonly name = "ReplayedMessage";
}

/** More messages are missing before this one than {@link MAX_SKIP}. */
export class TooFarAhead extends Error {
  override readonly name = "TooFarAhead";
}

/** The header is authentic, and the token is not the one that was sent under it. */
export class AlteredToken extends Error {
  override readonly name = "AlteredToken";
}

/** Where a side stands. */
export interface RatchetState {
  readonly root: RootKey;
  readonly own: RatchetKeyPair;
  /** All messages sent. */
  readonly sent: number;
  readonly sending: {
    /** Undefined from a turn of the peer's until {@link answer}. */
    readonly chain: ChainKey<"sending"> | undefined;
    readonly n: number;
    /** Messages in the chain before. */
    readonly pn: number;
  };
  /** The peer's chain; undefined for a host to whom nothing has come. */
  readonly receiving: Receiving | undefined;
  /** Keys of messages that have not come, by sequence number. */
  readonly skipped: ReadonlyMap<number, MessageKey>;
}

interface Receiving {
  readonly chain: ChainKey<"receiving">;
  readonly n: number;
  readonly ratchetKey: PeerRatchetKey;
  /** Messages that the peer sent in earlier chains: the place `n` has sequence number `before + n + 1`. */
  readonly before: number;
}

/** Both sides' secrets at the start. */
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
  };
}

/** The guest's first state; `own` is fresh, and `host` the key that the handshake has authenticated. */
export function startAsGuest(
  { root, hostChain }: InitialKeys,
  own: RatchetKeyPair,
  host: PeerRatchetKey,
): RatchetState {
  const turned = turnRoot<"sending">(root, own, host);
  return {
    root: turned.root,
    own,
    sent: 0,
    sending: { chain: turned.chain, n: 0, pn: 0 },
    receiving: { chain: hostChain as ChainKey<"receiving">, n: 0, ratchetKey: host, before: 0 },
    skipped: new Map(),
  };
}

/**
 * The half of a turn that only what we send needs: the chain that the fresh key pair `own` begins. The
 * specification allows to defer it; so a message that turns the ratchet is opened in half the time.
 */
export function answer(state: RatchetState, own: RatchetKeyPair): RatchetState {
  if (state.sending.chain) return state;
  const turned = turnRoot<"sending">(state.root, own, state.receiving!.ratchetKey);
  return {
    ...state,
    root: turned.root,
    own,
    sending: { chain: turned.chain, n: 0, pn: state.sending.pn },
  };
}

/**
 * The header and key of the next message to send, from a state that has its {@link answer}.
 *
 * @throws {RangeError} after {@link MAX_SEQ} messages.
 */
export function send(
  state: RatchetState,
): { state: RatchetState; header: Header<OwnRatchetKey>; key: MessageKey } {
  const seq = state.sent + 1;
  if (seq > MAX_SEQ) {
    throw new RangeError("Cannot send message: the session has run out of numbers");
  }
  const { chain, n, pn } = state.sending;
  if (!chain) throw new Error("Cannot send message: the peer's turn has not been answered");
  const { key, next } = step(chain);
  return {
    state: { ...state, sent: seq, sending: { chain: next, n: n + 1, pn } },
    header: { seq, pn, n, ratchetKey: state.own.publicKey },
    key,
  };
}

/**
 * The key of the message under an authentic header, and the state once it has been opened.
 *
 * @throws {ReplayedMessage} {@link TooFarAhead} {@link AlteredToken}
 */
export function receive(
  state: RatchetState,
  header: Header<PeerRatchetKey>,
): { state: RatchetState; key: MessageKey } {
  const kept = state.skipped.get(header.seq);
  if (kept) {
    const skipped = new Map(state.skipped);
    skipped.delete(header.seq);
    // A copy, for the state that still has it may be the one that stays.
    return { state: { ...state, skipped }, key: kept.slice() as MessageKey };
  }
  const { receiving } = state;
  const before = header.seq - 1 - header.n;
  const isCurrent = receiving !== undefined &&
    constantTimeEqual(header.ratchetKey, receiving.ratchetKey);
  // Without keeping old public keys, a chain that is over is known by where it began: before the last
  // message that was received, where no new chain can.
  if (receiving && (isCurrent ? header.n : before - receiving.before) < receiving.n) {
    throw new ReplayedMessage("Cannot open message: its key was used or given up");
  }
  if (before !== expectedBefore(receiving, header, isCurrent)) {
    throw new AlteredToken("Cannot open message: the peer's counters contradict each other");
  }
  // Both bounds come before any work.
  const missing = receiving ? (isCurrent ? header.n : header.pn) - receiving.n : 0;
  if (missing > MAX_SKIP || (!isCurrent && header.n > MAX_SKIP)) {
    throw new TooFarAhead("Cannot open message: too many before it are missing");
  }
  const turned = isCurrent ? state : turn(state, header);
  const { chain, n } = turned.receiving!;
  const walked = walk({ chain, seq: before + n + 1 }, header.seq);
  const last = step(walked.chain);
  // What no state holds goes now; the given state keeps its chain.
  for (const passed of [chain, walked.chain]) if (passed !== receiving?.chain) wipe(passed);
  return {
    state: {
      ...turned,
      receiving: { ...turned.receiving!, chain: last.next, n: header.n + 1 },
      skipped: keep(turned.skipped, walked.skipped),
    },
    key: last.key,
  };
}

/** Overwrites the secrets of `states`, but those that `kept` has as well. */
export function discard(states: Iterable<RatchetState>, kept?: RatchetState): void {
  const spared = new Set<Bytes>(kept && secretsOf(kept));
  const maps = new Set([kept?.skipped]);
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
  if (withSkipped) yield* state.skipped.values();
}

/** How many messages must come before the header's chain, if the peer counts as it should. */
function expectedBefore(
  receiving: Receiving | undefined,
  header: Header<PeerRatchetKey>,
  isCurrent: boolean,
): number {
  if (!receiving) return 0;
  return isCurrent ? receiving.before : receiving.before + header.pn;
}

/**
 * The peer's half of a turn of the ratchet (`DHRatchet`, with `SkipMessageKeys` for the rest of the peer's
 * last chain); our half is {@link answer}.
 */
function turn(state: RatchetState, header: Header<PeerRatchetKey>): RatchetState {
  const { receiving, sending } = state;
  if (!sending.chain) {
    // The peer turns on seeing our next key, which nobody has seen.
    throw new AlteredToken("Cannot open message: the peer turned the ratchet twice in a row");
  }
  const { root, chain } = turnRoot<"receiving">(state.root, state.own, header.ratchetKey);
  const before = header.seq - 1 - header.n;
  let skipped = state.skipped;
  if (receiving) {
    const walked = walk({ ...receiving, seq: receiving.before + receiving.n + 1 }, before + 1);
    if (walked.chain !== receiving.chain) wipe(walked.chain);
    skipped = keep(skipped, walked.skipped);
  }
  return {
    root,
    own: state.own,
    sent: state.sent,
    sending: { chain: undefined, n: 0, pn: sending.n },
    receiving: { chain, n: 0, ratchetKey: header.ratchetKey, before },
    skipped,
  };
}

/** `KDF_RK`: the next root key and a chain key. */
function turnRoot<Direction extends "sending" | "receiving">(
  root: RootKey,
  own: RatchetKeyPair,
  peer: PeerRatchetKey,
): { root: RootKey; chain: ChainKey<Direction> } {
  let secret: Bytes;
  try {
    secret = diffieHellman(own, peer);
  } catch (cause) {
    throw new AlteredToken("Cannot open message: its ratchet key is of small order", { cause });
  }
  const both = expand(secret, { salt: root, label: LABELS.turn, length: 64 });
  const turned = {
    root: both.slice(0, 32) as RootKey,
    chain: both.slice(32) as ChainKey<Direction>,
  };
  wipe(secret, both);
  return turned;
}

/** Walks a chain from `seq` up to, and not including, `end`; what is passed is skipped. */
function walk(
  from: { chain: ChainKey<"receiving">; seq: number },
  end: number,
): { chain: ChainKey<"receiving">; skipped: [number, MessageKey][] } {
  let { chain, seq } = from;
  const skipped: [number, MessageKey][] = [];
  for (; seq < end; seq++) {
    const { key, next } = step(chain);
    if (chain !== from.chain) wipe(chain);
    skipped.push([seq, key]);
    chain = next;
  }
  return { chain, skipped };
}

/** Adds keys of skipped messages; of too many, those that were skipped first go. */
function keep(
  kept: ReadonlyMap<number, MessageKey>,
  added: readonly [number, MessageKey][],
): ReadonlyMap<number, MessageKey> {
  if (added.length === 0) return kept;
  const all = new Map([...kept, ...added]);
  for (const seq of all.keys()) {
    if (all.size <= MAX_SKIPPED_KEYS) break;
    all.delete(seq);
  }
  return all;
}
