/**
 * Errors of the driver, the server and the network, as reasons: matched by code before text, through
 * `cause`, `AggregateError` and what the driver knows of each server. The chat and the doctor read
 * this one table, so they cannot disagree. No failure ever carries a connection string.
 *
 * @module
 */
import { Failure, RelayUnavailable } from "../../errors.ts";
import type { CollectionKind, FactsOf, Reason } from "../../failure_reasons.ts";
import { isAtProxy, ProxyError, type ProxyProblem } from "./proxy.ts";
import { redact } from "./uri.ts";

/** What an error means. */
export interface Diagnosis {
  readonly failure: Failure;
  /** True when the same operation may succeed later. */
  readonly isTransient: boolean;
  /** The server asked for fewer operations. */
  readonly throttled: boolean;
}

/** One error of a chain, with the few fields that tell errors apart. */
interface ErrorInfo {
  readonly name: string;
  readonly message: string;
  readonly code: string | number | undefined;
  readonly labels: readonly string[];
  /** Of a duplicate: the fields of the index that it is one in. */
  readonly keys: readonly string[] | undefined;
  /** Of a proxy: what it did. */
  readonly proxy?: ProxyProblem | undefined;
}

interface Rule {
  readonly matches: (info: ErrorInfo) => boolean;
  readonly failure: (info: ErrorInfo) => Failure;
  readonly isTransient: boolean;
  readonly throttled: boolean;
}

/** A reason that a retry does not help. */
function permanent<R extends Reason>(reason: R, ...rule: RuleArguments<R>): Rule {
  const [matches, facts] = rule;
  const failure = (info: ErrorInfo) => {
    const known = (facts?.(info) ?? {}) as FactsOf<Reason>;
    return new Failure<Reason>(reason, known, { cause: printable(info) });
  };
  return { matches, failure, isTransient: false, throttled: false };
}

/** A reason that may be gone with the next attempt. */
function transient<R extends Reason>(reason: R, ...rule: RuleArguments<R>): Rule {
  return { ...permanent(reason, ...rule), isTransient: true };
}

type RuleArguments<R extends Reason> = Record<never, never> extends FactsOf<R>
  ? [matches: Rule["matches"], facts?: undefined]
  : [matches: Rule["matches"], facts: (info: ErrorInfo) => FactsOf<R>];

/** Atlas answers nearly everything under this one code, told apart by its text alone. */
const ATLAS_ERROR = 8000;
const DUPLICATE_KEY = 11000;
/** `MaxTimeMSExpired`. */
const TIME_EXCEEDED = 50;

/** The name given to a topology from which the driver has struck every server. */
const NO_SERVERS = "NoServers";

type Codes = ReadonlySet<string | number | undefined>;

/** Codes of the server for "not now": elections, shutdowns, interruptions, and write conflicts. */
const TRANSIENT_CODES: Codes = new Set([
  ...[6, 7, 24, 43, TIME_EXCEEDED, 64, 79, 89, 91, 112, 117, 133, 134, 175, 189, 225, 237, 246],
  ...[262, 317, 9001, 10107, 11600, 11602, 13435, 13436, DUPLICATE_KEY, 136, 280, 286],
]);
const TRANSIENT_LABELS = [
  "RetryableWriteError",
  "RetryableReadError",
  "ResumableChangeStreamError",
];
const NETWORK_CODES: Codes = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);
/** The same in Deno's own words, which come unwrapped from its TLS. */
const NETWORK_NAMES = [
  ...["UnexpectedEof", "ConnectionReset", "ConnectionAborted", "BrokenPipe", "NotConnected"],
  ...["TimedOut", "Interrupted"],
];
const NO_ROUTE_CODES: Codes = new Set([
  ...["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EADDRNOTAVAIL"],
]);
const NO_ROUTE_NAMES = ["NetworkUnreachable", "HostUnreachable", "NetworkDown", "AddrNotAvailable"];
const UNTRUSTED_CODES: Codes = new Set([
  ...["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UNABLE_TO_GET_ISSUER_CERT", "CERT_UNTRUSTED"],
  ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "SELF_SIGNED_CERT_IN_CHAIN"],
  ...["DEPTH_ZERO_SELF_SIGNED_CERT"],
]);
/** What writing to a collection that is not a plain one is answered with. */
const COLLECTION_CODES: Codes = new Set([20, 67, 72, 121, 166, 10003]);

