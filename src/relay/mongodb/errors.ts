/**
 * What the driver and the server say, as sentences for a person: matched by code before text,
 * through `cause`, `AggregateError` and what the driver knows of each server. No sentence and no
 * cause ever carries a connection string.
 *
 * @module
 */
import { Failure, type FailureCode, RelayUnavailable, untranslated } from "../../errors.ts";
import { PERMISSION_HINT } from "./permission.ts";
import { redact } from "./uri.ts";

/** What an error means. */
export interface Diagnosis {
  readonly failure: Failure;
  /** True when the same operation may succeed later. */
  readonly passing: boolean;
  /** The server asked for fewer operations. */
  readonly throttled: boolean;
}

/** One error of a chain, with the few fields that tell shapes apart. */
interface Shape {
  readonly name: string;
  readonly message: string;
  readonly code: string | number | undefined;
  readonly labels: readonly string[];
}

interface Rule {
  readonly when: (shape: Shape) => boolean;
  readonly code: FailureCode;
  readonly message: string;
  readonly hint: string;
  readonly passing?: true;
  readonly throttled?: true;
}

/** Atlas answers nearly everything under this one code, told apart by its text alone. */
const ATLAS_ERROR = 8000;

/** The name given to a topology from which the driver has struck every server. */
const NO_SERVERS = "NoServers";

/** Codes of the server for "not now": elections, shutdowns, interruptions, and write conflicts. */
const PASSING_CODES: ReadonlySet<string | number | undefined> = new Set([
  ...[6, 7, 24, 43, 50, 64, 79, 89, 91, 112, 117, 133, 134, 175, 189, 225, 237, 246, 262, 317],
  ...[9001, 10107, 11600, 11602, 13435, 13436, 11000, 136, 280, 286],
]);
const PASSING_LABELS = ["RetryableWriteError", "RetryableReadError", "ResumableChangeStreamError"];
const NETWORK_CODES: ReadonlySet<string | number | undefined> = new Set([
  ...["ECONNRESET", "EPIPE", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "ECONNABORTED"],
]);
/** The same in Deno's own words, which reach us unwrapped from its TLS. */
const NETWORK_NAMES = [
  ...["UnexpectedEof", "ConnectionReset", "ConnectionAborted", "BrokenPipe", "NotConnected"],
  ...["TimedOut", "Interrupted", "NetworkUnreachable", "HostUnreachable", "AddrNotAvailable"],
];
const CERTIFICATE_CODES: ReadonlySet<string | number | undefined> = new Set([
  ...["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UNABLE_TO_GET_ISSUER_CERT", "CERT_UNTRUSTED"],
  ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "SELF_SIGNED_CERT_IN_CHAIN"],
  ...["DEPTH_ZERO_SELF_SIGNED_CERT"],
]);

