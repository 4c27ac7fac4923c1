import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import type { Bytes } from "../../../src/crypto/bytes.ts";
import { type ChainKey, kdfChainKey, type MessageKey } from "../../../src/crypto/double_ratchet.ts";
import {
  acknowledgeKemSecret,
  AlteredToken,
  deleteOldKeys,
  discard,
  holdKemSecret,
  type KemSecret,
  MAX_SKIP,
  MAX_SKIPPED_AGE_MS,
  MAX_SKIPPED_KEYS,
  type RatchetState,
  receive,
  ReplayedMessage,
  type RootKey,
  send,
  startAsGuest,
  startAsHost,
  startSendingChain,
  TooFarAhead,
} from "../../../src/crypto/double_ratchet.ts";
import { type Header, MAX_SEQ } from "../../../src/crypto/header.ts";
import { expand, hmacSha256, LABELS } from "../../../src/crypto/kdf.ts";
import {
  diffieHellman,
  generateRatchetKeyPair,
  type OwnRatchetKey,
  type PeerRatchetKey,
  toPeerRatchetKey,
} from "../../../src/crypto/ratchet_keys.ts";

/** A header on its way, and the key that its sender used. */
interface Sent {
  readonly header: Header<PeerRatchetKey>;
  readonly key: MessageKey;
}

/** One side, and the messages it makes. */
class Party {
  state: RatchetState;

  constructor(state: RatchetState) {
    this.state = state;
  }

  send(): Sent {
    const { state, header, key } = send(this.state);
    this.state = state;
    return { header: { ...header, ratchetKey: toPeerRatchetKey(header.ratchetKey) }, key };
  }

  sendMany(count: number): Sent[] {
    return Array.from({ length: count }, () => this.send());
  }

  receive({ header, key }: Sent): void {
    const received = receive(this.state, header, 0);
    assertEquals(received.key, key, `message ${header.seq}`);
    this.state = startSendingChain(received.state, generateRatchetKeyPair());
  }

  /** What receiving throws; nothing of the state may change with it. */
  refuses(sent: Sent, error: new (message?: string) => Error): void {
    const before = snapshot(this.state);
    assertThrows(() => receive(this.state, sent.header, 0), error);
    assertEquals(snapshot(this.state), before);
  }
}

function pair(): { host: Party; guest: Party } {
  const initial = () => ({
    root: new Uint8Array(32).fill(1) as RootKey,
    hostChain: new Uint8Array(32).fill(2),
  });
  const own = generateRatchetKeyPair();
  const hostKey = toPeerRatchetKey(own.publicKey);
  return {
    host: new Party(startAsHost(initial(), own)),
    guest: new Party(startAsGuest(initial(), generateRatchetKeyPair(), hostKey)),
  };
}

/** All of a state but the handle of the private key, copied. */
function snapshot(state: RatchetState) {
  const { own, ...rest } = state;
  return structuredClone({ ...rest, publicKey: own.publicKey });
}

/** A copy that whatever happens to the original leaves alone. */
function stolen(state: RatchetState): RatchetState {
  const { own, ...rest } = state;
  return { ...structuredClone(rest), own } as RatchetState;
}

/**
 * Every message key that a thief of `state` can compute who also has every public key of the
 * conversation: `turns` turns of the root with each of them, and 20 steps of every chain.
 */
function reach(
  state: RatchetState,
  publicKeys: readonly PeerRatchetKey[],
  turns = 2,
): Set<string> {
  const keys = new Set([...state.skipped.values()].map(({ key }) => key.toHex()));
  const chains: Bytes[] = state.sending.chain ? [state.sending.chain] : [];
  if (state.receiving) chains.push(state.receiving.chain);
  let roots: Bytes[] = [state.root];
  for (let turn = 0; turn < turns; turn++) {
    const next: Bytes[] = [];
    for (const publicKey of publicKeys) {
      const secret = diffieHellman(state.own, publicKey);
      for (const salt of roots) {
        const both = expand(secret, { salt, label: LABELS.rootStep, length: 64 });
        next.push(both.slice(0, 32));
        chains.push(both.slice(32));
      }
    }
    roots = next;
  }
  for (let chain of chains) {
    for (let i = 0; i < 20; i++) {
      const { key, next } = kdfChainKey(chain as ChainKey<"receiving">);
      keys.add(key.toHex());
      chain = next;
    }
  }
  return keys;
}