/** First match wins, over the whole chain: the particular before the general. */
const RULES: readonly Rule[] = [
  transient("proxy-silent", ({ proxy }) => proxy?.at === "greeting"),
  transient(
    "proxy-protocol",
    ({ proxy }) => proxy?.at === "protocol",
    ({ proxy }) => ({ kind: proxy?.at === "protocol" ? proxy.kind : "socks5" }),
  ),
  transient(
    "proxy-login",
    ({ proxy }) => proxy?.at === "login",
    ({ proxy }) => ({ given: proxy?.at === "login" && proxy.given }),
  ),
  transient("proxy-denied", ({ proxy }) => proxy?.at === "rules"),
  transient(
    "proxy-relay",
    ({ proxy }) => proxy?.at === "relay",
    ({ proxy }) => ({ why: proxy?.at === "relay" ? proxy.why : "unreachable" }),
  ),
  transient(
    "proxy-unreachable",
    ({ code, message }) =>
      (code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN" ||
        code === "ETIMEDOUT" || NO_ROUTE_CODES.has(code)) && isAtProxy(message),
  ),
  permanent(
    "unsupported-mechanism",
    ({ code, message }) =>
      isAtlas(code, message, /mechanism .*not supported/i) ||
      /mechanism .*(not supported|unavailable|not enabled)/i.test(message),
  ),
  permanent(
    "wrong-password",
    ({ code, message }) => code === 18 || isAtlas(code, message, /bad auth|authentication failed/i),
    ({ code }) => ({ isAtlas: code === ATLAS_ERROR }),
  ),
  permanent(
    "credentials-required",
    ({ code, message }) => code === 13 && /requires authentication/i.test(message),
  ),
  permanent(
    "not-authorized",
    ({ code, message }) =>
      code === 13 || isAtlas(code, message, /not allowed to do action|not authorized/i),
  ),
  permanent(
    "quota-exceeded",
    ({ code, message }) =>
      code === 14031 || /over your space quota|cannot create a new collection -- already/i
        .test(message),
  ),
  // The driver itself labels each broken connection as overload; only the server's own word counts.
  {
    ...transient(
      "rate-limited",
      ({ name, code, message, labels }) =>
        code === 462 || code === 16500 ||
        name === "MongoServerError" && labels.includes("SystemOverloadedError") ||
        isAtlas(code, message, /too many requests|rate limit|throttl/i),
    ),
    throttled: true,
  },
  transient("too-many-connections", ({ message }) => /too many open connections/i.test(message)),
  // One of `_id` is a write that came twice; any other index is not Whisper's.
  permanent(
    "foreign-index",
    (info) =>
      info.code === 85 || info.code === 86 || info.code === 16755 ||
      info.code === DUPLICATE_KEY && !isIdDuplicate(info),
    ({ message }) => ({ index: /\bindex: ([\w.$-]{1,128})/.exec(message)?.[1] }),
  ),
  permanent(
    "foreign-collection",
    ({ name, code }) => name === "MongoServerError" && COLLECTION_CODES.has(code),
    ({ code, message }) => ({
      collection: /\b(rooms|messages)\b/.exec(message)?.[1],
      kind: kindOf(code, message),
    }),
  ),
  permanent(
    "tls-file",
    ({ message }) => /^Requires read access/.test(message),
    () => ({ option: "tlsCAFile", problem: "denied" }),
  ),
  permanent(
    "tls-file",
    ({ code, message }) =>
      /^ERR_OSSL|^ERR_CRYPTO/.test(String(code)) ||
      /invalid pem|no (start line|certificates? found)|error parsing (private key|certificate)/i
        .test(message),
    () => ({ option: "TLS", problem: "invalid" }),
  ),
  permanent(
    "net-denied",
    ({ name, message }) => name === "NotCapable" || /^Requires .* access/.test(message),
  ),
  permanent(
    "uri-unsupported-option",
    ({ name, message }) =>
      name === "MongoMissingDependencyError" || /optional module .* not found/i.test(message),
  ),
  transient(
    "certificate-expired",
    ({ code, message }) =>
      code === "CERT_HAS_EXPIRED" || /certificate (has )?expired|: Expired/i.test(message),
  ),
  transient(
    "certificate-not-yet-valid",
    ({ code, message }) =>
      code === "CERT_NOT_YET_VALID" || /not yet valid|NotValidYet/i.test(message),
  ),
  transient(
    "certificate-for-another-host",
    ({ code, message }) =>
      code === "ERR_TLS_CERT_ALTNAME_INVALID" || /altnames|NotValidForName/i.test(message),
  ),
  transient("certificate-untrusted", ({ code, message }) =>
    UNTRUSTED_CODES.has(code) ||
    /self.signed certificate|local issuer certificate|unable to verify the first|UnknownIssuer|CaUsedAsEndEntity|invalid peer certificate/i
      .test(message)),
  permanent(
    "client-certificate-required",
    ({ code, message }) =>
      /ALERT_CERTIFICATE_REQUIRED/.test(String(code)) ||
      /alert number 116|CertificateRequired|alert certificate required/i.test(message),
  ),
  transient(
    "tls-ended",
    ({ code, message }) =>
      /^ERR_SSL_.*ALERT/.test(String(code)) || /before secure TLS connection/i.test(message) ||
      /alert number \d+|alert internal error|fatal alert: /i.test(message),
  ),
  // A captive portal answers so to everything, and goes away once its visitor has signed in.
  transient("tls-not-offered", ({ code, message }) =>
    code === "ERR_SSL_WRONG_VERSION_NUMBER" ||
    /wrong version number|corrupt message|InvalidContentType/i.test(message)),
  // What Deno makes of a name server that it may not ask (one with an IPv6 address, of which no range
  // can be permitted), and of one that cannot be reached.
  transient("dns-denied", ({ message }) => /query(Srv|Txt) UNKNOWN/.test(message)),
  transient("dns-unknown-cluster", ({ message }) => /querySrv (ENOTFOUND|ENODATA)/i.test(message)),
  transient("dns-failed", ({ code, message }) =>
    code === "EAI_AGAIN" || code === "EAI_FAIL" ||
    /query(Srv|Txt) E?[A-Z]+|no record found for.*SRV|EAI_(AGAIN|FAIL)|temporary failure in name/i
      .test(message)),
  transient("dns-unknown-host", ({ code, message }) =>
    code === "ENOTFOUND" ||
    /getaddrinfo (ENOTFOUND|ENODATA)|failed to lookup address/i.test(message)),
  transient(
    "connection-refused",
    ({ code, message }) =>
      code === "ECONNREFUSED" || /ECONNREFUSED|connection refused/i.test(message),
  ),
  transient(
    "network-unreachable",
    ({ name, code, message }) =>
      NO_ROUTE_CODES.has(code) || NO_ROUTE_NAMES.includes(name) ||
      // EINVAL is what Deno makes of an IPv6 address on a computer that has none of its own.
      /\b(ENETUNREACH|EHOSTUNREACH|ENETDOWN|connect EINVAL)\b/.test(message),
  ),
  permanent("wrong-replica-set", ({ name }) => name === NO_SERVERS),
  permanent("set-not-initiated", ({ name, code }) => name === "RSGhost" || code === 94),
  transient(
    "no-answer",
    ({ name, code, message }) =>
      code === "ETIMEDOUT" || name === "MongoNetworkTimeoutError" ||
      name === "MongoOperationTimeoutError" || /timed out/i.test(message),
  ),
  transient(
    "connection-lost",
    ({ name, code, message, labels }) =>
      name.startsWith("MongoNetwork") || name === "MongoPoolClearedError" ||
      name === "PoolClearedOnNetworkError" || NETWORK_CODES.has(code) ||
      NETWORK_NAMES.includes(name) ||
      TRANSIENT_CODES.has(code) || TRANSIENT_LABELS.some((label) => labels.includes(label)) ||
      /connection .*closed|socket hang up|unexpected e(of|nd of file)|close_notify/i.test(message),
  ),
  permanent(
    "uri-invalid-database",
    ({ code, message }) => code === 73 || /database name/i.test(message),
  ),
  permanent(
    "uri-invalid-option",
    ({ name }) =>
      name === "MongoParseError" || name === "MongoInvalidArgumentError" || name === "URIError" ||
      name === "MongoAPIError",
    ({ message }) => ({ option: optionIn(message) }),
  ),
  transient(
    "no-primary",
    ({ name }) => name === "MongoServerSelectionError" || name === "MongoTopologyClosedError",
  ),
  // Data that the driver cannot decode was written by another program: it is not a bug of ours.
  transient("unreadable-answer", ({ name }) => name.startsWith("BSON")),
];

