/**
 * A whole handshake and conversation from fixed randomness, byte for byte, so that the wire format
 * never changes by accident. After a change of the protocol, record it again:
 *
 *     RECORD=1 deno test -A tests/unit/protocol/transcript_test.ts
 *
 * and check that the second implementation, tests/vectors/transcript/read.py, still agrees.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { type Random, systemRandom } from "../../../src/clock.ts";
import { encodeBase64Url } from "../../../src/base64url.ts";
import { concat, encodeUtf8, lengthPrefixed } from "../../../src/crypto/bytes.ts";
import { expand, LABELS, sha256 } from "../../../src/crypto/kdf.ts";
import { CHUNK_BYTES } from "../../../src/limits.ts";
import {
  drawCode,
  formatCode,
  type InviteCode,
  parseCode,
} from "../../../src/protocol/invite_code.ts";
import {
  type Conversation,
  type Sealed,
  startConversation,
} from "../../../src/protocol/conversation.ts";
import {
  beginAsGuest,
  beginAsHost,
  type HandshakeResult,
  passwordFrom,
  stepGuest,
  stepHost,
} from "../../../src/protocol/handshake.ts";
import type { Body, Payload } from "../../../src/protocol/payload.ts";
import { encodeHandshake, makeEnvelope, roomOfNameplate } from "../../../src/protocol/wire.ts";
import type { Envelope, Role } from "../../../src/relay/relay.ts";
import { seededKem } from "../../support/kem.ts";
import { pythonWithPackages } from "../../support/python.ts";
import { seededRandom } from "../../support/random.ts";
import { ratchetKeyPairOf } from "../../support/ratchet_keys.ts";

const FOLDER = new URL("../../vectors/transcript/", import.meta.url);
const RECORD = new URL("transcript.json", FOLDER);
const FILES_RECORD = new URL("files.json", FOLDER);
const READER = fileURLToPath(new URL("read.py", FOLDER));
const NAMES = { host: "Alice", guest: "Bob" } as const;

/** What one side says, or which of the documents it reads, in order. */
type Step =
  | { readonly by: Role; readonly says: readonly number[] }
  | { readonly by: Role; readonly reads: readonly number[] };

const text = (said: string): Body => ({ kind: "text", text: said });

/** Draws that are written down. */
function recorded(random: Random): { random: Random; drawn: string[] } {
  const drawn: string[] = [];
  return {
    drawn,
    random(length) {
      const bytes = random(length);
      drawn.push(bytes.toHex());
      return bytes;
    },
  };
}

/** A course of a conversation, in which `say` and `read` are written down. */
type Course = (
  say: (by: Role, ...bodies: Body[]) => Promise<number[]>,
  read: (by: Role, ...indices: number[]) => Promise<void>,
  sides: Record<Role, Conversation> & {
    /** Payloads of KEM exchanges that are due. */
    readonly due: (by: Role) => Body[];
    /** Moves the monotonic clock. */
    readonly wait: (ms: number) => void;
  },
) => Promise<void>;

