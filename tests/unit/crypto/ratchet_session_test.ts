import { openOne } from "../../support/ratchet.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { systemRandom } from "../../../src/clock.ts";
import { expand, hmacSha256, LABELS } from "../../../src/crypto/kdf.ts";
import { decodeBase64Url, encodeBase64Url } from "../../../src/base64url.ts";
import {
  type Bytes,
  concat,
  decodeUtf8,
  encodeUtf8,
  lengthPrefixed,
} from "../../../src/crypto/bytes.ts";
import {
  AlteredToken,
  createRatchetSession,
  ForgedHeader,
  generateRatchetKeyPair,
  MAX_SKIP,
  MAX_SKIPPED_AGE_MS,
  type OpenedMessage,
  type RatchetKeyPair,
  type RatchetSession,
  ReplayedMessage,
  type SealedMessage,
  TooFarAhead,
} from "../../../src/crypto/ratchet_session.ts";
import { seededRandom } from "../../support/random.ts";
import { ratchetKeyPairOf, seededKeyPairs } from "../../support/ratchet_keys.ts";
import vectors from "../../vectors/ratchet/session.json" with { type: "json" };

interface Pair {
  readonly host: RatchetSession;
  readonly guest: RatchetSession;
}

/** Two sides of a session from a seed, with the options of either changed. */
function pair(
  seed = 1,
  { sessionKey, transcript, generateKeyPair, monotonic = () => 0 }: {
    monotonic?: () => number;
    sessionKey?: Bytes;
    transcript?: Bytes;
    generateKeyPair?: () => RatchetKeyPair;
  } = {},
): Pair {
  const random = seededRandom(seed);
  const shared = {
    sessionKey: sessionKey ?? random(64),
    transcript: transcript ?? random(32),
    random,
    generateKeyPair: generateKeyPair ?? seededKeyPairs(random),
  };
  const keyPair = shared.generateKeyPair();
  return {
    host: createRatchetSession({ ...shared, monotonic, role: "host", keyPair }),
    guest: createRatchetSession({
      ...shared,
      monotonic,
      role: "guest",
      hostRatchetKey: keyPair.publicKey,
    }),
  };
}

async function seal(session: RatchetSession, ...texts: string[]): Promise<SealedMessage[]> {
  return await session.seal(texts.map(encodeUtf8));
}

async function sealOne(session: RatchetSession, text: string): Promise<SealedMessage> {
  return (await seal(session, text))[0]!;
}

async function open(session: RatchetSession, { head, token }: SealedMessage): Promise<string> {
  return decodeUtf8((await openOne(session, head, token)).plaintext);
}

const texts = (opened: readonly OpenedMessage[]) =>
  opened.map(({ plaintext }) => decodeUtf8(plaintext));

Deno.test("RatchetSession: encrypts byte for byte as the second implementation does", async () => {
  const source = (values: readonly string[]) => {
    const left = values.map((hex) => Uint8Array.fromHex(hex));
    return () => left.shift()!;
  };
  const keysOf = (role: "host" | "guest") => {
    const next = source(vectors.ratchetKeys[role]);
    return () => ratchetKeyPairOf(next());
  };
  const shared = {
    sessionKey: Uint8Array.fromHex(vectors.sessionKey),
    transcript: Uint8Array.fromHex(vectors.transcript),
  };
  const hostKeys = keysOf("host");
  const keyPair = hostKeys();
  const host = createRatchetSession({
    ...shared,
    monotonic: () => 0,
    role: "host",
    keyPair,
    random: source(vectors.ivs.host),
    generateKeyPair: hostKeys,
  });
  const guest = createRatchetSession({
    ...shared,
    monotonic: () => 0,
    role: "guest",
    hostRatchetKey: keyPair.publicKey,
    random: source(vectors.ivs.guest),
    generateKeyPair: keysOf("guest"),
  });
  const open = async (run: (typeof vectors.messages)[number], by: RatchetSession) => {
    const messages = run.map(({ head, token }) => ({ head: Uint8Array.fromHex(head), token }));
    const { opened, error } = await by.openAll(messages);
    assertEquals(error, undefined);
    assertEquals(opened.map(({ plaintext }) => plaintext.toHex()), run.map((m) => m.plaintext));
  };
  const [crossing] = vectors.messages;
  for (const [i, run] of vectors.messages.entries()) {
    const [from, to] = run[0]!.from === "host" ? [host, guest] : [guest, host];
    const sealed = await from.seal(run.map(({ plaintext }) => Uint8Array.fromHex(plaintext)));
    assertEquals(
      sealed.map(({ head, token }) => ({ head: head.toHex(), token })),
      run.map(({ head, token }) => ({ head, token })),
    );
    if (i === 0) continue;
    await open(run, to);
    if (i === 1) await open(crossing!, guest);
  }
});

