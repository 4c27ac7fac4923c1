/**
 * X.509 certificates for TLS servers under test (RFC 5280, ECDSA P-256 with SHA-256): an authority
 * of one's own, and what it signs. Nothing here is fit for anything but tests.
 *
 * @module
 */
import { encodeBase64Url } from "../../src/base64url.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A key pair and what signs for it. */
export interface Authority {
  readonly name: string;
  readonly keys: CryptoKeyPair;
  /** The certificate of the authority itself, PEM. */
  readonly pem: string;
}

/** What a certificate is for. */
export interface Subject {
  /** DNS names, and addresses in IPv4 notation. */
  readonly hosts: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const ECDSA_WITH_SHA256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
const COMMON_NAME = oid([0x55, 0x04, 0x03]);
const BASIC_CONSTRAINTS = oid([0x55, 0x1d, 0x13]);
const SUBJECT_ALT_NAME = oid([0x55, 0x1d, 0x11]);
const TRUE = der(0x01, [0xff]);

/** Makes an authority that signs itself. */
export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys();
  const constraints = sequence(BASIC_CONSTRAINTS, TRUE, der(0x04, sequence(TRUE)));
  const [notBefore, notAfter] = [new Date("2020-01-01"), new Date("2049-01-01")];
  const tbs = { issuer: name, subject: name, keys, notBefore, notAfter, extension: constraints };
  return { name, keys, pem: await certificate(tbs, keys.privateKey) };
}

/** Signs for a server. Returns the certificate and its private key, PEM, one after the other. */
export async function signServer(authority: Authority, subject: Subject): Promise<string> {
  const { hosts, notBefore, notAfter } = subject;
  const keys = await generateKeys();
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host) ? der(0x87, host.split(".").map(Number)) : der(0x82, text(host))
  );
  const extension = sequence(SUBJECT_ALT_NAME, der(0x04, sequence(...names)));
  const tbs = { issuer: authority.name, subject: hosts[0]!, keys, notBefore, notAfter, extension };
  const signed = await certificate(tbs, authority.keys.privateKey);
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return signed + pem("PRIVATE KEY", new Uint8Array(key));
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

async function certificate(
  fields: Omit<Subject, "hosts"> & {
    readonly issuer: string;
    readonly subject: string;
    readonly keys: CryptoKeyPair;
    readonly extension: Bytes;
  },
  signer: CryptoKey,
): Promise<string> {
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", fields.keys.publicKey));
  const tbs = sequence(
    der(0xa0, integer([2])),
    integer([0x01, ...crypto.getRandomValues(new Uint8Array(8))]),
    ECDSA_WITH_SHA256,
    distinguishedName(fields.issuer),
    sequence(time(fields.notBefore), time(fields.notAfter)),
    distinguishedName(fields.subject),
    spki,
    der(0xa3, sequence(fields.extension)),
  );
  const raw = new Uint8Array(await crypto.subtle.sign(ALGORITHM, signer, tbs));
  const signature = sequence(unsigned(raw.subarray(0, 32)), unsigned(raw.subarray(32)));
  return pem("CERTIFICATE", sequence(tbs, ECDSA_WITH_SHA256, der(0x03, [0, ...signature])));
}

function distinguishedName(name: string): Bytes {
  return sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, text(name)))));
}

/** UTCTime, as RFC 5280 4.1.2.5 wants it for the years until 2049. */
function time(date: Date): Bytes {
  return der(0x17, text(date.toISOString().replace(/[-:T]|\.\d+/g, "").slice(2)));
}

/** A positive INTEGER without leading zeros but the one that keeps it positive. */
function unsigned(bytes: Uint8Array): Bytes {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(first);
  return integer(digits[0]! >= 0x80 ? [0, ...digits] : digits);
}

function integer(bytes: Iterable<number>): Bytes {
  return der(0x02, bytes);
}

function oid(bytes: Iterable<number>): Bytes {
  return der(0x06, bytes);
}

function sequence(...parts: readonly Bytes[]): Bytes {
  return der(0x30, parts.flatMap((part) => [...part]));
}

function der(tag: number, content: Iterable<number>): Bytes {
  const bytes = [...content];
  const { length } = bytes;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([tag, ...size, ...bytes]);
}

function text(value: string): Bytes {
  return new TextEncoder().encode(value);
}

function pem(label: string, bytes: Bytes): string {
  const base64 = encodeBase64Url(bytes).replaceAll("-", "+").replaceAll("_", "/");
  const padded = base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");
  const lines = padded.match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