/** Runs a whole chat, and writes down everything that matters. */
async function record(code: InviteCode, random: Random, converse: Course): Promise<unknown> {
  const epoch = { room: roomOfNameplate(code.nameplate), epoch: encodeBase64Url(random(8)) };
  const [hostNonce, guestNonce] = [random(16), random(16)];
  const scalars = { host: recorded(random), guest: recorded(random) };
  const ratchet = { host: recorded(random), guest: recorded(random) };
  const kem = { host: recorded(random), guest: recorded(random) };
  const pairs = (role: Role) => () => ratchetKeyPairOf(ratchet[role].random(32));

  const documents: Envelope[] = [];
  const steps: Step[] = [];
  const payloads: Record<number, unknown> = {};
  const put = (by: Role, envelopes: readonly Envelope[]) => {
    steps.push({ by, says: envelopes.map((envelope) => documents.push(envelope) - 1) });
  };

  // The handshake.
  const params = () => ({ ...epoch, password: passwordFrom(code.password), hostNonce });
  const hostSources = {
    random: scalars.host.random,
    kem: seededKem(kem.host.random),
    generateKeyPair: pairs("host"),
  };
  const guestSources = { kem: seededKem(kem.guest.random) };
  const begun = beginAsGuest(params(), guestNonce, scalars.guest.random);
  const answered = await stepHost(beginAsHost(params()), begun.send!, hostSources);
  assert(answered.state.state === "open");
  const isk = [...answered.state.attempts.values()][0]!.isk.bytes.slice();
  const finished = await stepGuest(begun.state, answered.send!, guestSources);
  const confirmed = await stepHost(answered.state, finished.send!, hostSources);
  const done = await stepGuest(finished.state, confirmed.send!, guestSources);
  for (
    const [by, { send }] of [
      ["guest", begun],
      ["host", answered],
      ["guest", finished],
      ["host", confirmed],
    ] as const
  ) {
    const head = encodeHandshake(send!);
    put(by, [makeEnvelope(epoch, { from: by, seq: 0, head, token: "" })]);
  }
  assert(confirmed.state.state === "established" && done.state.state === "established");
  const results: Record<Role, HandshakeResult> = {
    host: confirmed.state.result,
    guest: done.state.result,
  };
  const { transcript } = results.host;
  const sessionKey = results.host.sessionKey.bytes.slice();

  // The conversation.
  let time = Date.UTC(2024, 0, 1);
  let elapsed = 0;
  /** What the protocol itself wants to send. */
  const due: Record<Role, Body[]> = { host: [], guest: [] };
  const begin = (role: Role) =>
    startConversation({
      handshake: results[role],
      epoch,
      clock: { now: () => time += 1_500, monotonic: () => elapsed },
      random,
      kem: seededKem(kem[role].random),
      send: (body) => due[role].push(body),
      generateKeyPair: pairs(role),
    });
  const sides = { host: begin("host"), guest: begin("guest") };
  const say = async (by: Role, ...bodies: Body[]): Promise<number[]> => {
    const sealed: Sealed[] = await sides[by].seal(bodies);
    const first = documents.length;
    put(by, sealed.map(({ envelope }) => envelope));
    sealed.forEach(({ payload }, i) => payloads[first + i] = inHex(payload));
    return sealed.map((_, i) => first + i);
  };
  const read = async (by: Role, ...indices: number[]) => {
    steps.push({ by, reads: indices });
    const { received, error } = await sides[by].open(indices.map((i) => documents[i]!));
    assertEquals(error, undefined);
    assertEquals(
      received.map(({ payload }) => inHex(payload)),
      indices.map((i) => payloads[i]) as never,
    );
    for (const { payload } of received) {
      if (payload.kind === "text") sides[by].displayed(payload.texts);
    }
  };
  await converse(say, read, {
    ...sides,
    due: (by) => due[by].splice(0),
    wait: (ms) => elapsed += ms,
  });

  const { words } = sides.host;
  assertEquals(sides.guest.words, words);
  const key = expand(sessionKey, {
    label: LABELS.verifyKey,
    context: lengthPrefixed(transcript),
    length: 32,
  });
  for (const side of Object.values(sides)) side.close();
  return {
    protocol: 2,
    code: formatCode(code),
    ...epoch,
    hostNonce: hostNonce.toHex(),
    guestNonce: guestNonce.toHex(),
    names: NAMES,
    secrets: {
      scalars: { host: scalars.host.drawn[0], guest: scalars.guest.drawn[0] },
      ratchetKeys: { host: ratchet.host.drawn, guest: ratchet.guest.drawn },
      kem: { host: kem.host.drawn, guest: kem.guest.drawn },
    },
    documents: documents.map(({ id, from, seq, head, token }) => ({
      id,
      from,
      seq,
      head: head.toHex(),
      token,
    })),
    steps,
    results: {
      isk: isk.toHex(),
      sessionKey: sessionKey.toHex(),
      transcript: transcript.toHex(),
      verifyKey: key.toHex(),
      verifyIndices: words.map((word) => wordlist.indexOf(word)),
      verifyWords: words,
      payloads,
      ...filesOf(Object.values(payloads) as Payload[]),
    },
  };
}