/**
 * What an error of the driver, the server or the network means.
 *
 * @returns undefined for what is none of these, and so a mistake in the program.
 */
export function diagnose(error: unknown): Diagnosis | undefined {
  const infos = errorInfos(error);
  for (const { matches, failure, isTransient, throttled } of RULES) {
    const found = infos.find(matches);
    if (found) return { failure: failure(found), isTransient, throttled };
  }
  const first = infos.find(({ name }) => name.startsWith("Mongo"));
  if (first === undefined) return undefined;
  const facts = { text: wordsOf(first).replace(/\.$/, ""), code: first.code };
  const failure = new Failure("server-error", facts, { cause: printable(first) });
  return { failure, isTransient: true, throttled: false };
}

/**
 * The error that an operation of a relay throws in place of `error`: {@link RelayUnavailable} where
 * it is worth a retry, a {@link Failure} where it is not, anything else unchanged.
 */
export function relayError(error: unknown): unknown {
  if (error instanceof Failure || error instanceof RelayUnavailable) return error;
  const found = diagnose(error);
  if (found === undefined) return error;
  const { failure, isTransient, throttled } = found;
  return isTransient ? new RelayUnavailable(failure, { cause: failure.cause, throttled }) : failure;
}

/** True when the relay has no change streams, or none for this user: polling is what is left. */
export function isStreamRefusal(error: unknown): boolean {
  return errorInfos(error).some(({ code, message }) =>
    code === 40573 || code === 40415 || code === 115 || code === 238 ||
    (code === 13 || code === ATLAS_ERROR || code === 59 || code === 40324) &&
      /change.?stream/i.test(message)
  );
}

