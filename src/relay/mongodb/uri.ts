/**
 * Connection strings as people have them: as Atlas shows them, placeholders included, and with
 * passwords that nobody has percent-encoded. Nothing here prints one, and nothing loads the driver.
 *
 * @module
 */
import { type Failure, untranslated } from "../../errors.ts";
import { isOption } from "./uri_options.ts";

/** What a connection string says, without its password. */
export interface Address {
  /** True for `mongodb+srv://`: the hosts are asked of the DNS under the one name given. */
  readonly srv: boolean;
  /** Hosts with their ports; the one name alone where `srv` is true. */
  readonly hosts: readonly string[];
  /** The database for the two collections. */
  readonly database: string;
  /** The user name, unless it is missing or none is needed. */
  readonly user: string | undefined;
  /** What a person has to be asked for, in this order. */
  readonly missing: readonly ("user" | "password")[];
}

/** A connection string in its parts, as written. */
interface Parts {
  readonly srv: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly hosts: string;
  readonly database: string;
  readonly options: string;
}

/** The database where the connection string names none. */
export const DEFAULT_DATABASE = "whisper";
/** These belong to the server; in a connection string they mean where the user is kept. */
const SERVER_DATABASES = ["admin", "local", "config"];
const DEFAULT_PORT = 27_017;
/** Longer than any connection string; a bound for what is searched for `@`. */
const MAX_LENGTH = 4_096;

const HOST = String.raw`(?:[\p{L}\p{N}_.-]+|\[[0-9A-Fa-f:.]+\]|%2[Ff][^,/?@:]*\.sock)`;
/** What follows the credentials: hosts, database, options. */
const REST = new RegExp(
  String.raw`^(${HOST}(?::\d{1,5})?(?:,${HOST}(?::\d{1,5})?)*)` +
    String.raw`(?:/([^/\\ "$*:|?@#]*))?(?:\?([^?#]*))?$`,
  "u",
);
/** Ways of signing in that need no password here. */
const NO_PASSWORD = /(?:^|&)authMechanism=(?:MONGODB-(?:X509|AWS|OIDC)|GSSAPI)(?:&|$)/i;
const PLACEHOLDER = /^<[^<>]*(?:user|name|pass|pwd|your)[^<>]*>$/i;

/**
 * Reads a connection string.
 *
 * @throws {Failure} `relay-uri`, in a sentence that repeats nothing of it.
 */
export function inspectUri(text: string): Address {
  const { srv, user, password, hosts, database, options } = partsOf(text);
  const anonymous = user === undefined && password === undefined;
  const missing: ("user" | "password")[] = [];
  const isAtlas = /\.mongodb\.net(?:[:,]|$)/i.test(hosts);
  const isSigned = NO_PASSWORD.test(options);
  if (!isSigned && (anonymous ? isAtlas : isMissing(user))) missing.push("user");
  if (!isSigned && (anonymous ? isAtlas : isMissing(password))) missing.push("password");
  return {
    srv,
    hosts: hosts.split(",").map((host) => srv ? host : withPort(host)),
    database: databaseName(database),
    user: isMissing(user) ? undefined : decoded(user!),
    missing,
  };
}

/**
 * The connection string with what was missing, fit for the driver: credentials are percent-encoded,
 * and what is no part of it (quotes, the name of a shell) is gone. `given` wins over what is written.
 *
 * @throws {Failure} `relay-uri`, also when something is still missing.
 */
export function completeUri(
  text: string,
  given: { user?: string | undefined; password?: string | undefined } = {},
): string {
  const { missing } = inspectUri(text);
  const { srv, user, password, hosts, database, options } = partsOf(text);
  const name = given.user !== undefined ? encoded(given.user) : user && normal(user);
  const secret = given.password !== undefined
    ? encoded(given.password)
    : password && normal(password);
  if (missing.includes("user") && !given.user) throw incomplete("user name");
  if (missing.includes("password") && !given.password) throw incomplete("password");
  const credentials = name ? `${name}${secret ? `:${secret}` : ""}@` : "";
  const path = isPlaceholder(database) ? "" : database;
  const query = options === "" ? "" : `?${options}`;
  return `${scheme(srv)}${credentials}${hosts}/${path}${query}`;
}