/** Name and hash of every file that was delivered; nothing where there are none. */
function filesOf(payloads: readonly Payload[]): { files?: unknown } {
  const files = payloads.flatMap((payload) => {
    if (payload.kind !== "delivered") return [];
    const ofFile = payloads.filter((other) => "id" in other && other.id === payload.id);
    const name = ofFile.find(({ kind }) => kind === "offer") as { name: string } | undefined;
    const end = ofFile.find(({ kind }) => kind === "end") as { sha256: unknown } | undefined;
    return [[name?.name, (end?.sha256 as { hex: string }).hex]];
  });
  return files.length > 0 ? { files } : {};
}

/** Profiles, texts both ways, turns, texts out of order, a timer, receipts, and crossing goodbyes. */
const everything: Course = async (say, read, sides) => {
  const client = "whisper/2";
  const hello = await say("host", { kind: "profile", name: NAMES.host, client });
  const hi = await say("guest", { kind: "profile", name: NAMES.guest, client });
  await read("guest", ...hello);
  await read("host", ...hi);
  const first = await say("host", text("Bob? \u{1f98a}"), text("\ufeffa\u0000b"));
  await read("guest", ...first);
  await read("host", ...await say("guest", text("é".repeat(300)), text("x".repeat(5_000))));
  await read("host", ...await say("guest", { kind: "timer", seconds: 30, agreed: false }));
  const [agreed, a, b, c, d] = await say(
    "host",
    { kind: "timer", seconds: 30, agreed: true },
    text("a"),
    text("b"),
    text("c"),
    text("d"),
  ) as [number, number, number, number, number];
  // The last is read first; then one of those before it; another not until a turn later.
  await read("guest", agreed, d);
  await read("guest", b);
  assertEquals(sides.guest.textsMissing, 2);
  await read("host", ...await say("guest", { kind: "receipt" }));
  await read("guest", ...await say("host", text("after the turn")));
  await read("guest", a);
  const [ping] = await say("guest", { kind: "ping" });
  await read("host", ping!);
  await read("guest", ...await say("host", { kind: "receipt" }, { kind: "burn" }));
  assertEquals(sides.guest.textsMissing, 1);
  assert(c !== undefined, "the one that is lost for good");
  // Ten minutes later the next message lets the host propose a KEM exchange.
  sides.wait(600_000);
  await read("guest", ...await say("host", text("still there?")));
  const proposal = sides.due("host");
  assertEquals(proposal.map(({ kind }) => kind), ["kem-key"]);
  await read("guest", ...await say("host", ...proposal));
  await read("host", ...await say("guest", ...sides.due("guest"), text("yes")));
  await read("guest", ...await say("host", { kind: "receipt" }));
  // The guest's next chain is the first with the secret in it.
  await read("host", ...await say("guest", text("healed")));
  await read("guest", ...await say("host", text("and back")));
  await read("host", ...await say("guest", { kind: "text", text: "both", reply: [false, 1] }));
  await read("guest", ...await say("host", { kind: "verify", same: true }));
  await read("host", ...await say("guest", { kind: "verify", same: false }));
  const bye = await say("host", { kind: "bye" });
  const farewell = await say("guest", { kind: "bye" });
  await read("guest", ...bye);
  await read("host", ...farewell);
};