/**
 * True for a server's answer that is none of the known ones: Atlas, for one, refuses in words of its
 * own. Once it may be an accident; again and again it is a refusal.
 */
export function isUnknownAnswer(error: unknown): boolean {
  const infos = errorInfos(error);
  return infos.some(({ name }) => name === "MongoServerError") &&
    !RULES.some(({ matches }) => infos.some(matches));
}

/** Reasons that a few seconds of waiting do not change, although a chat waits longer. */
const CONCLUSIVE: ReadonlySet<Reason> = new Set<Reason>([
  ...["dns-unknown-host", "connection-refused", "network-unreachable", "tls-ended"] as const,
  ...["certificate-expired", "certificate-not-yet-valid", "certificate-for-another-host"] as const,
  ...["certificate-untrusted", "proxy-unreachable", "proxy-protocol", "proxy-login"] as const,
  ...["proxy-silent", "proxy-denied", "tls-not-offered"] as const,
]);

/** True for an error that ends an attempt to connect at once, when every known server has it. */
export function isConclusive(error: unknown): boolean {
  const found = diagnose(error);
  if (found === undefined) return false;
  const { reason, facts } = found.failure;
  // Tor finds many a host at the second attempt, but a refusal is a refusal.
  const isRefused = reason === "proxy-relay" && (facts as FactsOf<"proxy-relay">).why === "refused";
  return !found.isTransient || CONCLUSIVE.has(reason) || isRefused ||
    errorInfos(error).some(({ message }) => /unexpected end of file/i.test(message));
}

