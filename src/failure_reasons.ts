/**
 * Every reason for which Whisper fails, by area: the public code that programs branch on
 * (docs/JSON.md), and the facts that its sentences in `src/ui/messages/` mention.
 *
 * @module
 */
import type { FailureCode } from "./exit_status.ts";

/** A reason as declared: its public code, and, as a type only, its facts. */
interface Declared<Facts extends object> {
  readonly code: FailureCode;
  readonly facts?: Facts;
}

/** Declares a reason. */
function because<Facts extends object = Record<never, never>>(
  code: FailureCode,
): Declared<Facts> {
  return { code };
}

/** What is wrong with a connection string. */
export type UriProblem =
  | "too-long"
  | "empty"
  | "web-page"
  | "scheme"
  | "placeholder"
  | "no-host"
  | "structure"
  | "port"
  | "srv-port"
  | "srv-name"
  | "srv-hosts";

/** A kind of proxy, as its address begins. */
export type ProxyKind = "socks5" | "http";

/** What a collection is where it is not a plain one. */
export type CollectionKind = "view" | "capped" | "time-series" | "validator" | "collation";
/** What is wrong with an invite code. */
export type InvalidCode =
  | { readonly kind: "too-long" | "empty" | "no-number" | "number-too-long" }
  | { readonly kind: "word-count"; readonly words: number }
  /** `typed` is undefined where it is too long to be a typo. It has letters, digits and `?` only. */
  | {
    readonly kind: "unknown-word";
    readonly typed: string | undefined;
    readonly suggestion: string | undefined;
  };
/** What is wrong with a line of JSON input. */
export type BadLine =
  | "not-json"
  | "not-utf8"
  | "too-long"
  | "not-an-object"
  | "send-and-command"
  | "send-not-a-string"
  | "bad-id"
  | "bad-reply"
  | "neither"
  | "unknown-command"
  | "bad-value"
  | "bad-path"
  | "bad-file";