/** First match wins, over the whole chain: the particular before the general. */
const RULES: readonly Rule[] = [
  {
    when: ({ code, message }) =>
      hasAtlasText(code, message, /mechanism .*not supported/i) ||
      /mechanism .*(not supported|unavailable|not enabled)/i.test(message),
    code: "relay-auth",
    message: "The relay does not know the way of signing in that the connection string asks for.",
    hint: "Remove authMechanism from the connection string.",
  },
  {
    when: ({ code, message }) => hasAtlasText(code, message, /bad auth|authentication failed/i),
    code: "relay-auth",
    message: "The relay does not accept this user name and password.",
    hint:
      "Use the database user (Atlas: Security > Database Access), not your Atlas login, and type its password again.",
  },
  {
    when: ({ code }) => code === 18,
    code: "relay-auth",
    message: "The relay does not accept this user name and password.",
    hint:
      "Check both; a user kept in another database needs ?authSource=that-database in the connection string.",
  },
  {
    when: ({ code, message }) => code === 13 && /requires authentication/i.test(message),
    code: "relay-auth",
    message: "The relay asks for a user name and a password.",
    hint: "Put them into the connection string: mongodb://name:password@host/.",
  },
  {
    when: ({ code, message }) =>
      code === 13 || hasAtlasText(code, message, /not allowed to do action|not authorized/i),
    code: "relay-denied",
    message: "The relay does not let this user read and write here.",
    hint: "Give the database user the role readWrite on this database.",
  },
  {
    when: ({ code, message }) =>
      code === 14031 ||
      hasAtlasText(code, message, /over your space quota|cannot create a new collection/i) ||
      /over your space quota|cannot create a new collection -- already using/i.test(message),
    code: "relay-quota",
    message: "The relay is full.",
    hint: "Free space in the cluster, or use another one.",
  },
  {
    // The driver itself labels each broken connection as overload; only a server's word counts.
    when: ({ name, code, message, labels }) =>
      code === 462 || code === 16500 ||
      name === "MongoServerError" && labels.includes("SystemOverloadedError") ||
      hasAtlasText(code, message, /too many requests|rate limit|throttl/i),
    code: "relay-unreachable",
    message: "The relay asks for fewer requests.",
    hint: "Wait a moment; a free cluster allows 100 operations a second for everybody on it.",
    passing: true,
    throttled: true,
  },
  {
    when: ({ message }) => /too many open connections/i.test(message),
    code: "relay-unreachable",
    message: "The relay has as many connections as it allows.",
    hint: "Close other programs that use this cluster.",
    passing: true,
  },
  {
    when: ({ code, message }) =>
      code === 85 || code === 86 || /index.*already exists/i.test(message),
    code: "relay-storage",
    message: "The database holds collections of another program under the names Whisper uses.",
    hint: "Name another database in the connection string, after the host: .../whisper2?...",
  },
  {
    when: ({ message }) => /^Requires read access/.test(message),
    code: "relay-uri",
    message: "This program may not read a file that the connection string names.",
    hint: "Name it when you start Whisper: --tls-ca-file FILE, or the whole string with --uri.",
  },
  {
    when: ({ name, message }) => name === "NotCapable" || /^Requires .* access/.test(message),
    code: "relay-unreachable",
    message: "This program was started without the permission to reach the relay.",
    hint: PERMISSION_HINT,
  },
  {
    when: ({ name, message }) =>
      name === "MongoMissingDependencyError" || /optional module .* not found/i.test(message),
    code: "relay-uri",
    message: "The connection string asks for something that Whisper does not carry.",
    hint: "Remove proxy, compression or encryption options from it.",
  },
  {
    when: ({ code, message }) =>
      code === "CERT_HAS_EXPIRED" || /certificate (has )?expired|: Expired/i.test(message),
    code: "relay-tls",
    message: "The relay's certificate has expired.",
    hint: "Check the date of this machine; if it is right, the relay needs a new certificate.",
    passing: true,
  },
  {
    when: ({ code, message }) =>
      code === "CERT_NOT_YET_VALID" || /not yet valid|NotValidYet/i.test(message),
    code: "relay-tls",
    message: "The relay's certificate is not valid yet.",
    hint: "Check the date and time of this machine.",
    passing: true,
  },
  {
    when: ({ code, message }) =>
      code === "ERR_TLS_CERT_ALTNAME_INVALID" || /altnames|NotValidForName/i.test(message),
    code: "relay-tls",
    message: "The relay's certificate is for another host.",
    hint: "Check the host in the connection string; a hotel or company network may be in between.",
    passing: true,
  },
  {
    when: ({ code, message }) =>
      CERTIFICATE_CODES.has(code) ||
      /self.signed certificate|local issuer certificate|unable to verify the first|UnknownIssuer|CaUsedAsEndEntity|invalid peer certificate/i
        .test(message),
    code: "relay-tls",
    message: "The relay's certificate is not signed by anybody this machine trusts.",
    hint:
      "Behind a company proxy, install its certificate; for a server of your own, add tlsCAFile=path to the connection string. A wrong clock can cause this too.",
    passing: true,
  },
  {
    when: ({ code, message }) =>
      code === "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR" ||
      /alert number 80|alert internal error|fatal alert: InternalError/i.test(message),
    code: "relay-unreachable",
    message: "The relay ended the secure connection before it began.",
    hint:
      "Often this machine's address is not on the list (Atlas: Security > Network Access); the cluster may also be paused, or the network in between may object.",
    passing: true,
  },
  {
    when: ({ code, message }) =>
      code === "ERR_SSL_WRONG_VERSION_NUMBER" ||
      /wrong version number|corrupt message|InvalidContentType/i.test(message),
    code: "relay-tls",
    message: "The relay does not speak TLS on this port.",
    hint: "Check the port; for a server without TLS remove tls=true from the connection string.",
  },
  {
    when: ({ message }) => /before secure TLS connection/i.test(message),
    code: "relay-unreachable",
    message: "The relay closed the connection before it was secure.",
    hint:
      "On Atlas, check the list under Security > Network Access and that the cluster is not paused; a server of your own may not speak TLS on this port.",
    passing: true,
  },
  {
    // What Deno makes of a name server that it may not ask: one with an IPv6 address, for it takes no
    // range of those.
    when: ({ message }) => /query(Srv|Txt) UNKNOWN/.test(message),
    code: "relay-unreachable",
    message: "This program may not ask this network's name server where the cluster is.",
    hint: PERMISSION_HINT,
    passing: true,
  },
  {
    when: ({ message }) => /querySrv (ENOTFOUND|ENODATA)/i.test(message),
    code: "relay-unreachable",
    message: "No cluster of this name is known.",
    hint:
      "Check the host in the connection string for typing errors; a deleted cluster, or one paused for long, is gone too.",
    passing: true,
  },
  {
    when: ({ message }) => /query(Srv|Txt) E?[A-Z]+|no record found for.*SRV/i.test(message),
    code: "relay-unreachable",
    message: "This network does not answer where the cluster is.",
    hint:
      "Some networks block such DNS queries: try another DNS server or network, or Atlas's connection string that begins with mongodb:// (Connect > Drivers > an older driver version).",
    passing: true,
  },
  {
    when: ({ code, message }) =>
      code === "ENOTFOUND" ||
      /getaddrinfo (ENOTFOUND|ENODATA)|failed to lookup address/i.test(message),
    code: "relay-unreachable",
    message: "The relay's host is not known.",
    hint:
      "Check the host in the connection string, and mongodb+srv:// instead of mongodb:// for Atlas.",
    passing: true,
  },
  {
    when: ({ code, message }) => code === "EAI_AGAIN" || /EAI_AGAIN/.test(message),
    code: "relay-unreachable",
    message: "Host names cannot be looked up now.",
    hint: "Check the network connection.",
    passing: true,
  },
  {
    when: ({ code, message }) =>
      code === "ECONNREFUSED" || /ECONNREFUSED|connection refused/i.test(message),
    code: "relay-unreachable",
    message: "The relay's host refuses the connection.",
    hint: "Check that the server runs and that the port in the connection string is right.",
    passing: true,
  },
  {
    when: ({ name }) => name === NO_SERVERS,
    code: "relay-uri",
    message: "The relay is not the replica set that the connection string names.",
    hint: "Correct replicaSet=... in the connection string, or remove it.",
  },
  {
    when: ({ name, code, message }) =>
      code === "ETIMEDOUT" || name === "MongoNetworkTimeoutError" ||
      name === "MongoOperationTimeoutError" || /timed out/i.test(message),
    code: "relay-unreachable",
    message: "The relay does not answer.",
    hint:
      "Check the network; some block port 27017 (try another one, a phone's for instance). On Atlas, check the list under Security > Network Access.",
    passing: true,
  },
  {
    when: ({ name, code, message, labels }) =>
      name.startsWith("MongoNetwork") || name === "MongoPoolClearedError" ||
      name === "PoolClearedOnNetworkError" || NETWORK_CODES.has(code) ||
      NETWORK_NAMES.includes(name) ||
      PASSING_CODES.has(code) || PASSING_LABELS.some((label) => labels.includes(label)) ||
      /connection .*closed|socket hang up|unexpected e(of|nd of file)|close_notify/i.test(message),
    code: "relay-unreachable",
    message: "The connection to the relay broke.",
    hint: "Check the network; the relay may also be changing its primary, which takes seconds.",
    passing: true,
  },
  {
    when: ({ name }) =>
      name === "MongoParseError" || name === "MongoInvalidArgumentError" || name === "URIError" ||
      name === "MongoAPIError",
    code: "relay-uri",
    message: "The connection string cannot be understood.",
    hint:
      "Copy it again (Atlas: Connect > Drivers). It begins with mongodb+srv:// or mongodb://; special characters in the password are percent-encoded.",
  },
  {
    when: ({ name }) => name === "MongoServerSelectionError" || name === "MongoTopologyClosedError",
    code: "relay-unreachable",
    message: "The relay has no server that can take writes now.",
    hint: "Check the network; on Atlas, check that the cluster is not paused.",
    passing: true,
  },
];

