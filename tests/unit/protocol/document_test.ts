/**
 * docs/PROTOCOL.md says what the program does: every label, every limit, the vectors, and the sections
 * that comments refer to.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { MAX_SEQ } from "../../../src/crypto/header.ts";
import { LABELS, sha256 } from "../../../src/crypto/kdf.ts";
import {
  MAX_SKIP,
  MAX_SKIPPED_AGE_MS,
  MAX_SKIPPED_KEYS,
} from "../../../src/crypto/ratchet_session.ts";
import {
  CHUNK_BYTES,
  MAX_FILE_BYTES,
  MAX_FILE_NAME_BYTES,
  MAX_NAME_BYTES,
  MAX_TEXT_BYTES,
} from "../../../src/limits.ts";
import { MAX_PASSPHRASE_CHARS } from "../../../src/protocol/invite_code.ts";
import { MAX_ATTEMPTS, MAX_GUESSES } from "../../../src/protocol/handshake.ts";
import { KEM_EVERY_MESSAGES, KEM_EVERY_MS } from "../../../src/protocol/kem_exchange.ts";
import {
  MAX_CLIENT_BYTES,
  MAX_COUNTER,
  MAX_MISSING_RANGES,
  MAX_TIME_MS,
  MAX_TIMER_SECONDS,
  SHORT_TEXT_BYTES,
} from "../../../src/protocol/payload.ts";
import { VERIFY_WORDS } from "../../../src/protocol/verification.ts";
import { MAX_HEAD_BYTES, MAX_TOKEN_CHARS } from "../../../src/relay/relay.ts";
import transcript from "../../vectors/transcript/transcript.json" with { type: "json" };

const ROOT = new URL("../../../", import.meta.url);
const TEXT = Deno.readTextFileSync(new URL("docs/PROTOCOL.md", ROOT));

/** Rows of the tables under a heading: their cells. */
function rows(heading: string): string[][] {
  const start = TEXT.indexOf(`\n${heading}\n`);
  assert(start >= 0, heading);
  const section = TEXT.slice(start + heading.length + 2).split(/^#/m)[0]!;
  return section.split("\n").filter((line) => line.startsWith("| `")).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""))
  );
}

/** The SHA-256 of a head, in place of the long ones. */
function sha256Hex(hex: string): string {
  return sha256(Uint8Array.fromHex(hex)).toHex();
}

/** All sources of `src/crypto` and `src/protocol`. */
function sources(): string {
  return ["src/crypto/", "src/protocol/"].flatMap((folder) => {
    const url = new URL(folder, ROOT);
    return [...Deno.readDirSync(url)].map(({ name }) => Deno.readTextFileSync(new URL(name, url)));
  }).join("\n");
}

Deno.test("PROTOCOL.md: lists every label and no other", () => {
  const listed = rows("### Labels").map(([label]) => label!);
  assertEquals(listed.toSorted(), Object.values<string>(LABELS).toSorted());
});

Deno.test("LABELS: every label is used, and every text that looks like one is in the list", () => {
  const code = sources();
  for (const name of Object.keys(LABELS)) {
    const uses = code.matchAll(new RegExp(`\\bLABELS\\.${name}\\b`, "g"));
    assert([...uses].length > 0, name);
  }
  const texts = [...code.matchAll(/"(whisper\/\d [^"]*)"/g)].map(([, text]) => text!);
  assertEquals(texts.toSorted(), Object.values<string>(LABELS).toSorted());
});

Deno.test("PROTOCOL.md: has all limits of the program", () => {
  const limits: Record<string, number> = {
    MAX_GUESSES,
    MAX_ATTEMPTS,
    MAX_SKIP,
    MAX_SKIPPED_KEYS,
    MAX_SKIPPED_AGE_MS,
    KEM_EVERY_MESSAGES,
    KEM_EVERY_MS,
    MAX_SEQ,
    MAX_HEAD_BYTES,
    MAX_TOKEN_CHARS,
    MAX_TEXT_BYTES,
    MAX_FILE_BYTES,
    CHUNK_BYTES,
    MAX_FILE_NAME_BYTES,
    MAX_NAME_BYTES,
    MAX_CLIENT_BYTES,
    MAX_TIMER_SECONDS,
    MAX_MISSING_RANGES,
    MAX_COUNTER,
    MAX_TIME_MS,
    SHORT_TEXT_BYTES,
    MAX_PASSPHRASE_CHARS,
    VERIFY_WORDS,
  };
  const listed = rows("## 9. Limits");
  assertEquals(
    Object.fromEntries(listed.map(([name, value]) => [name, Number(value)])),
    limits,
  );
  assert(listed.every(([, , reason]) => reason !== ""));
  const exported = [...sources().matchAll(/^export const (MAX_\w+) =/gm)].map(([, name]) => name!);
  for (const name of exported) assert(name in limits, name);
});

Deno.test("PROTOCOL.md: has the values of the recorded transcript", () => {
  const vectors = TEXT.slice(TEXT.indexOf("## 10. Test vectors")).replaceAll(/\s/g, "");
  const { code, room, epoch, hostNonce, guestNonce, secrets, documents, results } = transcript;
  for (
    const value of [
      code,
      room,
      epoch,
      hostNonce,
      guestNonce,
      secrets.scalars.guest,
      secrets.scalars.host,
      secrets.ratchetKeys.host[0]!,
      ...documents.slice(0, 5).map(({ head }) => head.length > 1_000 ? sha256Hex(head) : head),
      secrets.kem.host[0]!,
      secrets.kem.guest[0]!,
      ...documents.slice(0, 4).map(({ id }) => id),
      documents[4]!.token,
      results.isk,
      results.sessionKey,
      results.transcript,
      results.verifyKey,
      results.verifyWords.join(""),
      JSON.stringify(results.payloads[4]),
    ]
  ) {
    assert(vectors.includes(value), value);
  }
});

Deno.test("PROTOCOL.md: has every section that is referred to", () => {
  const sections = new Set([...TEXT.matchAll(/^## (\d+)\. /gm)].map(([, number]) => number));
  assertEquals([...sections].map(Number), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const cited = [...sources().matchAll(/docs\/PROTOCOL\.md([^).]*)/g)].flatMap(([, rest]) =>
    [...rest!.matchAll(/§(\d+)/g)].map(([, number]) => number!)
  );
  assert(cited.length > 0);
  for (const number of cited) assert(sections.has(number), `§${number}`);
  for (const [, number] of TEXT.matchAll(/§(\d+)/g)) assert(sections.has(number), `§${number}`);
});
