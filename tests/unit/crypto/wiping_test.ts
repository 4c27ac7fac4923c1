/**
 * Used keys are wiped. The session's keys cannot be seen from outside, so these tests derive the same
 * keys themselves and watch what is filled with zeros.
 *
 * @module
 */
import { openOne } from "../../support/ratchet.ts";
import { assert, assertEquals } from "@std/assert";
import { type Bytes, encodeUtf8, lengthPrefixed } from "../../../src/crypto/bytes.ts";
import { expand, hmacSha256, type Label, LABELS } from "../../../src/crypto/kdf.ts";
import {
  createRatchetSession,
  type RatchetSession,
  type SealedMessage,
} from "../../../src/crypto/ratchet_session.ts";
import {
  diffieHellman,
  type RatchetKeyPair,
  toPeerRatchetKey,
} from "../../../src/crypto/ratchet_keys.ts";
import { seededRandom } from "../../support/random.ts";
import { seededKeyPairs } from "../../support/ratchet_keys.ts";

/** Arrays that were filled with zeros while `action` ran, by what was in them. */
async function wipedDuring(action: () => Promise<unknown>): Promise<Map<string, Set<unknown>>> {
  const wiped = new Map<string, Set<unknown>>();
  const { fill } = Uint8Array.prototype;
  Uint8Array.prototype.fill = function (value, ...range) {
    if (value === 0 && range.length === 0) {
      const content = new Uint8Array(this).toHex();
      wiped.set(content, (wiped.get(content) ?? new Set()).add(this));
    }
    return fill.call(this, value, ...range);
  };
  try {
    await action();
  } finally {
    Uint8Array.prototype.fill = fill;
  }
  return wiped;
}

interface Scene {
  readonly host: RatchetSession;
  readonly guest: RatchetSession;
  /** The guest's first message, which makes the host step. */
  readonly first: SealedMessage;
  /** The host's keys before and after it. */
  readonly root: Bytes;
  readonly nextRoot: Bytes;
  readonly chain: Bytes;
  /** The chain that the host begins to send on. */
  readonly hostChain: Bytes;
  readonly messageKey: Bytes;
  readonly cipherKey: Bytes;
}

async function scene(): Promise<Scene> {
  const random = seededRandom(1);
  const [sessionKey, transcript] = [random(64), random(32)];
  const generateKeyPair = seededKeyPairs(random);
  const keyPair: RatchetKeyPair = generateKeyPair();
  const shared = { sessionKey, transcript, random, generateKeyPair };
  const host = createRatchetSession({ ...shared, monotonic: () => 0, role: "host", keyPair });
  const guest = createRatchetSession({
    ...shared,
    monotonic: () => 0,
    role: "guest",
    hostRatchetKey: keyPair.publicKey,
  });
  const [first] = await guest.seal([encodeUtf8("hello")]) as [SealedMessage];
  const header = first.head.slice(0, 49);
  const derive = (ikm: Uint8Array, label: Label, context: Uint8Array) =>
    expand(ikm, { label, context, length: 32 });
  const root = derive(sessionKey, LABELS.root, lengthPrefixed(transcript));
  const hostChain = derive(sessionKey, LABELS.hostChain, lengthPrefixed(transcript));
  const secret = diffieHellman(keyPair, toPeerRatchetKey(header.slice(17)));
  const turned = expand(secret, { salt: root, label: LABELS.rootStep, length: 64 });
  const [nextRoot, chain] = [turned.slice(0, 32), turned.slice(32)];
  const messageKey = hmacSha256(chain, new Uint8Array([1]));
  const cipherKey = derive(messageKey, LABELS.message, lengthPrefixed(header, transcript));
  return { host, guest, first, root, nextRoot, chain, hostChain, messageKey, cipherKey };
}

Deno.test("open: wipes the keys of a message and the keys it replaces", async () => {
  const { host, guest, first, root, nextRoot, chain, messageKey, cipherKey } = await scene();
  const wiped = await wipedDuring(() => openOne(host, first.head, first.token));
  for (const key of [root, chain, messageKey, cipherKey]) assert(wiped.has(key.toHex()));
  assert(!wiped.has(nextRoot.toHex()), "still needed");
  assert((await wipedDuring(() => host.seal([encodeUtf8("hi")]))).has(nextRoot.toHex()));
  host.close();
  guest.close();
});

Deno.test("open: wipes derived keys and keeps the old ones when a message does not open", async () => {
  const { host, guest, first, root, nextRoot, messageKey, cipherKey } = await scene();
  const altered = first.token.replace(/.{8}=*$/, "AAAAAAAA");
  const wiped = await wipedDuring(async () => {
    const { error } = await host.openAll([{ head: first.head, token: altered }]);
    assert(error instanceof Error);
  });
  for (const key of [nextRoot, messageKey, cipherKey]) assert(wiped.has(key.toHex()));
  assert(!wiped.has(root.toHex()), "still needed");
  assertEquals((await openOne(host, first.head, first.token)).plaintext, encodeUtf8("hello"));
  host.close();
  guest.close();
});

Deno.test("seal: wipes the message key and the old chain key; close wipes the rest", async () => {
  const { host, guest, first, nextRoot, hostChain } = await scene();
  const sealing = await wipedDuring(() => host.seal([encodeUtf8("hello")]));
  for (const key of [hostChain, hmacSha256(hostChain, new Uint8Array([1]))]) {
    assert(sealing.has(key.toHex()));
  }
  await openOne(host, first.head, first.token);
  const closing = await wipedDuring(() => Promise.resolve(host.close()));
  assert(closing.has(nextRoot.toHex()));
  guest.close();
});