/** Files both ways: one accepted, one that goes back to a lost chunk, one refused, one canceled. */
const files: Course = async (say, read) => {
  const client = "whisper/2";
  await read("guest", ...await say("host", { kind: "profile", name: NAMES.host, client }));
  await read("host", ...await say("guest", { kind: "profile", name: NAMES.guest, client }));
  const [first, last] = [new Uint8Array(CHUNK_BYTES).fill(7), encodeUtf8("the end")];
  const size = first.length + last.length;
  const digest = sha256(concat(first, last));
  await read("guest", ...await say("host", offered(1, "report \u{1f98a}.pdf", { size })));
  await read("host", ...await say("guest", { kind: "accept", id: 1, from: 1 }));
  const rest: Body[] = [
    { kind: "chunk", id: 1, n: 2, bytes: last },
    { kind: "end", id: 1, size, sha256: digest },
  ];
  const sent = await say("host", { kind: "chunk", id: 1, n: 1, bytes: first }, ...rest);
  // The second is lost: the end shows it.
  await read("guest", sent[0]!);
  await read("guest", sent[2]!);
  await read("host", ...await say("guest", { kind: "accept", id: 1, from: 2 }));
  await read("guest", ...await say("host", text("a text between"), ...rest));
  const bodies: Body[] = [
    { kind: "accept", id: 1, from: 3 },
    { kind: "delivered", id: 1 },
    offered(2, "", { stream: true }),
    offered(4, "../../x"),
  ];
  await read("host", ...await say("guest", ...bodies));
  await read(
    "guest",
    ...await say("host", { kind: "refuse", id: 2, reason: "declined" }, {
      kind: "cancel",
      id: 4,
      reason: "canceled",
    }),
  );
};

function offered(
  id: number,
  name: string,
  { size = 0, stream = false }: { size?: number; stream?: boolean } = {},
): Body {
  return { kind: "offer", id, name, size, stream };
}

/** Anything in any order: who speaks, how much, and what of it is read when, if ever. */
function anything(random: Random, steps: number): Course {
  const below = (bound: number) => random(1)[0]! % bound;
  const body = (): Body =>
    [
      text("a".repeat(1 + below(200))),
      text("\u{1f98a}".repeat(1 + below(50))),
      { kind: "receipt" },
      { kind: "ping" },
      { kind: "timer", seconds: below(100), agreed: below(2) === 1 },
      { kind: "text", text: "re", reply: [below(2) === 1, 1 + below(40)] },
      { kind: "verify", same: below(2) === 1 },
    ][below(7)] as Body;
  return async (say, read, sides) => {
    const unread: Record<Role, number[]> = { host: [], guest: [] };
    const speak = async (by: Role, ...bodies: Body[]) => {
      const other = by === "host" ? "guest" : "host";
      unread[other].push(...await say(by, ...bodies));
    };
    // At once, so that the reader knows in which order things were made.
    const sendDue = async () => {
      for (const by of ["host", "guest"] as const) {
        const due = sides.due(by);
        if (due.length > 0) await speak(by, ...due);
      }
    };
    for (const by of ["host", "guest"] as const) {
      await speak(by, { kind: "profile", name: NAMES[by], client: "whisper/2" });
    }
    await read("host", unread.host.shift()!);
    await read("guest", unread.guest.shift()!);
    let waits = 0;
    for (let step = 0; step < steps; step++) {
      const by = below(2) === 0 ? "host" : "guest";
      if (below(2) === 0) await speak(by, ...Array.from({ length: 1 + below(3) }, body));
      // Less than an hour in all: after that, keys of skipped messages are deleted.
      if (below(4) === 0 && ++waits <= 5) sides.wait(600_000);
      await sendDue();
      for (let count = below(4); count > 0 && unread[by].length > 0; count--) {
        // Mostly the next; now and then a later one, or one that is never read.
        const at = below(3) === 0 ? below(unread[by].length) : 0;
        const [index] = unread[by].splice(at, 1);
        if (below(8) !== 0) await read(by, index!);
        await sendDue();
      }
    }
  };
}

/** A payload with its bytes in hexadecimal, marked so that they are not taken for text. */
function inHex(payload: Payload): unknown {
  return Object.fromEntries(
    Object.entries(payload).map(([key, value]) => [
      key,
      value instanceof Uint8Array ? { hex: value.toHex() } : value,
    ]),
  );
}

function toJson(made: unknown): string {
  return `${JSON.stringify(made, undefined, 2)}\n`;
}