Deno.test("RatchetSession: lets either side send first", async () => {
  const { host, guest } = pair();
  assertEquals(await open(guest, await sealOne(host, "hello?")), "hello?");
  assertEquals(await open(host, await sealOne(guest, "me")), "me");
  const other = pair(2);
  assertEquals(await open(other.host, await sealOne(other.guest, "hello?")), "hello?");
  const third = pair(3);
  const [a, b] = [await sealOne(third.host, "at once"), await sealOne(third.guest, "too")];
  assertEquals(await open(third.guest, a), "at once");
  assertEquals(await open(third.host, b), "too");
});

Deno.test("RatchetSession: numbers messages from 1 across DH ratchet steps", async () => {
  const { host, guest } = pair();
  const numbers: number[] = [];
  for (let i = 0; i < 4; i++) {
    for (const message of await seal(host, "a", "b", "c")) {
      numbers.push(message.seq);
      assertEquals(guest.checkHeader(message.head), { seq: message.seq });
      assertEquals((await openOne(guest, message.head, message.token)).seq, message.seq);
    }
    await open(host, await sealOne(guest, "mhm"));
  }
  assertEquals(numbers, Array.from({ length: 12 }, (_, i) => i + 1));
});

Deno.test("seal: makes tokens with time 0 that never repeat", async () => {
  const { host } = pair();
  const sealed = await seal(host, ...new Array(20).fill("same"));
  for (const { token } of sealed) {
    const bytes = decodeBase64Url(token, { padded: true });
    assertEquals([...bytes.subarray(0, 9)], [0x80, 0, 0, 0, 0, 0, 0, 0, 0]);
  }
  assertEquals(new Set(sealed.map(({ token }) => token)).size, 20);
});

Deno.test("openAll: stops at the first failure and can open the rest later", async () => {
  const { host, guest } = pair();
  const sealed = await seal(host, "1", "2", "3", "4", "5");
  const bad = { ...sealed[2]!, token: sealed[3]!.token };
  const first = await guest.openAll([sealed[0]!, sealed[1]!, bad, sealed[3]!, sealed[4]!]);
  assertEquals(texts(first.opened), ["1", "2"]);
  assertInstanceOf(first.error, AlteredToken);
  const second = await guest.openAll(sealed.slice(2));
  assertEquals(texts(second.opened), ["3", "4", "5"]);
  assertEquals("error" in second, false);
});

Deno.test("openAll: handles DH ratchet steps inside a batch", async () => {
  const { host, guest } = pair();
  const sealed = await seal(host, "1", "2");
  await open(host, await sealOne(guest, "a"));
  sealed.push(...await seal(host, "3", "4"));
  const bad = sealed.with(3, { ...sealed[3]!, token: sealed[2]!.token });
  assertEquals(texts((await guest.openAll(bad)).opened), ["1", "2", "3"]);
  const late = await sealOne(guest, "b");
  assertEquals(await open(host, late), "b");
  assertEquals(texts((await guest.openAll([sealed[3]!])).opened), ["4"]);
});

Deno.test("openAll: reports the earliest fault", async () => {
  const { host, guest } = pair();
  const sealed = await seal(host, "1", "2", "3");
  const forged = { ...sealed[2]!, head: new Uint8Array(65) };
  const altered = { ...sealed[1]!, token: "" };
  assertInstanceOf((await guest.openAll([sealed[0]!, altered, forged])).error, AlteredToken);
  assertInstanceOf((await guest.openAll([forged, sealed[1]!])).error, ForgedHeader);
  const twice = await guest.openAll([sealed[1]!, sealed[1]!, forged]);
  assertEquals(texts(twice.opened), ["2"]);
  assertInstanceOf(twice.error, ReplayedMessage);
  assertEquals(await guest.openAll([]), { opened: [] });
});

