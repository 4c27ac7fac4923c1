import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { concat, encodeUtf8, lengthPrefixed } from "../../../src/crypto/bytes.ts";
import {
  confirmationTags,
  type CPaceInputs,
  type CPaceResult,
  finish,
  isShare,
  respond,
  start,
} from "../../../src/crypto/cpace.ts";
import { hmacSha512, sha512 } from "../../../src/crypto/kdf.ts";
import { seededRandom } from "../../support/random.ts";
import vectors from "../../vectors/cpace/ristretto255.json" with { type: "json" };

const { protocol, calculate_generator: generator, scalar_mult_vfy: points } = vectors;
const AD_A = encodeUtf8("ADa");
const AD_B = encodeUtf8("ADb");
const random = seededRandom(0);

/** A source that gives these bytes and no others. */
function given(hex: string) {
  return (length: number) => {
    const bytes = Uint8Array.fromHex(hex);
    assertEquals(bytes.length, length);
    return bytes;
  };
}

function inputsFrom(values: { PRS: string; CI: string; sid: string }, ad: Uint8Array): CPaceInputs {
  return {
    prs: Uint8Array.fromHex(values.PRS),
    ci: Uint8Array.fromHex(values.CI),
    sid: Uint8Array.fromHex(values.sid),
    ad,
  };
}

/** The tags under the ISK itself, as the draft has them. */
const tagsOf = ({ isk, confirmed }: CPaceResult) => confirmationTags(isk, confirmed);

/** A whole run, with what either side does differently. */
function run(
  seed: number,
  a: Partial<CPaceInputs> = {},
  b: Partial<CPaceInputs> = {},
  ads = [AD_A, AD_B],
) {
  const random = seededRandom(seed);
  const base = { prs: encodeUtf8("river"), ci: encodeUtf8("ci"), sid: encodeUtf8("sid") };
  const begun = start({ ...base, ad: AD_A, ...a }, random);
  const answer = respond({ ...base, ad: AD_B, ...b }, { share: begun.share, ad: ads[0]! }, random)!;
  return { answer, result: finish(begun.state, answer.share, ads[1]!)! };
}

Deno.test("CPace: lengths are prefixed as in the draft's examples", () => {
  const { prepend_len: single, lv_cat: many, transcript_ir: ir } = vectors.string_utilities;
  const count = (length: number) => Uint8Array.from({ length }, (_, i) => i);
  const hex = (...parts: Uint8Array[]) => lengthPrefixed(...parts).toHex();
  const [a, b, empty, c] = ["1234", "5", "", "678"].map(encodeUtf8) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  assertEquals(hex(empty), single["prepend_len(b'')"]);
  assertEquals(hex(a), single["prepend_len(b'1234')"]);
  assertEquals(hex(count(127)), single["prepend_len(bytes(range(127)))"]);
  assertEquals(hex(count(128)), single["prepend_len(bytes(range(128)))"]);
  assertEquals(hex(a, b, empty, c), many["lv_cat(b'1234',b'5',b'',b'678')"]);
  assertEquals(
    hex(...["123", "PartyA", "234", "PartyB"].map(encodeUtf8)),
    ir["transcript_ir(b'123',b'PartyA',b'234',b'PartyB')"],
  );
  assertEquals(
    hex(...["3456", "PartyA", "2345", "PartyB"].map(encodeUtf8)),
    ir["transcript_ir(b'3456',b'PartyA',b'2345',b'PartyB')"],
  );
});

Deno.test("CPace: the generator is the draft's", () => {
  // The share of the scalar 1 is the generator itself.
  const { share } = start(inputsFrom(generator, AD_A), given(`01${"00".repeat(31)}`));
  assertEquals(share.toHex(), generator["encoded generator g"]);
  assertEquals(generator["encoded generator g"], protocol.g);
});

Deno.test("CPace: a password longer than a hash block still has its generator", () => {
  const longs = ["a", "b"].map((end) => ({ prs: encodeUtf8("x".repeat(200) + end) }));
  const shares = longs.map((long) => run(1, long, long).answer.share);
  assertNotEquals(shares[0], shares[1]);
});

