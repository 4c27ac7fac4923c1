import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Failure } from "../../../src/errors.ts";
import {
  certificatesIn,
  decodeRelayLink,
  encodeRelayLink,
  expandRelay,
  isRelayLink,
} from "../../../src/relay/relay_link.ts";
import { relayLinkTo } from "../../../src/relay/open.ts";
import { encodeBase64Url } from "../../../src/base64url.ts";
import { createHash } from "node:crypto";

const ATLAS = { uri: "mongodb+srv://chat:p%40ss@cluster0.abc12.mongodb.net/whisper?appName=x" };
const OWN = {
  uri: "mongodb://chat:p%40ss@db1.example.org:27017,db2.example.org:27018/whisper?tls=true",
  authorities: [Uint8Array.of(0x30, 3, 2, 1, 5), new Uint8Array(700).fill(7)],
  code: "4821-river-cable-ocean",
};

function codeOf(text: string): string | undefined {
  try {
    decodeRelayLink(text);
    return undefined;
  } catch (error) {
    assert(error instanceof Failure, `${error}`);
    return error.reason;
  }
}

Deno.test("decodeRelayLink: returns what was encoded", () => {
  for (const link of [ATLAS, OWN]) assertEquals(decodeRelayLink(encodeRelayLink(link)), link);
  fc.assert(fc.property(
    fc.constantFrom("mongodb://", "mongodb+srv://"),
    fc.string({ unit: "grapheme", maxLength: 300 }).filter((text) => text.isWellFormed()),
    (scheme, rest) => {
      const link = { uri: scheme + rest };
      assertEquals(decodeRelayLink(encodeRelayLink(link)), link);
    },
  ));
});

Deno.test("decodeRelayLink: ignores line breaks and spaces when a mail has wrapped the link", () => {
  const link = encodeRelayLink(ATLAS);
  for (const mark of ["", "* ", "> ", "│ "]) {
    const wrapped = `${mark}${link.slice(0, 40)}\r\n  ${mark}${link.slice(40)}\n`;
    assertEquals(decodeRelayLink(wrapped), ATLAS);
    assertEquals(expandRelay(`"${wrapped}"`).uri, ATLAS.uri);
  }
});

Deno.test("decodeRelayLink: refuses a link that was cut off, at every length", () => {
  const link = encodeRelayLink(OWN);
  for (let length = "whisper:".length; length < link.length; length++) {
    assertEquals(codeOf(link.slice(0, length)), "relay-link-damaged", `${length} characters`);
  }
});

Deno.test("decodeRelayLink: refuses a link with one character changed, at every place", () => {
  const link = encodeRelayLink(ATLAS);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.";
  for (let at = "whisper:".length; at < link.length; at++) {
    for (const other of alphabet) {
      if (other === link[at]) continue;
      const changed = link.slice(0, at) + other + link.slice(at + 1);
      assertEquals(codeOf(changed), "relay-link-damaged", `${other} at ${at}`);
    }
  }
});

Deno.test("decodeRelayLink: names the version when a later Whisper made the link", () => {
  for (const body of [[2], [1, 9, 0, 0]]) {
    const bytes = Uint8Array.from(body);
    const sum = createHash("sha256").update(bytes).digest().subarray(0, 6);
    const link = `whisper:${encodeBase64Url(Uint8Array.from([...body, ...sum]))}`;
    assertEquals(codeOf(link), "relay-link-version", body.join());
  }
});

Deno.test("isRelayLink: recognizes a link in any case, and nothing else", () => {
  for (const text of ["whisper:AQ", " WHISPER:AQ", "Whisper:"]) assert(isRelayLink(text), text);
  for (const text of ["mongodb://h/", "whisper", "wisper:AQ", "4821-river"]) {
    assert(!isRelayLink(text), text);
  }
});

Deno.test("encodeRelayLink: refuses what is not a connection string", () => {
  assertThrows(() => encodeRelayLink({ uri: "http://example.org" }), Error);
});

Deno.test("expandRelay: gives what a link holds, and any other text as it is", () => {
  assertEquals(expandRelay("mongodb://h/"), { uri: "mongodb://h/", isLink: false });
  const link = `<${encodeRelayLink(OWN)}>`;
  const { authorities, ...rest } = expandRelay(link);
  assertEquals(rest, { uri: OWN.uri, code: OWN.code, isLink: true });
  assertEquals(certificatesIn(`text\n${authorities}`), OWN.authorities);
});

Deno.test("relayLinkTo: carries the authority's certificates instead of naming their file", async () => {
  const path = await Deno.makeTempFile();
  try {
    const der = new Uint8Array(100).fill(9);
    const pem = expandRelay(encodeRelayLink({ ...ATLAS, authorities: [der] })).authorities!;
    await Deno.writeTextFile(path, pem);
    const uri = `mongodb://a:b@h:1/whisper?tls=true&tlsCAFile=${path}`;
    const wanted = { uri: "mongodb://a:b@h:1/whisper?tls=true", authorities: [der] };
    assertEquals(decodeRelayLink(relayLinkTo({ kind: "mongodb", uri })), wanted);
    const flag = { kind: "mongodb", uri: wanted.uri, tlsCaFile: path } as const;
    assertEquals(decodeRelayLink(relayLinkTo(flag)), wanted);
    await Deno.writeTextFile(path, "nothing");
    assertEquals(assertThrows(() => relayLinkTo(flag), Failure).reason, "tls-file");
    const gone = { kind: "mongodb", uri: uri.replace(path, `${path}-gone`) } as const;
    const { facts } = assertThrows(() => relayLinkTo(gone), Failure);
    assertEquals(facts, { option: "tlsCAFile", problem: "missing" });
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("relayLinkTo: refuses a relay that has no address, and files it cannot carry", () => {
  assertEquals(
    assertThrows(() => relayLinkTo({ kind: "sqlite" }), Failure).reason,
    "relay-link-local",
  );
  const uri = "mongodb://h/?tlsCertificateKeyFile=/k.pem";
  assertEquals(
    assertThrows(() => relayLinkTo({ kind: "mongodb", uri }), Failure).reason,
    "relay-link-file",
  );
});