Deno.test("open: refuses a head with any byte altered, without a change of state", async () => {
  const { host, guest } = pair();
  const sealed = await sealOne(host, "hello");
  for (let i = 0; i < sealed.head.length; i++) {
    const head = sealed.head.with(i, sealed.head[i]! ^ 0x40);
    assertEquals(guest.checkHeader(head), undefined);
    await assertRejects(() => openOne(guest, head, sealed.token), ForgedHeader, "", `byte ${i}`);
  }
  for (const length of [0, 49, 64, 66]) {
    const head = new Uint8Array(length);
    assertEquals(guest.checkHeader(head), undefined);
    await assertRejects(() => openOne(guest, head, sealed.token), ForgedHeader);
  }
  assertEquals(await open(guest, sealed), "hello");
});

Deno.test("open: refuses a token with any byte altered, without a change of state", async () => {
  const { host, guest } = pair();
  await open(guest, await sealOne(host, "first"));
  await open(host, await sealOne(guest, "answer"));
  const [late, sealed] = await seal(host, "late", "hello") as [SealedMessage, SealedMessage];
  for (const message of [sealed, late]) {
    const bytes = decodeBase64Url(message.token, { padded: true });
    for (let i = 0; i < bytes.length; i++) {
      const token = encodeBase64Url(bytes.with(i, bytes[i]! ^ 0x40), { padded: true });
      await assertRejects(() => openOne(guest, message.head, token), AlteredToken, "", `byte ${i}`);
    }
    for (const token of ["", "%", message.token.slice(4), `${message.token}\n`]) {
      await assertRejects(() => openOne(guest, message.head, token), AlteredToken);
    }
    // The second is opened with a key that was skipped: it too survives every attempt.
    await open(guest, message);
  }
});

Deno.test("open: refuses a token under another header", async () => {
  const { host, guest } = pair();
  const [a, b] = await seal(host, "a", "b") as [SealedMessage, SealedMessage];
  await assertRejects(() => openOne(guest, a.head, b.token), AlteredToken);
  await assertRejects(() => openOne(guest, b.head, a.token), AlteredToken);
  assertEquals([await open(guest, b), await open(guest, a)], ["b", "a"]);
});

Deno.test("open: tells a replay from an alteration, in the current chain and in past ones", async () => {
  const { host, guest } = pair();
  const sealed = await seal(host, "a", "b");
  for (const message of sealed) await open(guest, message);
  for (let i = 0; i < 3; i++) {
    for (const message of sealed) await assertRejects(() => open(guest, message), ReplayedMessage);
    await open(host, await sealOne(guest, "answer"));
    sealed.push(await sealOne(host, "more"));
    await open(guest, sealed.at(-1)!);
  }
});

Deno.test("open: refuses a message more than MAX_SKIP ahead and opens nearer ones", async () => {
  const { host, guest } = pair();
  const sealed = await host.seal(Array.from({ length: MAX_SKIP + 2 }, () => encodeUtf8("x")));
  await assertRejects(() => open(guest, sealed[MAX_SKIP + 1]!), TooFarAhead);
  assertEquals(await open(guest, sealed[MAX_SKIP]!), "x");
  assertEquals(await open(guest, sealed[MAX_SKIP + 1]!), "x");
});

Deno.test("RatchetSession: deletes and wipes skipped message keys after an hour", async () => {
  for (const isQuiet of [true, false]) {
    let now = 0;
    const { host, guest } = pair(1, { monotonic: () => now });
    const [early, late, next] = await seal(host, "early", "late", "next") as [
      SealedMessage,
      SealedMessage,
      SealedMessage,
    ];
    await open(guest, late);
    now = MAX_SKIPPED_AGE_MS;
    // On time it opens; this is the last moment.
    await assertRejects(() => openOne(guest, early.head, late.token), AlteredToken);
    now++;
    if (isQuiet) await guest.deleteOldKeys();
    else assertEquals(await open(guest, next), "next");
    await assertRejects(() => open(guest, early), ReplayedMessage);
    host.close();
    guest.close();
  }
});