/**
 * What an error of the driver, the server or the network means.
 *
 * @returns undefined for what is none of these, and so a mistake in the program.
 */
export function diagnose(error: unknown): Diagnosis | undefined {
  const shapes = shapesOf(error);
  for (const { when, code, message, hint, passing, throttled } of RULES) {
    const found = shapes.find(when);
    if (found === undefined) continue;
    const failure = untranslated(code, message, hint, { cause: printable(found) });
    return { failure, passing: passing ?? false, throttled: throttled ?? false };
  }
  const first = shapes.find(({ name }) => name.startsWith("Mongo"));
  if (first === undefined) return undefined;
  const failure = untranslated(
    "relay-unreachable",
    `The relay answered with an error: ${sentence(first)}`,
    "Try again; if it stays so, use another relay.",
    { cause: printable(first) },
  );
  return { failure, passing: true, throttled: false };
}

/**
 * The error that an operation of a relay throws in place of `error`: passing trouble as
 * {@link RelayUnavailable}, lasting trouble as {@link Failure}, anything else as it is.
 */
export function translate(error: unknown): unknown {
  if (error instanceof Failure || error instanceof RelayUnavailable) return error;
  const found = diagnose(error);
  if (found === undefined) return error;
  const { failure, passing, throttled } = found;
  return passing ? new RelayUnavailable(failure, { cause: failure.cause, throttled }) : failure;
}