Deno.test("CPace: a whole run has the draft's shares, key and transcript", () => {
  const [adA, adB] = [Uint8Array.fromHex(protocol.ADa), Uint8Array.fromHex(protocol.ADb)];
  const begun = start(inputsFrom(protocol, adA), given(protocol.ya));
  assertEquals(begun.share.toHex(), protocol.Ya);
  const peer = { share: begun.share, ad: adA };
  const answer = respond(inputsFrom(protocol, adB), peer, given(protocol.yb))!;
  assertEquals(answer.share.toHex(), protocol.Yb);
  assertEquals(answer.isk.toHex(), protocol.ISK_IR);
  const result = finish(begun.state, answer.share, adB)!;
  assertEquals(result.isk.toHex(), protocol.ISK_IR);

  // Section 10.4: mac_key = H("CPaceMac" || sid || ISK), T = MAC(mac_key, lv_cat(Y, AD)).
  const macKey = sha512(
    concat(encodeUtf8("CPaceMac"), Uint8Array.fromHex(protocol.sid), result.isk),
  );
  const tagA = hmacSha512(macKey, lengthPrefixed(begun.share, adA));
  const tagB = hmacSha512(macKey, lengthPrefixed(answer.share, adB));
  for (const side of [result, answer]) {
    assertEquals(confirmationTags(side.isk, side.confirmed), { initiator: tagA, responder: tagB });
  }

  const transcript = lengthPrefixed(begun.share, adA, answer.share, adB);
  assertEquals(
    sha512(concat(encodeUtf8("CPaceSidOutput"), transcript)).toHex(),
    protocol.sid_output_ir,
  );
});

Deno.test("CPace: a valid point gives the draft's shared point", () => {
  const { s, X, "G.scalar_mult_vfy(s,X)": k } = points.valid;
  const inputs = inputsFrom(protocol, AD_B);
  const answer = respond(inputs, { share: Uint8Array.fromHex(X), ad: AD_A }, given(s))!;
  const isk = sha512(concat(
    lengthPrefixed(encodeUtf8("CPaceRistretto255_ISK"), inputs.sid, Uint8Array.fromHex(k)),
    lengthPrefixed(Uint8Array.fromHex(X), AD_A, answer.share, AD_B),
  ));
  assertEquals(answer.isk, isk);
});

for (const { desc, s, Y } of points.invalid) {
  Deno.test(`CPace: both sides abort on a share that is the draft's: ${desc}`, () => {
    const inputs = inputsFrom(protocol, AD_A);
    assertEquals(respond(inputs, { share: Uint8Array.fromHex(Y), ad: AD_B }, given(s)), undefined);
    assertEquals(finish(start(inputs, given(s)).state, Uint8Array.fromHex(Y), AD_B), undefined);
  });
}

Deno.test("CPace: both sides abort on an encoding that is not canonical", () => {
  const good = run(2).answer.share;
  assert(isShare(good));
  const wrong: Record<string, Uint8Array> = {
    "nothing": new Uint8Array(),
    "31 bytes": good.subarray(0, 31),
    "33 bytes": concat(good, new Uint8Array(1)),
    "the high bit set": good.with(31, good[31]! | 0x80),
    "all ones": new Uint8Array(32).fill(0xff),
    // RFC 9496 appendix A.2: non-canonical field encoding, p itself; negative field element, 1.
    "the field's prime": Uint8Array.fromHex(`ed${"ff".repeat(30)}7f`),
    "a negative element": Uint8Array.fromHex(`01${"00".repeat(31)}`),
  };
  for (const [name, share] of Object.entries(wrong)) {
    const random = seededRandom(3);
    const inputs = inputsFrom(protocol, AD_A);
    assertEquals(respond(inputs, { share, ad: AD_B }, random), undefined, name);
    assertEquals(isShare(share), false, name);
    assertEquals(finish(start(inputs, random).state, share, AD_B), undefined, name);
  }
});