Deno.test("open: refuses a side's own messages", async () => {
  const { host, guest } = pair();
  const [a, b] = [await sealOne(host, "a"), await sealOne(guest, "b")];
  await assertRejects(() => open(host, a), ForgedHeader);
  await assertRejects(() => open(guest, b), ForgedHeader);
});

Deno.test("open: refuses messages of another session", async () => {
  const random = seededRandom(9);
  const [sessionKey, transcript] = [random(64), random(32)];
  const keyPair = ratchetKeyPairOf(random(32));
  const guestKey = ratchetKeyPairOf(random(32));
  const begin = (changed: { sessionKey?: Bytes; transcript?: Bytes }) => {
    const keys = [keyPair, guestKey];
    const generateKeyPair = () => keys.shift() ?? keyPair;
    return pair(10, { sessionKey, transcript, generateKeyPair, ...changed });
  };
  const { host } = begin({});
  const sealed = await sealOne(host, "for this session");
  assertEquals(await open(begin({}).guest, sealed), "for this session");
  for (const changed of [{ sessionKey: random(64) }, { transcript: random(32) }]) {
    await assertRejects(() => open(begin(changed).guest, sealed), ForgedHeader);
  }
});

Deno.test("open: refuses headers rewritten by a thief of the header key", async () => {
  const [sessionKey, transcript] = [systemRandom(64), systemRandom(32)];
  const { host, guest } = pair(1, { sessionKey, transcript });
  await open(guest, await sealOne(host, "a"));
  await open(host, await sealOne(guest, "b"));
  // Two before it in the chain, so that a smaller count is possible and changes no key but the last.
  const { head, token } = (await seal(host, "c", "d"))[1]!;
  const key = expand(sessionKey, {
    label: LABELS.hostHeader,
    context: lengthPrefixed(transcript),
    length: 32,
  });
  const retag = (header: Bytes) => concat(header, hmacSha256(key, header).subarray(0, 16));
  const header = head.slice(0, 49);
  assertEquals(retag(header), head);
  for (let i = 1; i < header.length; i++) {
    const rewritten = retag(header.with(i, header[i]! ^ 1));
    const error = await assertRejects(
      () => openOne(guest, rewritten, token),
      Error,
      "",
      `byte ${i}`,
    );
    assert(
      [AlteredToken, ForgedHeader, ReplayedMessage, TooFarAhead].some((e) => error instanceof e),
    );
  }
  // The count of the chain before is not needed once this chain is known: only the binding guards it.
  const [e] = await seal(host, "e");
  await openOne(guest, head, token);
  const other = e!.head.slice(0, 49);
  other[8]! = 0;
  assertNotEquals(retag(other), e!.head);
  await assertRejects(() => openOne(guest, retag(other), e!.token), AlteredToken);
  assertEquals(await open(guest, e!), "e");
});

Deno.test("RatchetSession: applies overlapping calls in order", async () => {
  const { host, guest } = pair();
  const batches = await Promise.all([
    seal(host, "1", "2"),
    seal(host, "3"),
    seal(host, "4", "5"),
  ]);
  const sealed = batches.flat();
  assertEquals(sealed.map(({ seq }) => seq), [1, 2, 3, 4, 5]);
  const [opened, answer, twice] = await Promise.allSettled([
    Promise.all(sealed.map((message) => open(guest, message))),
    sealOne(guest, "answer"),
    open(guest, sealed[0]!),
  ]);
  assertEquals(opened, { status: "fulfilled", value: ["1", "2", "3", "4", "5"] });
  assertInstanceOf((twice as PromiseRejectedResult).reason, ReplayedMessage);
  assertEquals(await open(host, (answer as PromiseFulfilledResult<SealedMessage>).value), "answer");
});

Deno.test("openAll: leaves no unhandled rejection when a batch with a DH ratchet step fails", async () => {
  const { host, guest } = pair(1, { generateKeyPair: generateRatchetKeyPair });
  const first = await sealOne(host, "1");
  await open(host, await sealOne(guest, "a"));
  const second = await sealOne(host, "2");
  const result = await guest.openAll([{ ...first, token: "" }, second]);
  assertEquals(result.opened, []);
  assertInstanceOf(result.error, AlteredToken);
});