const publicKeysOf = (sent: readonly Sent[]) => [
  ...new Map(sent.map(({ header }) => [header.ratchetKey.toHex(), header.ratchetKey])).values(),
];

Deno.test("kdfChainKey: is HMAC of 1 for the message key and of 2 for the next chain key", () => {
  const chain = new Uint8Array(32).fill(5) as ChainKey<"sending">;
  const { key, next } = kdfChainKey(chain);
  assertEquals(key, hmacSha256(chain, new Uint8Array([1])) as MessageKey);
  assertEquals(next, hmacSha256(chain, new Uint8Array([2])) as ChainKey<"sending">);
  assertEquals(chain[0], 5);
});

Deno.test("double ratchet: lets either side send first, or both at once", () => {
  for (const first of ["host", "guest", "both"] as const) {
    const { host, guest } = pair();
    const fromHost = first === "guest" ? [] : host.sendMany(2);
    const fromGuest = first === "host" ? [] : guest.sendMany(2);
    for (const sent of fromHost) guest.receive(sent);
    for (const sent of fromGuest) host.receive(sent);
    for (let i = 0; i < 3; i++) {
      guest.receive(host.send());
      host.receive(guest.send());
    }
  }
});

Deno.test("double ratchet: uses every message key once", () => {
  const { host, guest } = pair();
  const all: Sent[] = [];
  for (let i = 0; i < 5; i++) {
    const [a, b] = [host.sendMany(3), guest.sendMany(3)];
    for (const sent of a) guest.receive(sent);
    for (const sent of b) host.receive(sent);
    all.push(...a, ...b);
  }
  assertEquals(new Set(all.map(({ key }) => key.toHex())).size, 30);
  assertEquals(all.filter((_, i) => i % 6 < 3).map(({ header }) => header.seq), [
    ...Array.from({ length: 15 }, (_, i) => i + 1),
  ]);
});

Deno.test("double ratchet: makes a DH ratchet step with each reply and at no other time", () => {
  const { host, guest } = pair();
  const keys = [guest.state.own.publicKey];
  for (const sent of host.sendMany(2)) guest.receive(sent);
  assertEquals(guest.state.own.publicKey, keys[0], "the host's first chain is not an answer");
  for (let i = 0; i < 3; i++) {
    for (const sent of guest.sendMany(2)) host.receive(sent);
    for (const sent of host.sendMany(2)) guest.receive(sent);
    keys.push(guest.state.own.publicKey);
  }
  assertEquals(new Set(keys.map((one) => one.toHex())).size, 4);
});

Deno.test("receive: accepts any order, across DH ratchet steps", () => {
  const { host, guest } = pair();
  const first = host.sendMany(4);
  host.receive(guest.send());
  const second = host.sendMany(4);
  guest.receive(second[2]!);
  host.receive(guest.send());
  const third = host.sendMany(4);
  for (const sent of [third[3], first[1], second[0], third[0], first[3], first[0]]) {
    guest.receive(sent!);
  }
  for (const sent of [second[3], third[2], second[1], first[2], third[1]]) {
    guest.receive(sent!);
  }
  assertEquals(guest.state.skipped.size, 0);
});

Deno.test("receive: refuses a message that was opened before", () => {
  const { host, guest } = pair();
  const sent = host.sendMany(3);
  guest.receive(sent[2]!);
  guest.receive(sent[0]!);
  guest.refuses(sent[2]!, ReplayedMessage);
  guest.refuses(sent[0]!, ReplayedMessage);
  for (let i = 0; i < 3; i++) {
    host.receive(guest.send());
    guest.receive(host.send());
    guest.refuses(sent[2]!, ReplayedMessage);
    guest.refuses(sent[0]!, ReplayedMessage);
  }
  guest.receive(sent[1]!);
  guest.refuses(sent[1]!, ReplayedMessage);
});