Deno.test("transcript: is made again byte for byte", async () => {
  const code = parseCode("4821-river-canyon-ocean");
  const made = toJson(await record(code, seededRandom(2_024), everything));
  if (Deno.env.get("RECORD") === "1") await Deno.writeTextFile(RECORD, made);
  assertEquals(made, await Deno.readTextFile(RECORD));
});

Deno.test("transcript: files are made again byte for byte", async () => {
  const code = parseCode("4821-river-canyon-ocean");
  const made = toJson(await record(code, seededRandom(2_025), files));
  if (Deno.env.get("RECORD") === "1") await Deno.writeTextFile(FILES_RECORD, made);
  assertEquals(made, await Deno.readTextFile(FILES_RECORD));
});

const python = await pythonWithPackages();
const skip = python.ok ? "" : ` (skipped: ${python.why})`;
if (python.ok) globalThis.addEventListener("unload", python.close);

/** What the second implementation says of a record. */
async function readAgain(record: string): Promise<{ agrees: boolean; says: string }> {
  assert(python.ok);
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, record);
    const run = await new Deno.Command(python.path, { args: [READER, file] }).output();
    const says = new TextDecoder().decode(run.success ? run.stdout : run.stderr);
    return { agrees: run.success, says: says.trim() };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test({
  name: `read.py: reads and writes the recorded conversation${skip}`,
  ignore: !python.ok,
  async fn() {
    const record = await Deno.readTextFile(RECORD);
    const { documents } = JSON.parse(record);
    assertEquals(await readAgain(record), {
      agrees: true,
      says: `${documents.length} documents agree`,
    });
  },
});

Deno.test({
  name: `read.py: reads and writes the recorded files${skip}`,
  ignore: !python.ok,
  async fn() {
    const record = await Deno.readTextFile(FILES_RECORD);
    assertEquals((await readAgain(record)).agrees, true);
    // The reader puts the file together by the rules of section 6.
    const wrong = JSON.parse(record);
    wrong.results.files = [["report.pdf", "00"]];
    assertEquals((await readAgain(JSON.stringify(wrong))).agrees, false);
  },
});

Deno.test({
  name: `read.py: reads and writes random conversations${skip}`,
  ignore: !python.ok,
  async fn() {
    const seeds = Deno.env.get("SOAK") === "1" ? 100 : 4;
    const first = new DataView(systemRandom(4).buffer).getUint16(0);
    for (let seed = first; seed < first + seeds; seed++) {
      const random = seededRandom(seed);
      const made = await record(drawCode(random), random, anything(seededRandom(-seed), 40));
      const { agrees, says } = await readAgain(toJson(made));
      assert(agrees, `seed ${seed}: ${says}`);
    }
  },
});

Deno.test({
  name: `read.py: notices every alteration of the record${skip}`,
  ignore: !python.ok,
  async fn() {
    const right = JSON.parse(await Deno.readTextFile(RECORD));
    const last = right.documents.length - 1;
    for (
      const alter of [
        (record: typeof right) => record.documents[0].head = flipHex(record.documents[0].head),
        (record: typeof right) => record.documents[3].head = flipHex(record.documents[3].head),
        (record: typeof right) => record.documents[last].id = `A${record.documents[last].id}`,
        (record: typeof right) => record.documents[last].seq++,
        (record: typeof right) =>
          record.documents[last].head = flipHex(record.documents[last].head),
        (record: typeof right) => record.results.payloads[last].shown++,
        (record: typeof right) => record.results.verifyIndices.reverse(),
        (record: typeof right) => record.code = "4821-river-canyon-zoo",
      ]
    ) {
      const record = structuredClone(right);
      alter(record);
      assert(!(await readAgain(JSON.stringify(record))).agrees, alter.toString());
    }
  },
});

/** The last digit, another. */
function flipHex(hex: string): string {
  return hex.slice(0, -1) + (hex.endsWith("0") ? "1" : "0");
}