Deno.test("RatchetSession: generates a key pair only when it sends after seeing a new peer key", async () => {
  let made = 0;
  const generateKeyPair = () => {
    made++;
    return generateRatchetKeyPair();
  };
  const { host, guest } = pair(1, { generateKeyPair });
  // The host's first one, which the handshake carries, and the guest's.
  assertEquals(made, 2);
  assertEquals(await open(host, await sealOne(guest, "a")), "a");
  assertEquals(made, 2);
  assertEquals(await open(guest, await sealOne(host, "b")), "b");
  assertEquals(await open(guest, await sealOne(host, "c")), "c");
  assertEquals(made, 3);
  assertEquals(await open(host, await sealOne(guest, "d")), "d");
  assertEquals(made, 4);
});

Deno.test("RatchetSession: stays as it was when no key pair can be generated", async () => {
  let isBroken = false;
  const generateKeyPair = () => {
    if (isBroken) throw new Error("no randomness");
    return generateRatchetKeyPair();
  };
  const { host, guest } = pair(1, { generateKeyPair });
  const sealed = await sealOne(guest, "a");
  isBroken = true;
  assertEquals(await open(host, sealed), "a");
  await assertRejects(() => sealOne(host, "b"), Error, "no randomness");
  isBroken = false;
  assertEquals(await open(guest, await sealOne(host, "b")), "b");
});

Deno.test("createRatchetSession: refuses a host key of another length or of small order", () => {
  const base = {
    role: "guest",
    sessionKey: systemRandom(64),
    transcript: systemRandom(32),
  } as const;
  for (const length of [0, 31, 33]) {
    const hostRatchetKey = new Uint8Array(length);
    assertThrows(
      () =>
        createRatchetSession({ ...base, monotonic: () => 0, random: systemRandom, hostRatchetKey }),
      RangeError,
    );
  }
  const hostRatchetKey = new Uint8Array(32);
  assertThrows(
    () =>
      createRatchetSession({ ...base, monotonic: () => 0, random: systemRandom, hostRatchetKey }),
    AlteredToken,
  );
});

Deno.test("close: makes every later call fail", async () => {
  const { host, guest } = pair();
  const sealed = await sealOne(host, "a");
  guest.close();
  guest.close();
  await assertRejects(() => open(guest, sealed), Error, "closed");
  await assertRejects(() => sealOne(guest, "b"), Error, "closed");
  assertThrows(() => guest.checkHeader(sealed.head), Error, "closed");
  assertEquals(Deno.inspect(guest), "RatchetSession (closed)");
});

Deno.test("close: makes running calls fail", async () => {
  const { host, guest } = pair();
  const opening = guest.openAll(await seal(host, "a", "b"));
  const sealing = sealOne(guest, "c");
  await Promise.resolve();
  guest.close();
  await assertRejects(() => opening, Error, "closed");
  await assertRejects(() => sealing, Error, "closed");
});

Deno.test("RatchetSession: shows no byte of its keys when printed, nor do its errors", async () => {
  const drawn: Bytes[] = [];
  const random = (length: number) => {
    const bytes = systemRandom(length);
    drawn.push(bytes.slice());
    return bytes;
  };
  const sessionKey = systemRandom(64);
  const { host, guest } = pair(1, { sessionKey, generateKeyPair: seededKeyPairs(random) });
  const sealed = await sealOne(host, "a");
  const error = await assertRejects(() => openOne(guest, sealed.head, ""), AlteredToken);
  for (const value of [host, guest, error]) {
    const shown = [
      Deno.inspect(value, { depth: 20, showHidden: true }),
      JSON.stringify(value),
      String(value),
    ].join();
    assert(!/\d+, \d+, \d+/.test(shown), shown);
    for (const secret of [sessionKey, ...drawn]) {
      assert(!shown.includes(secret.subarray(0, 4).toHex()));
      assert(!shown.includes(encodeBase64Url(secret.subarray(0, 6))));
    }
  }
  assertEquals(Deno.inspect([host]), "[ RatchetSession (open) ]");
  assertEquals(JSON.stringify({ host }), `{"host":"RatchetSession (open)"}`);
});
