/**
 * Whether a connection string carries a secret, seen without understanding the rest of it: the
 * command line warns of one, and the configuration file must not hold one.
 *
 * @module
 */

/** `<db_password>` and the like are placeholders. Other text in brackets may be a password. */
const PLACEHOLDER = /^<[^<>]*(?:pass|pwd|your)[^<>]*>$/i;
/** Longer than any connection string; a bound for what is searched. */
const MAX_LENGTH = 4_096;
/** Options of MongoDB's whose values are secret. */
const SECRET_OPTION = /[?&](?:[^?=&]*(?:password|secret)[^?=&]*|authMechanismProperties)=[^&]/i;

/** What there is to hide in a connection string. */
export type UriSecret =
  | "none"
  /** A password where it belongs: {@link withoutPassword} can take it out. */
  | "password"
  /** A secret elsewhere, or a string in which the end of the password is not clear. */
  | "unclear";

/** Looks for secrets in a connection string. */
export function uriSecret(uri: string): UriSecret {
  if (uri.length > MAX_LENGTH) return "unclear";
  if (SECRET_OPTION.test(uri)) return "unclear";
  const credentials = credentialsOf(uri);
  if (credentials === undefined) return uri.includes("@") ? "unclear" : "none";
  const colon = credentials.indexOf(":");
  if (colon < 0 || PLACEHOLDER.test(credentials.slice(colon + 1))) return "none";
  if (colon === credentials.length - 1) return "none";
  return uri.split("@").length === 2 && !/[/?#\s]/.test(credentials) ? "password" : "unclear";
}

/** The connection string without its password, where {@link uriSecret} says there is one. */
export function withoutPassword(uri: string): string {
  const credentials = credentialsOf(uri);
  if (credentials === undefined) return uri;
  const user = credentials.slice(0, credentials.indexOf(":"));
  return uri.replace(`${credentials}@`, () => `${user}@`);
}

/** What stands between the scheme and the last `@`. */
function credentialsOf(uri: string): string | undefined {
  return /^\s*["'`<]?mongodb(?:\+srv)?:\/\/([^]*)@/i.exec(uri)?.[1];
}