/** True when the relay has no change streams, or none for this user: polling is what is left. */
export function isStreamRefusal(error: unknown): boolean {
  return shapesOf(error).some(({ code, message }) =>
    code === 40573 || code === 40415 || code === 115 || code === 238 ||
    (code === 13 || code === ATLAS_ERROR || code === 59 || code === 40324) &&
      /change.?stream/i.test(message)
  );
}

/**
 * True for a server's answer that is none of the known ones: Atlas, for one, refuses in words of its
 * own. Once it may pass; again and again it is a refusal.
 */
export function isUnknownAnswer(error: unknown): boolean {
  const shapes = shapesOf(error);
  return shapes.some(({ name }) => name === "MongoServerError") &&
    !RULES.some(({ when }) => shapes.some(when));
}

/**
 * True for trouble that waiting a few seconds does not end: when every known server has it, an
 * attempt to connect may be given up at once.
 */
export function isFast(error: unknown): boolean {
  const found = diagnose(error);
  if (found === undefined) return false;
  if (!found.passing || found.failure.code === "relay-tls") return true;
  return shapesOf(error).some(({ code, message }) =>
    /^(ECONNREFUSED|ENOTFOUND|ENETUNREACH|EHOSTUNREACH)$/.test(String(code)) ||
    /ECONNREFUSED|ENOTFOUND|ENETUNREACH|fatal alert|alert number|before secure TLS|unexpected end of file/i
      .test(message)
  );
}

function hasAtlasText(code: string | number | undefined, message: string, text: RegExp): boolean {
  return code === ATLAS_ERROR && text.test(message);
}

/** How deep a chain is followed, so that one that bites its own tail ends. */
const MAX_SHAPES = 64;

/** Every error that `error` contains, the outermost first. */
function shapesOf(error: unknown): Shape[] {
  const shapes: Shape[] = [];
  const queue: unknown[] = [error];
  const seen = new Set<unknown>();
  for (const next of queue) {
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    if (shapes.length >= MAX_SHAPES) break;
    seen.add(next);
    const { name, message, errmsg, code, cause, errors, reason, error, writeErrors, err } =
      next as Record<string, unknown>;
    shapes.push({
      name: typeof name === "string" ? name : "",
      message: String(message ?? errmsg ?? ""),
      code: typeof code === "string" || typeof code === "number" ? code : undefined,
      labels: labelsOf(next),
    });
    queue.push(cause, reason, error, err);
    if (Array.isArray(errors)) queue.push(...errors);
    if (Array.isArray(writeErrors)) queue.push(...writeErrors);
    queue.push(...serversOf(next));
  }
  return shapes;
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

/** A cause that keeps what was said and nothing that was hidden. */
function printable(shape: Shape): Error {
  const cause = new Error(said(shape));
  cause.name = shape.name || "Error";
  return cause;
}

/** The words of an error. A server repeats the whole command after a brace, seats and all. */
function said({ message }: Shape): string {
  return redact(message).split(/[\n{]/)[0]!.trim().slice(0, 200);
}

function sentence(shape: Shape): string {
  const { code } = shape;
  const text = said(shape);
  const numbered = code === undefined ? text : `${text} (code ${code})`;
  return numbered.endsWith(".") ? numbered : `${numbered}.`;
}
