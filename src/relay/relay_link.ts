/**
 * A relay link: one line that a person hands over so that another can reach the same relay.
 *
 * `whisper:` and base64url of: a version byte, fields (tag byte, length as a big-endian u16, bytes) in
 * the order of their tags, and the first {@link CHECKSUM_BYTES} bytes of the SHA-256 of all before.
 * A link lets its holder reach the relay and disturb it; it holds no key to what is said there.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { decodeBase64Url, encodeBase64Url } from "../base64url.ts";
import { Failure } from "../errors.ts";

/** What a link holds. */
export interface RelayLink {
  /** The complete connection string, password included. */
  readonly uri: string;
  /** Certificates of the authority that signed the server's, each in DER. */
  readonly authorities?: readonly Uint8Array<ArrayBuffer>[];
  /** An invite code, for the one who shares link and code in one line. */
  readonly code?: string;
}

const PREFIX = "whisper:";
const VERSION = 1;
const CHECKSUM_BYTES = 6;
/** Longer than any connection string with a chain of certificates; bounds what is decoded. */
const MAX_CHARS = 16_384;

/** The tags of the fields. `authority` may repeat. */
const TAGS = { uri: 1, authority: 2, code: 3 } as const;
const SCHEMES = ["mongodb://", "mongodb+srv://"] as const;

/** True for text that is meant to be a relay link, damaged or not. */
export function isRelayLink(text: string): boolean {
  return bare(text).toLowerCase().startsWith(PREFIX);
}

/**
 * Without line breaks, what chats and mails put before each line, and quotation marks: none of them
 * occurs in a link.
 */
function bare(text: string): string {
  return text.replaceAll(/[\s*>|│]/g, "").replace(/^["'`“”<]+|["'`“”>]+$/g, "");
}

/**
 * The link for a relay.
 *
 * @example
 * ```ts
 * encodeRelayLink({ uri: "mongodb+srv://chat:secret@cluster.example.net/whisper" });
 * // "whisper:AQEALQFjaGF0..."
 * ```
 */
export function encodeRelayLink({ uri, authorities = [], code }: RelayLink): string {
  const scheme = SCHEMES.findIndex((scheme) => uri.startsWith(scheme));
  if (scheme < 0) throw new Error("A relay link needs a complete connection string");
  const rest = Buffer.from(uri.slice(SCHEMES[scheme]!.length));
  const body = Buffer.concat([
    Uint8Array.of(VERSION),
    ...field(TAGS.uri, Buffer.concat([Uint8Array.of(scheme), rest])),
    ...authorities.flatMap((der) => field(TAGS.authority, der)),
    ...code === undefined ? [] : field(TAGS.code, Buffer.from(code)),
  ]);
  return PREFIX + encodeBase64Url(Buffer.concat([body, checksum(body)]));
}

/** A relay as the driver takes it. */
export interface ExpandedRelay {
  readonly uri: string;
  /** Certificates (PEM) that the server's is checked against. */
  readonly authorities?: string;
  /** The invite code that the link carries. */
  readonly code?: string;
  /** True where it came as a link, which names everything that is needed. */
  readonly isLink: boolean;
}

/**
 * A connection string as it is, and a relay link as what it holds.
 *
 * @throws {Failure} `relay-link-…` for a link that cannot be used.
 */
export function expandRelay(text: string): ExpandedRelay {
  if (!isRelayLink(text)) return { uri: text, isLink: false };
  const { uri, authorities, code } = decodeRelayLink(text);
  return {
    uri,
    isLink: true,
    ...authorities && { authorities: authorities.map(pemOf).join("") },
    ...code !== undefined && { code },
  };
}

/** The certificates in a PEM file, each in DER; what else the file holds is left out. */
export function certificatesIn(pem: string): Uint8Array<ArrayBuffer>[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g);
  return [...blocks].map(([, base64]) => Uint8Array.from(Buffer.from(base64!, "base64")));
}

function pemOf(der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/**
 * What a link holds. Line breaks with the marks of a quoting mail or of a chat do no harm, nor do
 * quotation marks around it.
 *
 * @throws {Failure} `relay-link-damaged` where anything is missing or changed, and
 * `relay-link-version` for a link of a later Whisper.
 */
export function decodeRelayLink(text: string): RelayLink {
  const compact = bare(text);
  if (!isRelayLink(compact) || compact.length > MAX_CHARS) throw damaged();
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = decodeBase64Url(compact.slice(PREFIX.length));
  } catch {
    throw damaged();
  }
  if (bytes.length < 1 + CHECKSUM_BYTES) throw damaged();
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  const sum = checksum(body);
  if (!bytes.subarray(-CHECKSUM_BYTES).every((byte, i) => byte === sum[i])) throw damaged();
  if (body[0] !== VERSION) throw new Failure("relay-link-version");
  return contents(body.subarray(1));
}

function contents(bytes: Uint8Array<ArrayBuffer>): RelayLink {
  let uri: string | undefined;
  let code: string | undefined;
  const authorities: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 3 > bytes.length) throw damaged();
    const end = at + 3 + (bytes[at + 1]! << 8 | bytes[at + 2]!);
    if (end > bytes.length) throw damaged();
    const value = bytes.slice(at + 3, end);
    switch (bytes[at]) {
      case TAGS.uri:
        uri = `${SCHEMES[value[0] ?? -1] ?? raise()}${fromUtf8(value.subarray(1))}`;
        break;
      case TAGS.authority:
        authorities.push(value);
        break;
      case TAGS.code:
        code = fromUtf8(value);
        break;
      default:
        throw new Failure("relay-link-version");
    }
    at = end;
  }
  if (uri === undefined) throw damaged();
  return {
    uri,
    ...authorities.length > 0 && { authorities },
    ...code !== undefined && { code },
  };
}

function field(tag: number, value: Uint8Array): Uint8Array[] {
  if (value.length > 0xffff) throw new Error("A field of a relay link holds at most 65,535 bytes");
  return [Uint8Array.of(tag, value.length >> 8, value.length & 0xff), value];
}

function checksum(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  return createHash("sha256").update(bytes).digest().subarray(0, CHECKSUM_BYTES);
}

function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return raise();
  }
}

function raise(): never {
  throw damaged();
}

function damaged(): Failure {
  return new Failure("relay-link-damaged");
}