/** All reasons. */
export const REASONS = {
  // The connection to the relay (`src/chat/retry.ts`, `src/deadline.ts`).
  /** No answer within this time. */
  "relay-timeout": because<{ seconds: number }>("relay-unreachable"),
  /** The client was replaced while an operation was under way. */
  "relay-reconnected": because("relay-unreachable"),

  // Relay links.
  /** Part of it is missing or changed. */
  "relay-link-damaged": because("relay-uri"),
  /** A later Whisper made it. */
  "relay-link-version": because("relay-uri"),
  /** The relay on this computer has no address. */
  "relay-link-local": because("usage"),
  /** A file of this computer that a link cannot carry. */
  "relay-link-file": because<{ option: string }>("usage"),
  /** What is to be saved is not a relay link. */
  "relay-link-expected": because("usage"),
  /** The saved link is in a file that others can read. */
  "relay-link-exposed": because<{ path: string }>("usage"),
  /** The person did not agree to saving it. */
  "relay-link-not-saved": because("usage"),

  // Proxies (`src/cli/proxy.ts`, `src/relay/mongodb/proxy.ts`).
  /** `source`: the flag, variable or setting. */
  "invalid-proxy": because<{ source: string; why: "format" | "kind" | "port" | "too-long" }>(
    "usage",
  ),
  /** A proxy with a password, in the configuration file. */
  "proxy-has-secret": because("usage"),
  /** `mongodb+srv://` needs a name server. */
  "srv-behind-proxy": because("relay-uri"),
  /** A connection string with options of the driver's for a proxy. */
  "uri-proxy-option": because("relay-uri"),
  "proxy-unreachable": because("relay-unreachable"),
  "proxy-silent": because("relay-unreachable"),
  /** What answers there does not speak the protocol of that kind of proxy. */
  "proxy-protocol": because<{ kind: ProxyKind }>("relay-unreachable"),
  "proxy-login": because<{ given: boolean }>("relay-unreachable"),
  /** The proxy does not let this connection pass. */
  "proxy-denied": because("relay-unreachable"),
  /** The proxy works, and could not reach the relay. */
  "proxy-relay": because<{ why: "refused" | "unreachable" | "silent" }>("relay-unreachable"),

  // Relays: connection strings (`src/relay/mongodb/uri.ts`).
  /** A connection string that cannot be read. */
  "uri-invalid": because<{ problem: UriProblem }>("relay-uri"),
  /** It lacks its user name or its password, and nobody can be asked. */
  "uri-incomplete": because<{ missing: "user" | "password" }>("relay-uri"),
  /** It turns off the check of the certificate. */
  "uri-unchecked-tls": because<{ option: string }>("relay-uri"),
  /** The user name or the password stands between < and >. */
  "uri-brackets": because("relay-uri"),
  /** An option that MongoDB's drivers do not know. */
  "uri-unknown-option": because<{ option: string }>("relay-uri"),
  /** An option that asks for a module that Whisper does not carry. */
  "uri-unsupported-option": because("relay-uri"),
  /** An option with a value that the driver refuses. */
  "uri-invalid-option": because<{ option: string | undefined }>("relay-uri"),
  /** A database name that MongoDB or Whisper cannot use. */
  "uri-invalid-database": because("relay-uri"),
  /** A file that the connection string or a flag names, and that cannot be used. */
  "tls-file": because<
    { option: string; problem: "denied" | "missing" | "directory" | "unreadable" | "invalid" }
  >("relay-uri"),
  /** The servers are not of the replica set that the connection string names. */
  "wrong-replica-set": because("relay-uri"),

  // Relays: reaching a server (`src/relay/mongodb/errors.ts`).
  "dns-failed": because("relay-unreachable"),
  "dns-denied": because("relay-unreachable"),
  "dns-unknown-cluster": because("relay-unreachable"),
  "dns-unknown-host": because("relay-unreachable"),
  "net-denied": because("relay-unreachable"),
  "connection-refused": because("relay-unreachable"),
  "network-unreachable": because("relay-unreachable"),
  "no-answer": because("relay-unreachable"),
  /** Closed while the connection was being made. */
  "hung-up": because("relay-unreachable"),
  "connection-lost": because("relay-unreachable"),
  "no-primary": because("relay-unreachable"),
  "set-not-initiated": because("relay-unreachable"),
  "too-many-connections": because("relay-unreachable"),
  "rate-limited": because("relay-unreachable"),
  /** The server ended the TLS handshake with an alert, as Atlas does for unlisted addresses. */
  "tls-ended": because("relay-unreachable"),
  "certificate-expired": because("relay-tls"),
  "certificate-not-yet-valid": because("relay-tls"),
  "certificate-for-another-host": because("relay-tls"),
  "certificate-untrusted": because("relay-tls"),
  "tls-not-offered": because("relay-tls"),
  "client-certificate-required": because("relay-tls"),

  // Relays: rights and storage.
  "unsupported-mechanism": because("relay-auth"),
  "wrong-password": because<{ isAtlas: boolean }>("relay-auth"),
  "credentials-required": because("relay-auth"),
  "not-authorized": because("relay-denied"),
  "quota-exceeded": because("relay-quota"),
  "server-too-old": because<{ version: string }>("relay-storage"),
  /** An index that is not Whisper's refuses what Whisper stores. */
  "foreign-index": because<{ index: string | undefined }>("relay-storage"),
  /** A collection that cannot hold what Whisper stores. */
  "foreign-collection": because<
    { collection: string | undefined; kind: CollectionKind | undefined }
  >("relay-storage"),

  // Relays: answers.
  "unreadable-answer": because("relay-unreachable"),
  "lost-answer": because("relay-unreachable"),
  "stream-ended": because("relay-unreachable"),
  /** An error of the server that has no reason of its own; `text` is in its words. */
  "server-error": because<{ text: string; code: string | number | undefined }>(
    "relay-unreachable",
  ),
  "relay-closed": because("relay-lost"),

  // Relays: the local one (`src/relay/sqlite/`).
  "file-busy": because<{ path: string }>("relay-storage"),
  "file-disk-full": because<{ path: string }>("relay-storage"),
  "file-disk-error": because<{ path: string }>("relay-storage"),
  "file-damaged": because<{ path: string }>("relay-storage"),
  "file-denied": because<{ path: string }>("relay-storage"),
  "file-guarded": because<{ path: string }>("relay-storage"),
  "file-foreign": because<{ path: string }>("relay-storage"),
  "file-newer": because<{ path: string }>("relay-storage"),
  "file-in-use": because<{ path: string }>("relay-storage"),
  "file-locked": because<{ path: string }>("relay-storage"),
  "directory-unsafe": because<
    { directory: string; problem: "not-a-directory" | "open-to-others" | "foreign-owner" }
  >("relay-storage"),
  // The protocol (`src/protocol/`).
  /** An authenticated peer sent a key that cannot be used. */
  "invalid-peer-key": because("protocol"),
  /** A handshake message of another version of the protocol. */
  "other-protocol-version": because<{ peer: number; own: number }>("protocol"),
  /** What was typed is not an invite code. */
  "invalid-code": because<{ problem: InvalidCode }>("usage"),
  /** What was typed cannot be a passphrase. */
  "invalid-passphrase": because<{ problem: "too-long" | "not-unicode" | "empty" }>("usage"),

  // The chat (`src/chat/`). `by`: how the two agreed on the room.
  /** Two are in the room. */
  "room-full": because<{ by: "code" | "name" }>("room-full"),
  /** Two have found each other in this room; nobody else is let in. */
  "room-sealed": because<{ by: "code" | "name" }>("room-sealed"),
  /** Too many wrong guesses. */
  "code-burnt": because<{ by: "code" | "name" }>("code-burnt"),
  /** There is no room of this number or name. */
  "room-absent": because<{ by: "code" | "name" }>("no-room"),
  /** The room's document holds what no host has put there. */
  "room-corrupt": because("protocol"),
  /** The host does not answer the handshake. */
  "host-silent": because<{ by: "code" | "name" }>("no-room"),
  /** The host left before the handshake was done. */
  "host-left": because<{ by: "code" | "name" }>("no-room"),
  /** Key confirmation failed. */
  "wrong-code": because<{ by: "code" | "name" }>("wrong-code"),
  /** The seat is lost: given away, or the room has expired. */
  "evicted": because("evicted"),
  /** The relay could not be reached while leaving. */
  "cleanup-failed": because("relay-lost"),
  /** The person did not wait until the room was cleaned up. */
  "cleanup-interrupted": because("relay-lost"),
  /** More messages in a row are missing than the ratchet can skip. */
  "gap-too-wide": because("protocol"),
  /** The peer's program sent a payload that violates the protocol. */
  "peer-malformed": because("protocol"),
  /** Nothing was typed. */
  "message-empty": because("usage"),
  "message-too-long": because<{ bytes: number; maxBytes: number }>("too-long"),
  /** Lone surrogates, or bytes that are not UTF-8. */
  "message-not-unicode": because("usage"),
  /** Too many messages wait for a peer. */
  "queue-full": because("usage"),
  /** The chat is being left. */
  "chat-leaving": because("usage"),
  /** The peer said goodbye. */
  "peer-left": because<{ by: "code" | "name" }>("no-peer"),
  /** Nobody is there to agree on a timer. */
  "no-peer-for-timer": because("no-peer"),
  "invalid-timer": because("usage"),
  /** A reply to a message that this session does not have. */
  "no-such-message": because("usage"),
  /** The documents on the relay could not be shown: foreign ones among them, or the chat is over. */
  "documents-unreadable": because("usage"),
  /** Nothing is queued that could be taken back. */
  "nothing-queued": because("usage"),
  /** What was said of the verification words is neither yes nor no. */
  "invalid-verdict": because("usage"),
  /** `/verify` before a peer has joined. */
  "no-words-yet": because("no-peer"),
  /** `/invite` before a room is open. */
  "no-room-yet": because("usage"),
  /** `/invite` without a passphrase in a room that was agreed on by name. */
  "passphrase-needed": because("usage"),
  /** `/invite` while the peer is in the room. */
  "peer-present": because<{ peer: string }>("usage"),

  // Files (`src/files/`, `src/chat/files.ts`). `name` is empty for a stream.
  /** Started without a folder for files. */
  "no-files-folder": because("usage"),
  /** The folder for files cannot be used. */
  "files-folder": because<{ path: string; problem: FileProblem }>("usage"),
  /** `/send` of a file that is not in the folder for files. */
  "file-outside": because<{ name: string; folder: string }>("usage"),
  "file-unreadable": because<{ name: string; problem: FileProblem }>("file"),
  "file-unwritable": because<{ name: string; problem: FileProblem }>("file"),
  "file-too-large": because<{ name: string; maxBytes: number }>("too-long"),
  /** It is not the file that was offered any more. */
  "file-changed": because<{ name: string }>("file"),
  /** What came is not what was sent, or the peer's program broke the rules. */
  "file-mismatch": because<{ name: string }>("file"),
  /** The peer's program could not go on. `from`: who sends the file. */
  "file-peer-failed": because<
    { name: string; reason: "source" | "storage" | "damaged" | "canceled"; from: "you" | "peer" }
  >("file"),
  "file-peer-left": because<{ name: string }>("file"),
  "file-refused": because<
    { name: string; reason: "declined" | "no-folder" | "busy"; by: "you" | "peer" }
  >("file"),
  "file-canceled": because<{ name: string; by: "you" | "peer" }>("file"),
  /** It was not delivered in the time that `--timeout` gives. */
  "transfer-timeout": because<{ kind: "send" | "receive" }>("file"),
  /** The sender left, and there was nothing. */
  "nothing-received": because("file"),
  /** The code of a transfer was tried too often. */
  "transfer-code-burnt": because("code-burnt"),
  /** `send` without files, where a person types. */
  "nothing-to-send": because("usage"),
  /** A folder among the files of `send`. */
  "file-is-folder": because<{ name: string }>("usage"),
  /** `receive` would have to ask, and there is no person. */
  "missing-yes": because("usage"),
  /** Bytes that are not text, and the output is a terminal. */
  "output-not-text": because("file"),
  "invalid-timeout": because("usage"),
  /** `receive --json` without a folder: the output belongs to the events. */
  "json-needs-into": because("usage"),
  /** No file waits or moves, or none of that name. */
  "no-such-file": because("usage"),
  "no-peer-for-file": because("no-peer"),
  "too-many-files": because("usage"),

  // The JSON interface (`src/ui/json.ts`).
  /** A line that is not a request. */
  "bad-line": because<{ problem: BadLine }>("bad-line"),

  // Everywhere.
  /** Not a failure of the person or the relay: a mistake in the program. */
  "bug": because("bug"),

  // Lifecycle of the process.
  /** The person pressed Ctrl+C before a chat began. */
  "interrupted": because("interrupted"),
  /** The system, or a terminal that was closed, ended the program before a chat began. */
  "terminated": because("interrupted"),
  /** Standard input cannot be read: it is a folder, for example. */
  "input-unreadable": because<{ problem: FileProblem }>("usage"),
  /** Standard output takes no more. */
  "output-lost": because<{ why: "no-reader" | "no-space" | "closed" | "other" }>("output"),

  // The command line (`src/cli`): arguments.
  "argument-too-long": because("usage"),
  "argument-not-utf8": because("usage"),
  "flag-takes-no-value": because<{ flag: string }>("usage"),
  "flag-needs-value": because<{ flag: string; value: string }>("usage"),
  "flag-given-twice": because<{ flag: string }>("usage"),
  /** `source`: the flag and variable that take a file instead. */
  "secret-in-arguments": because<{ source: string }>("usage"),
  /** `flag` is missing where repeating it could show a secret. */
  "unknown-flag": because<
    { flag?: string | undefined; suggestion?: string | undefined; mayBeFile: boolean }
  >("usage"),
  "unknown-command": because<{ suggestion?: string | undefined }>("usage"),
  "code-as-command": because("usage"),
  "link-as-command": because("usage"),
  "unexpected-argument": because("usage"),
  "missing-subcommand": because<{ usage: string }>("usage"),
  "unknown-subcommand": because<
    { command: string; usage: string; suggestion?: string | undefined }
  >("usage"),
  "flag-of-other-command": because<{ flag: string; owners: readonly string[] }>("usage"),
  "flags-conflict": because<{ first: string; second: string }>("usage"),
  "room-with-command": because<{ command: string }>("usage"),
  /** `source`: the flag, variable or setting. */
  "invalid-switch": because<{ source: string }>("usage"),
  "unknown-shell": because<{ isMissing: boolean; shells: readonly string[] }>("usage"),
  "missing-key-file": because("usage"),
  "invalid-ttl": because("usage"),

  // What a chat needs, where nobody can be asked. `source`: the flag and the variable.
  "missing-name": because<{ source: string }>("usage"),
  "missing-relay": because("usage"),
  "missing-code": because<{ command: "join" | "receive" }>("usage"),
  "missing-mode": because("usage"),
  "missing-password": because<{ source: string }>("usage"),
  "missing-passphrase": because<{ source: string }>("usage"),
  "missing-user": because("usage"),

  // Values that a person gives.
  "empty-answer": because("usage"),
  "invalid-name": because<
    { source: string; why: "empty" | "too-long" | "unprintable" | "invisible" }
  >("usage"),
  "notify-needs-terminal": because("usage"),
  "invalid-theme": because<{ source: string }>("usage"),
  "invalid-linger": because<{ source: string; why: "format" | "range" }>("usage"),

  // The configuration file.
  "no-config-folder": because("usage"),
  "config-writable-by-others": because<{ path: string }>("usage"),
  "config-unreadable": because<{ path: string; problem: FileProblem }>("usage"),
  "config-unwritable": because<{ path: string; problem: FileProblem }>("usage"),
  "config-invalid": because<
    { path: string; problem: "not-settings" | "not-json" | "not-object" }
  >("usage"),
  "config-unknown-setting": because<
    { path: string; name?: string | undefined; suggestion?: string | undefined }
  >("usage"),
  "config-wrong-type": because<{ path: string; name: string; isText: boolean }>("usage"),
  "missing-setting-name": because<{ action: string; settings: readonly string[] }>("usage"),
  "unknown-setting": because<
    { suggestion?: string | undefined; settings: readonly string[] }
  >("usage"),
  "missing-setting-value": because<{ setting: string }>("usage"),
  "password-as-setting": because("usage"),
  "setting-empty": because<{ setting: string }>("usage"),
  "setting-not-absolute": because<{ setting: string }>("usage"),
  "setting-not-uri": because("usage"),
  "setting-has-secret": because("usage"),

  // Files that a person names.
  "secret-file": because<{ path: string; problem: FileProblem }>("usage"),
  "certificate-file": because<{ path: string; problem: FileProblem }>("usage"),
  "fernet-key-file": because<{ problem: FileProblem }>("usage"),
  "fernet-key": because("fernet"),
  "fernet-no-token": because("fernet"),
  "fernet-token": because("fernet"),
};

/** Why a file cannot be read or written. */
export type FileProblem =
  | "missing"
  | "denied"
  | "not-a-file"
  | "no-size"
  | "not-text"
  | "not-permitted"
  | "guarded"
  | "empty"
  | "too-large"
  | "exists"
  | "not-a-folder"
  | "no-space"
  | "other";

/** What went wrong, precisely. */
export type Reason = keyof typeof REASONS;

/** The facts of a reason. */
export type FactsOf<R extends Reason> = (typeof REASONS)[R] extends Declared<infer Facts> ? Facts
  : never;
