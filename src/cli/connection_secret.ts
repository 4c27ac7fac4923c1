/**
 * Whether a connection string carries a secret, seen without understanding the rest of it: the
 * command line may warn of one, the configuration file may not keep one.
 *
 * @module
 */

/** `<db_password>` and the like stand for a password; they are none. Other brackets may be one. */
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
  /** Something secret elsewhere, or a string in which nobody can say where the password ends. */
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