/**
 * The database that a connection string names, for one that {@link completeUri} has returned.
 *
 * @throws {Failure} `relay-uri`.
 */
export function databaseOf(uri: string): string {
  return inspectUri(uri).database;
}

/** What a connection string says of TLS, for one that {@link completeUri} has returned. */
export function tlsOf(
  uri: string,
): { on: boolean; caFile: string | undefined; clientCertificate: boolean } {
  const { srv, options } = partsOf(uri);
  const given = new Map(
    [...new URLSearchParams(options)].map(([name, value]) => [name.toLowerCase(), value]),
  );
  const said = given.get("tls") ?? given.get("ssl");
  return {
    on: said === undefined ? srv : said.toLowerCase() === "true",
    caFile: given.get("tlscafile"),
    clientCertificate: given.has("tlscertificatekeyfile"),
  };
}

/**
 * `text` without any connection string: whatever follows its scheme is cut off, because where a
 * password ends in a string that could not be read, nobody knows.
 */
export function redact(text: string): string {
  return text.replace(/(mongodb(?:\+srv)?:\/\/)[^]*/i, "$1...");
}

function partsOf(text: string): Parts {
  const uri = extract(text);
  const found = /^mongodb(\+srv)?:\/\/([^]*)$/i.exec(uri);
  if (!found) throw unreadable(beginning(uri));
  const srv = found[1] !== undefined;
  const { credentials, rest } = split(found[2]!);
  const [, hosts, database = "", options = ""] = REST.exec(rest) ?? [];
  if (hosts === undefined) throw unreadable(whyNot(rest));
  assertHosts(hosts, srv);
  assertOptions(options);
  const colon = credentials?.indexOf(":") ?? -1;
  const user = colon < 0 ? credentials : credentials?.slice(0, colon);
  const password = colon < 0 ? undefined : credentials?.slice(colon + 1);
  for (const part of [user, password]) assertNoBrackets(part);
  return { srv, user, password, hosts, database, options };
}