for (const gap of [MAX_SKIP - 1, MAX_SKIP, MAX_SKIP + 1]) {
  const isTooFar = gap > MAX_SKIP;
  const outcome = isTooFar ? "refused" : "bridged";

  Deno.test(`receive: a gap of ${gap} in a chain is ${outcome}`, () => {
    const { host, guest } = pair();
    guest.receive(host.send());
    const sent = host.sendMany(gap + 1);
    if (isTooFar) guest.refuses(sent[gap]!, TooFarAhead);
    else guest.receive(sent[gap]!);
    guest.receive(sent[0]!);
    assertEquals(guest.state.skipped.size, isTooFar ? 0 : gap - 1);
  });

  Deno.test(`receive: a gap of ${gap} at the end of the last chain is ${outcome}`, () => {
    const { host, guest } = pair();
    guest.receive(host.send());
    host.sendMany(gap);
    host.receive(guest.send());
    const sent = host.send();
    assertEquals(sent.header.pn, gap + 1);
    if (isTooFar) guest.refuses(sent, TooFarAhead);
    else guest.receive(sent);
  });

  Deno.test(`receive: a gap of ${gap} at the start of a new chain is ${outcome}`, () => {
    const { host, guest } = pair();
    const sent = guest.sendMany(gap + 1);
    if (isTooFar) host.refuses(sent[gap]!, TooFarAhead);
    else host.receive(sent[gap]!);
  });
}

Deno.test("receive: stores the largest gap on both sides of a DH ratchet step", () => {
  const { host, guest } = pair();
  const before = host.sendMany(MAX_SKIP);
  host.receive(guest.send());
  const after = host.sendMany(MAX_SKIP + 1);
  guest.receive(after[MAX_SKIP]!);
  assertEquals(guest.state.skipped.size, MAX_SKIPPED_KEYS);
  for (const sent of [before[0], before[255], after[0], after[255]]) guest.receive(sent!);
  assertEquals(guest.state.skipped.size, MAX_SKIPPED_KEYS - 4);
});

Deno.test("receive: deletes the oldest of too many skipped message keys", () => {
  const { host, guest } = pair();
  const sent = host.sendMany(2 * MAX_SKIP + 4);
  guest.receive(sent[MAX_SKIP]!);
  guest.receive(sent[2 * MAX_SKIP + 1]!);
  assertEquals(guest.state.skipped.size, MAX_SKIPPED_KEYS);
  guest.receive(sent[2 * MAX_SKIP + 3]!);
  assertEquals(guest.state.skipped.size, MAX_SKIPPED_KEYS);
  guest.refuses(sent[0]!, ReplayedMessage);
  guest.receive(sent[1]!);
});

Deno.test("receive: refuses counters that contradict each other", () => {
  const { host, guest } = pair();
  const sent = host.sendMany(3);
  guest.receive(sent[1]!);
  const lie = (base: Sent, change: Partial<Header<PeerRatchetKey>>): Sent => ({
    ...base,
    header: { ...base.header, ...change },
  });
  guest.refuses(lie(sent[2]!, { seq: 4 }), AlteredToken);
  host.receive(guest.send());
  const next = host.send();
  guest.refuses(lie(next, { pn: 1 }), AlteredToken);
  guest.refuses(lie(next, { pn: 4 }), AlteredToken);
  guest.refuses(lie(next, { seq: 6 }), AlteredToken);
  guest.refuses(lie(next, { seq: 3, pn: 2 - 1 }), AlteredToken);
  guest.receive(next);
  const fresh = (pair()).host;
  fresh.refuses(lie(guest.send(), { seq: 9 }), AlteredToken);
});

Deno.test("receive: refuses a ratchet key of small order", () => {
  const { host, guest } = pair();
  const sent = guest.send();
  const header = { ...sent.header, ratchetKey: toPeerRatchetKey(new Uint8Array(32)) };
  host.refuses({ ...sent, header }, AlteredToken);
  host.receive(sent);
});

