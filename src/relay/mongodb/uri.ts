/**
 * Connection strings as people have them: as Atlas shows them, placeholders included, and with
 * passwords that are not percent-encoded. Nothing here prints one, and nothing loads the driver.
 *
 * @module
 */
import { Failure } from "../../errors.ts";
import type { FactsOf, UriProblem } from "../../failure_reasons.ts";
import { bytesOf } from "../../limits.ts";
import type { Proxy } from "./proxy.ts";
import { optionKind } from "./uri_options.ts";

/** Where a relay in MongoDB is, how it is reached, and how to learn of news there. */
export interface MongoSettings {
  /** A complete connection string, with its password. */
  readonly uri: string;
  /** True to poll even where there are change streams. */
  readonly poll?: boolean | undefined;
  /** A file with the certificates (PEM) that the server's is checked against. */
  readonly tlsCaFile?: string | undefined;
  /** The same certificates as text (PEM), from a relay link. */
  readonly authorities?: string | undefined;
  /** The one host to connect to; the relay is reached through it. */
  readonly proxy?: Proxy | undefined;
}

/** What a connection string says, without its password. */
export interface Address {
  /** True for `mongodb+srv://`: DNS names the hosts under the one name given. */
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
/** These belong to the server; in a connection string they name the database of the user. */
const SERVER_DATABASES = ["admin", "local", "config"];
const DEFAULT_PORT = 27_017;
/** Longer than any connection string; a bound for what is searched for `@`. */
const MAX_LENGTH = 4_096;
/** The server's own limit. */
const MAX_DATABASE_BYTES = 63;

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
 * @throws {Failure} `relay-uri`, with nothing of its credentials.
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
 * and what does not belong to it (quotes, the name of a shell, options that mean nothing here) is
 * gone. `given` wins over what is written.
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
  const lacking = missing.find((part) => !given[part]);
  if (lacking) throw new Failure("uri-incomplete", { missing: lacking });
  const credentials = name ? `${name}${secret ? `:${secret}` : ""}@` : "";
  const path = isPlaceholder(database) ? "" : database;
  const passed = optionsOf(options).filter(([option]) => optionKind(option) === "passed");
  const query = passed.length === 0 ? "" : `?${passed.map((option) => option.join("=")).join("&")}`;
  return `mongodb${srv ? "+srv" : ""}://${credentials}${hosts}/${path}${query}`;
}

/**
 * A connection string that {@link completeUri} has returned, with other options.
 *
 * @param changes.defaults options to add where it does not set them.
 * @param changes.without names of options to leave out.
 */
export function withOptions(
  uri: string,
  { defaults = [], without = [] }: {
    readonly defaults?: readonly (readonly [name: string, value: string])[];
    readonly without?: readonly string[];
  },
): string {
  const [head = "", options = ""] = uri.split("?");
  const has = (names: readonly string[], name: string) =>
    names.some((one) => one.toLowerCase() === name.toLowerCase());
  const given = optionsOf(options).filter(([name]) => !has(without, name));
  const added = defaults.filter(([name]) => !has(given.map(([name]) => name), name));
  const all = [...given, ...added].map((option) => option.join("="));
  return all.length === 0 ? head : `${head}?${all.join("&")}`;
}

/** What a connection string says of TLS, for one that {@link completeUri} has returned. */
export function tlsOf(
  uri: string,
): { isOn: boolean; files: readonly { option: string; path: string }[]; hasPassword: boolean } {
  const { srv, options } = partsOf(uri);
  const given = [...new URLSearchParams(options)];
  const valueOf = (name: RegExp) => given.find(([option]) => name.test(option))?.[1];
  const isOn = valueOf(/^(tls|ssl)$/i);
  const files = given.filter(([option]) => /^tls(CA|CRL|CertificateKey)File$/i.test(option));
  return {
    isOn: isOn === undefined ? srv : isOn.toLowerCase() === "true",
    files: files.map(([option, path]) => ({ option, path })),
    hasPassword: valueOf(/^tlsCertificateKeyFilePassword$/i) !== undefined,
  };
}

/**
 * Looks at the files that a connection string or a flag names, before the driver does: it fails in
 * its own words, late, and where a file may not be read Deno would ask in the middle of a screen.
 *
 * @throws {Failure} `tls-file`.
 */