Deno.test("CPace: both sides abort on their own share, reflected", () => {
  const inputs = inputsFrom(protocol, AD_A);
  const begun = start(inputs, given(protocol.ya));
  assertEquals(finish(begun.state, begun.share, AD_A), undefined);
  const own = { share: Uint8Array.fromHex(protocol.Yb), ad: AD_A };
  assertEquals(respond(inputs, own, given(protocol.yb)), undefined);
});

Deno.test("CPace: the same inputs give the same key and fitting tags", () => {
  const { answer, result } = run(4);
  assertEquals(answer.isk, result.isk);
  assertEquals(tagsOf(answer), tagsOf(result));
  assertNotEquals(tagsOf(answer).initiator, tagsOf(answer).responder);
  assertNotEquals(confirmationTags(random(64), answer.confirmed), tagsOf(answer));
  assertNotEquals(answer.isk, run(5).answer.isk);
});

Deno.test("CPace: any other input gives another key and tags that do not fit", () => {
  const other = encodeUtf8("other");
  const cases: Record<string, ReturnType<typeof run>> = {
    "password": run(6, { prs: other }),
    "channel": run(6, { ci: other }),
    "session": run(6, { sid: other }),
    "initiator's data": run(6, { ad: other }),
    "responder's data": run(6, {}, { ad: other }),
    "data seen by the responder": run(6, {}, {}, [other, AD_B]),
    "data seen by the initiator": run(6, {}, {}, [AD_A, other]),
    // Where one part ends and the next begins is part of the key.
    "border of channel and session": run(
      6,
      { ci: encodeUtf8("ab"), sid: encodeUtf8("c") },
      { ci: encodeUtf8("a"), sid: encodeUtf8("bc") },
    ),
  };
  for (const [name, { answer, result }] of Object.entries(cases)) {
    assertNotEquals(answer.isk, result.isk, name);
    assertNotEquals(tagsOf(answer).initiator, tagsOf(result).initiator, name);
    assertNotEquals(tagsOf(answer).responder, tagsOf(result).responder, name);
  }
});

Deno.test("CPace: an initiator's state serves one answer, good or bad", () => {
  const inputs = inputsFrom(protocol, AD_A);
  const random = seededRandom(8);
  const { state, share } = start(inputs, random);
  const answer = respond(inputs, { share, ad: AD_A }, random)!;
  assertEquals(finish(state, new Uint8Array(32), AD_A), undefined);
  assertThrows(() => finish(state, answer.share, AD_A), TypeError, "already finished");
});

Deno.test("CPace: the scalar is wiped, and an initiator's state does not show it", () => {
  const drawn: Uint8Array[] = [];
  const random = (length: number) => {
    drawn.push(seededRandom(9 + drawn.length)(length));
    return drawn.at(-1) as Uint8Array<ArrayBuffer>;
  };
  const inputs = inputsFrom(protocol, AD_A);
  const { state, share } = start(inputs, random);
  const shown = Deno.inspect(state, { depth: 10, showHidden: true }) + JSON.stringify(state);
  assert(!shown.includes(drawn[0]!.subarray(0, 4).join(", ")));
  const answer = respond(inputs, { share, ad: AD_A }, random)!;
  finish(state, answer.share, AD_A);
  assertEquals(drawn.map((bytes) => bytes.every((byte) => byte === 0)), [true, true]);
});

Deno.test("CPace: leaves no copy of the password, from either side's share", () => {
  const prs = encodeUtf8("zyxquartz vowelmarble plinth");
  const { set } = Uint8Array.prototype;
  const targets: Uint8Array[] = [];
  Uint8Array.prototype.set = function (source, offset) {
    if (source === prs) targets.push(this);
    return set.call(this, source, offset);
  };
  try {
    const inputs = { prs, ci: encodeUtf8("ci"), sid: encodeUtf8("sid") };
    const { share } = start({ ...inputs, ad: AD_A }, random);
    assert(respond({ ...inputs, ad: AD_B }, { share, ad: AD_A }, random));
  } finally {
    Uint8Array.prototype.set = set;
  }
  assert(targets.length >= 2, "copies were made");
  for (const target of targets) {
    assertEquals(target.toHex().includes(prs.toHex()), false);
  }
});