Deno.test("forward secrecy: a stolen state gives no earlier message key", () => {
  const { host, guest } = pair();
  const past: Sent[] = [];
  for (let i = 0; i < 4; i++) {
    for (const sent of host.sendMany(3)) guest.receive(sent), past.push(sent);
    for (const sent of guest.sendMany(3)) host.receive(sent), past.push(sent);
    const [missing, after] = host.sendMany(2) as [Sent, Sent];
    guest.receive(after);
    past.push(after);
    const keys = publicKeysOf([...past, missing]);
    for (const party of [host, guest]) {
      const reached = reach(stolen(party.state), keys);
      for (const sent of past) assert(!reached.has(sent.key.toHex()), `${sent.header.seq}`);
      // The thief is a real one: what is still to come in this chain is within reach.
      assert(reached.has(new Party(stolen(party.state)).send().key.toHex()));
    }
    // And a message that has not come yet is readable to a thief of its key.
    assert((reach(stolen(guest.state), keys)).has(missing.key.toHex()));
    guest.receive(missing);
    past.push(missing);
    assert(!(reach(stolen(guest.state), keys)).has(missing.key.toHex()));
  }
});

Deno.test("recovery: a stolen state gives no message key from after a round trip", () => {
  for (const victim of ["host", "guest"] as const) {
    const { host, guest } = pair();
    guest.receive(host.send());
    host.receive(guest.send());
    guest.receive(host.send());
    const theft = stolen((victim === "host" ? host : guest).state);
    const [me, other] = victim === "host" ? [host, guest] : [guest, host];

    const seen: Sent[] = [];
    const exchange = (from: Party, to: Party) => {
      const sent = from.send();
      to.receive(sent);
      seen.push(sent);
      return sent;
    };
    // What the theft can still read: our next message, and the answer under the key we had then.
    const own = exchange(me, other);
    const answer = exchange(other, me);
    const within = reach(theft, publicKeysOf(seen));
    assert(within.has(own.key.toHex()) || within.has(answer.key.toHex()));

    // From here on both have made keys since.
    exchange(me, other);
    exchange(other, me);
    const fresh = [exchange(me, other), exchange(other, me), exchange(me, other)];
    const reached = reach(theft, publicKeysOf(seen), 3);
    for (const { key } of fresh) assert(!reached.has(key.toHex()));
  }
});

Deno.test("discard: wipes only what the new state does not share", () => {
  const { host, guest } = pair();
  const sent = host.sendMany(5);
  const before = guest.state;
  guest.receive(sent[3]!);
  const after = guest.state;
  const [oldChain, newChain] = [before.receiving!.chain, after.receiving!.chain];
  discard([before, after], after);
  assert(oldChain.every((byte) => byte === 0));
  assert(newChain.some((byte) => byte !== 0));
  assertEquals(after.root, before.root);
  assert(after.root.some((byte) => byte !== 0));
  guest.receive(sent[1]!);
  guest.receive(sent[4]!);

  const secrets = [
    guest.state.root,
    guest.state.sending.chain!,
    guest.state.receiving!.chain,
    ...[...guest.state.skipped.values()].map(({ key }) => key),
  ];
  assertEquals(secrets.length, 5);
  discard([guest.state]);
  assert(secrets.every((secret) => secret.every((byte) => byte === 0)));
});

Deno.test("send: ends at the largest number a relay can store", () => {
  const { host } = pair();
  const { header, state } = send({ ...host.state, sent: MAX_SEQ - 1 });
  assertEquals(header.seq, MAX_SEQ);
  assertThrows(() => send(state), RangeError, "run out of numbers");
  assertNotEquals(header.ratchetKey as OwnRatchetKey, undefined);
});

Deno.test("double ratchet: neither sends nor steps again before the sending chain is started", () => {
  const { host, guest } = pair();
  const { state } = receive(host.state, guest.send().header, 0);
  assertThrows(() => send(state), Error, "no sending chain");
  // A DH ratchet step that uses our next key cannot be genuine: no one has seen that key.
  const { publicKey } = generateRatchetKeyPair();
  const ratchetKey = toPeerRatchetKey(publicKey);
  const twice = () => receive(state, { seq: 2, pn: 1, n: 0, kem: 0, ratchetKey }, 0);
  assertThrows(twice, AlteredToken, "two DH ratchet steps in a row");
  const started = startSendingChain(state, generateRatchetKeyPair());
  assertEquals(startSendingChain(started, generateRatchetKeyPair()), started);
  assertEquals(send(started).header.n, 0);
});