/** The connection string in what was pasted: between quotes, or as an argument of a shell. */
function extract(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH) throw unreadable("It is far too long.");
  const shell = /^(?:mongosh|mongo|MONGO\w*=|uri=)\s*["']?(mongodb(?:\+srv)?:\/\/[^\s"']*)/i;
  return shell.exec(trimmed)?.[1] ?? trimmed.replace(/^["'`“”<]+(?=mongodb)|["'`“”;]+$/giu, "");
}

/**
 * Where the credentials end: at the first `@` behind which everything reads as hosts, a database and
 * options that MongoDB knows. Passwords that hold an `@`, a slash or a question mark end there too.
 */
function split(text: string): { credentials: string | undefined; rest: string } {
  if (isRest(text)) return { credentials: undefined, rest: text };
  let last: { credentials: string | undefined; rest: string } | undefined;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const candidate = { credentials: text.slice(0, at), rest: text.slice(at + 1) };
    if (isRest(candidate.rest)) return candidate;
    if (!last || REST.test(candidate.rest)) last = candidate;
  }
  return last ?? { credentials: undefined, rest: text };
}

function isRest(text: string): boolean {
  const found = REST.exec(text);
  return found !== null && optionsOf(found[3] ?? "").every(([name]) => isOption(name));
}

function optionsOf(options: string): [name: string, value: string][] {
  return options.split("&").filter((option) => option !== "").map((option) => {
    const equals = option.indexOf("=");
    return equals < 0 ? [option, ""] : [option.slice(0, equals), option.slice(equals + 1)];
  });
}

function isMissing(part: string | undefined): boolean {
  return part === undefined || part === "" || isPlaceholder(part);
}

function isPlaceholder(part: string): boolean {
  return PLACEHOLDER.test(part) || /^<[^<>]*(?:db|database)[^<>]*>$/i.test(part);
}

/** The percent-encoded form of what may or may not be in it already. */
function normal(part: string): string {
  return encoded(decoded(part));
}

/**
 * What a part means. With a reserved character or a stray `%` in it, nobody has encoded it, and it
 * means itself.
 */
function decoded(part: string): string {
  if (/[:/?#[\]@]|%(?![0-9A-Fa-f]{2})/.test(part)) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    // Escapes that are no UTF-8 are no escapes.
    return part;
  }
}

function encoded(plain: string): string {
  // Lone surrogates, which cannot be encoded, become U+FFFD.
  return encodeURIComponent(plain.toWellFormed());
}

function databaseName(written: string): string {
  const name = decoded(written);
  const isNone = name === "" || isPlaceholder(written) || SERVER_DATABASES.includes(name);
  return isNone ? DEFAULT_DATABASE : name;
}

function withPort(host: string): string {
  return /:\d+$/.test(host) || host.endsWith(".sock") ? host : `${host}:${DEFAULT_PORT}`;
}

function scheme(srv: boolean): string {
  return srv ? "mongodb+srv://" : "mongodb://";
}

function assertHosts(hosts: string, srv: boolean): void {
  for (const host of hosts.split(",")) {
    const port = /:(\d+)$/.exec(host)?.[1];
    if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) {
      throw unreadable("A port is a number from 1 to 65535.");
    }
    if (!srv) continue;
    if (port !== undefined) throw unreadable("With mongodb+srv:// there is no port.");
    if (!/^[^.]+(?:\.[^.]+){2,}$/.test(host)) {
      throw unreadable(
        "With mongodb+srv:// the host is a full name like cluster0.abcde.mongodb.net.",
      );
    }
  }
  if (srv && hosts.includes(",")) throw unreadable("With mongodb+srv:// there is one host.");
}

/** A relay whose certificate is not checked may be anybody's. */
function assertOptions(options: string): void {
  for (const [name, value] of optionsOf(options)) {
    if (/^(?:tlsInsecure|tlsAllowInvalid\w+|sslValidate)$/i.test(name)) {
      if (/^sslValidate$/i.test(name) === /^true$/i.test(value)) continue;
      throw untranslated(
        "relay-uri",
        "The connection string turns off the check of the relay's certificate.",
        "Remove that option; for a server of your own add tlsCAFile=path instead.",
      );
    }
  }
}

/** Brackets that are neither a known placeholder nor percent-encoded were left standing. */
function assertNoBrackets(part: string | undefined): void {
  if (part === undefined || isMissing(part)) return;
  if (part.startsWith("<") || part.endsWith(">")) {
    throw untranslated(
      "relay-uri",
      "The connection string has < or > around the user name or the password.",
      "Remove these brackets; one that belongs to it is written %3C or %3E.",
    );
  }
}

function beginning(uri: string): string {
  if (uri === "") return "It is empty.";
  if (/^https?:/i.test(uri)) {
    return "That is the address of a web page; in Atlas choose Connect > Drivers.";
  }
  return "It begins with mongodb+srv:// or mongodb://.";
}

function whyNot(rest: string): string {
  if (/^</.test(rest)) return "Where the host belongs there is a placeholder between < and >.";
  if (rest === "" || /^[/?]/.test(rest)) return "Its host is missing.";
  return "What follows the password must be hosts, then a slash, then options.";
}

function unreadable(why: string): Failure {
  return untranslated(
    "relay-uri",
    `The connection string cannot be understood. ${why}`,
    "Copy it again: in Atlas, Connect > Drivers.",
  );
}

function incomplete(what: string): Failure {
  return untranslated(
    "relay-uri",
    `The connection string lacks the ${what}.`,
    `Put it in, or start Whisper in a terminal, where it asks for it.`,
  );
}