/** True when the server stopped a command that took longer than it was given. */
export function isTimeExceeded(error: unknown): boolean {
  return errorInfos(error).some(({ code }) => code === TIME_EXCEEDED);
}

/** True for a duplicate of an identity: what was to be stored is stored. */
export function isIdDuplicate(
  info: { code?: unknown; message?: string; keys?: readonly string[] | undefined },
): boolean {
  if (info.code !== DUPLICATE_KEY) return false;
  // Servers say the key since 4.4; the name of that index is the same everywhere.
  if (info.keys) return info.keys.length === 1 && info.keys[0] === "_id";
  return /\bindex: _id_/.test(info.message ?? "");
}

function isAtlas(code: string | number | undefined, message: string, text: RegExp): boolean {
  return code === ATLAS_ERROR && text.test(message);
}

function kindOf(code: string | number | undefined, message: string): CollectionKind | undefined {
  if (code === 121) return "validator";
  if (/time.?series/i.test(message)) return "time-series";
  if (/capped/i.test(message) || code === 10003) return "capped";
  return /view/i.test(message) ? "view" : undefined;
}

/** The option that the driver complains of; its value is not repeated. */
function optionIn(message: string): string | undefined {
  return /\b((?:[a-z]+[A-Z][A-Za-z]*|tls|ssl|w))\b/.exec(redact(message))?.[1];
}

/** How many errors of a chain are looked at: chains can be circular. */
const MAX_INFOS = 64;

/** Every error that `error` contains, the outermost first. */
function errorInfos(error: unknown): ErrorInfo[] {
  const infos: ErrorInfo[] = [];
  const queue: unknown[] = [error];
  const seen = new Set<unknown>();
  for (const next of queue) {
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    if (infos.length >= MAX_INFOS) break;
    seen.add(next);
    const { name, type, message, errmsg, code, cause, errors, reason, error, writeErrors, err } =
      next as Record<string, unknown>;
    const { keyPattern } = next as { keyPattern?: unknown };
    infos.push({
      // A server that the driver knows has a type in place of a name.
      name: typeof name === "string" ? name : typeof type === "string" ? type : "",
      message: String(message ?? errmsg ?? ""),
      code: typeof code === "string" || typeof code === "number" ? code : undefined,
      labels: labelsOf(next),
      keys: typeof keyPattern === "object" && keyPattern !== null
        ? Object.keys(keyPattern)
        : undefined,
      proxy: next instanceof ProxyError ? next.problem : undefined,
    });
    queue.push(cause, reason, error, err);
    if (Array.isArray(errors)) queue.push(...errors);
    if (Array.isArray(writeErrors)) queue.push(...writeErrors);
    queue.push(...serversOf(next));
  }
  return infos;
}

/** What a `TopologyDescription` knows of its servers, each with its last error. */
function serversOf(value: object): unknown[] {
  const { servers } = value as { servers?: unknown };
  if (!(servers instanceof Map)) return [];
  return servers.size === 0 ? [{ name: NO_SERVERS }] : [...servers.values()];
}

function labelsOf(value: object): string[] {
  const { errorLabelSet, errorLabels } = value as {
    errorLabelSet?: unknown;
    errorLabels?: unknown;
  };
  const labels = errorLabelSet instanceof Set ? [...errorLabelSet] : errorLabels;
  return Array.isArray(labels) ? labels.map(String) : [];
}

/** A cause with the words of an error and without the rest of it. */
function printable(info: ErrorInfo): Error {
  const cause = new Error(wordsOf(info));
  cause.name = info.name || "Error";
  return cause;
}

/**
 * The words of an error, without what could act on a terminal. A server repeats the whole command
 * after a brace, tokens included.
 */
function wordsOf({ message }: ErrorInfo): string {
  const words = redact(message).split(/[\n{]/)[0]!.trim().slice(0, 200);
  return words.replaceAll(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
}