export function assertTlsFiles(uri: string, tlsCaFile: string | undefined): void {
  const { files, hasPassword } = tlsOf(uri);
  const flag = tlsCaFile === undefined ? [] : [{ option: "--tls-ca-file", path: tlsCaFile }];
  for (const { option, path } of [...files, ...flag]) {
    const problem = problemOfFile(path, hasPassword);
    if (problem) throw new Failure("tls-file", { option, problem });
  }
}

function problemOfFile(
  path: string,
  hasPassword: boolean,
): FactsOf<"tls-file">["problem"] | undefined {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return "denied";
  try {
    if (Deno.statSync(path).isDirectory) return "directory";
    const text = Deno.readTextFileSync(path);
    const isEncrypted = /ENCRYPTED/.test(text) && !hasPassword;
    return /-----BEGIN /.test(text) && !isEncrypted ? undefined : "invalid";
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "missing" : "unreadable";
  }
}

/**
 * `text` without any connection string: whatever follows its scheme is cut off, because in a string
 * that could not be read there is no telling where a password ends.
 */
export function redact(text: string): string {
  return text.replace(/(mongodb(?:\+srv)?:\/\/)[^]*/i, "$1...");
}

function partsOf(text: string): Parts {
  const uri = extract(text);
  const found = /^mongodb(\+srv)?:\/\/([^]*)$/i.exec(uri);
  if (!found) throw invalid(beginning(uri));
  const srv = found[1] !== undefined;
  const { credentials, rest } = split(found[2]!);
  const [, hosts, database = "", options = ""] = REST.exec(rest) ?? [];
  if (hosts === undefined) throw invalid(problemOf(rest));
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
  if (trimmed.length > MAX_LENGTH) throw invalid("too-long");
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
  return found !== null && optionsOf(found[3] ?? "").every(([name]) => optionKind(name));
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

/** What a part means. With a reserved character or a stray `%` in it, it is not encoded. */
function decoded(part: string): string {
  if (/[:/?#[\]@]|%(?![0-9A-Fa-f]{2})/.test(part)) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    // Not UTF-8, so not meant as escapes.
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
  if (isNone) return DEFAULT_DATABASE;
  const isValid = !/[/\\. "$*<>:|?\p{Cc}\p{Cf}]/u.test(name) &&
    bytesOf(name) <= MAX_DATABASE_BYTES;
  if (!isValid) throw new Failure("uri-invalid-database");
  return name;
}

function withPort(host: string): string {
  return /:\d+$/.test(host) || host.endsWith(".sock") ? host : `${host}:${DEFAULT_PORT}`;
}

function assertHosts(hosts: string, srv: boolean): void {
  for (const host of hosts.split(",")) {
    const port = /:(\d+)$/.exec(host)?.[1];
    if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) {
      throw invalid("port");
    }
    if (!srv) continue;
    if (port !== undefined) throw invalid("srv-port");
    if (!/^[^.]+(?:\.[^.]+){2,}$/.test(host)) {
      throw invalid("srv-name");
    }
  }
  if (srv && hosts.includes(",")) throw invalid("srv-hosts");
}

/** Without a check of its certificate, the server could be anyone's. */
function assertOptions(options: string): void {
  for (const [name, value] of optionsOf(options)) {
    const isUnchecked = /^(?:tlsInsecure|tlsAllowInvalid\w+)$/i.test(name)
      ? !/^false$/i.test(value)
      : /^sslValidate$/i.test(name) && !/^true$/i.test(value);
    if (isUnchecked) throw new Failure("uri-unchecked-tls", { option: name });
    const kind = optionKind(name);
    if (kind === "proxy") throw new Failure("uri-proxy-option");
    if (kind === "passed" || kind === "ignored") continue;
    // Only what looks like a name is repeated: it could be part of a password that holds an @.
    if (/^[A-Za-z]\w{0,40}$/.test(name)) throw new Failure("uri-unknown-option", { option: name });
    throw invalid("structure");
  }
}

/** Brackets that are neither a known placeholder nor percent-encoded were left over. */
function assertNoBrackets(part: string | undefined): void {
  if (part === undefined || isMissing(part)) return;
  if (part.startsWith("<") || part.endsWith(">")) throw new Failure("uri-brackets");
}

function beginning(uri: string): UriProblem {
  if (uri === "") return "empty";
  return /^https?:/i.test(uri) ? "web-page" : "scheme";
}

function problemOf(rest: string): UriProblem {
  if (/^</.test(rest)) return "placeholder";
  return rest === "" || /^[/?]/.test(rest) ? "no-host" : "structure";
}

function invalid(problem: UriProblem): Failure {
  return new Failure("uri-invalid", { problem });
}