const kemSecret = (byte: number) => new Uint8Array(32).fill(byte) as KemSecret;

Deno.test("KEM secret: both sides mix it in at the guest's next chain, and only there", () => {
  const { host, guest } = pair();
  host.receive(guest.send());
  host.state = holdKemSecret(host.state, kemSecret(5), "peer");
  guest.state = holdKemSecret(guest.state, kemSecret(5), "own, once acknowledged");
  // Not before the acknowledgment, and never by the side that waits for the peer.
  guest.receive(host.send());
  assertEquals(guest.state.kem.mixed, 0);
  host.receive(guest.send());
  guest.state = acknowledgeKemSecret(guest.state);
  assertEquals(acknowledgeKemSecret(guest.state), guest.state);
  const sent = host.send();
  assertEquals(sent.header.kem, 0);
  guest.receive(sent);
  const mixed = guest.send();
  assertEquals([mixed.header.kem, guest.state.kem.mixed, guest.state.kem.secret], [
    1,
    1,
    undefined,
  ]);
  host.receive(mixed);
  assertEquals(host.state.kem, { mixed: 1 });
  assertEquals(host.send().header.kem, 1);
});

Deno.test("KEM secret: another one gives other keys", () => {
  const { host, guest } = pair();
  host.receive(guest.send());
  host.state = holdKemSecret(host.state, kemSecret(5), "peer");
  guest.state = acknowledgeKemSecret(
    holdKemSecret(guest.state, kemSecret(6), "own, once acknowledged"),
  );
  guest.receive(host.send());
  const sent = guest.send();
  assertNotEquals(receive(host.state, sent.header, 0).key, sent.key);
});

Deno.test("receive: refuses an impossible count of KEM exchanges", () => {
  const { host, guest } = pair();
  host.receive(guest.send());
  const lie = (sent: Sent, kem: number) => ({ ...sent, header: { ...sent.header, kem } });
  const [first, second] = host.sendMany(2) as [Sent, Sent];
  // Without a secret none can have been mixed in.
  for (const kem of [1, 2, 2 ** 32 - 1]) guest.refuses(lie(first, kem), AlteredToken);
  guest.receive(first);
  guest.refuses(lie(second, 1), AlteredToken);
  guest.receive(second);
  host.state = holdKemSecret(host.state, kemSecret(5), "peer");
  const next = guest.send();
  for (const kem of [2, 3]) host.refuses(lie(next, kem), AlteredToken);
  host.receive(next);
  // The secret of an answer is mixed in by the side that answered, not by the one that proposed.
  guest.state = acknowledgeKemSecret(
    holdKemSecret(guest.state, kemSecret(5), "own, once acknowledged"),
  );
  guest.refuses(lie(host.send(), 1), AlteredToken);
});

Deno.test("deleteOldKeys: deletes skipped message keys after an hour: n-1, n, n+1", () => {
  const { host, guest } = pair();
  const sent = host.sendMany(6);
  guest.receive(sent[1]!);
  const later = receive(guest.state, sent[3]!.header, 1_000).state;
  assertEquals([...later.skipped.keys()], [1, 3]);
  const at = (now: number) => [...deleteOldKeys(later, now).skipped.keys()];
  assertEquals(at(MAX_SKIPPED_AGE_MS), [1, 3]);
  assertEquals(deleteOldKeys(later, MAX_SKIPPED_AGE_MS), later);
  assertEquals(at(MAX_SKIPPED_AGE_MS + 1), [3]);
  assertEquals(at(MAX_SKIPPED_AGE_MS + 1_000), [3]);
  assertEquals(at(MAX_SKIPPED_AGE_MS + 1_001), []);
});

Deno.test("discard: wipes a KEM secret that the new state does not have", () => {
  const { host } = pair();
  const before = holdKemSecret(host.state, kemSecret(5), "peer");
  const secret = before.kem.secret!;
  discard([before], { ...before });
  assertEquals(secret[0], 5);
  discard([before], host.state);
  assert(secret.every((byte) => byte === 0));
});
