/**
 * What a person reads about the failures of a relay: MongoDB, or the local file.
 *
 * @module
 */
import type { CollectionKind, UriProblem } from "../../failure_reasons.ts";
import type { FailureTexts } from "./failure_text.ts";
import { FILE_PROBLEMS } from "./file_problems.ts";
import { commandForAnyHost, commandLine } from "./invocation.ts";

const COPY_AGAIN = "Copy it again: in Atlas, Connect > Drivers.";
const RETRIES = "Whisper keeps trying.";
const ACCESS_LIST = "On Atlas, check Security > Network Access.";
const OTHER_DATABASE =
  "Name another database in the connection string, after the host: .../whisper2?...";
const permission = () => `To reach any server, run ${commandForAnyHost()} instead.`;

const URI_PROBLEMS: Readonly<Record<UriProblem, string>> = {
  "too-long": "It is too long.",
  "empty": "It is empty.",
  "web-page": "That is the address of a web page; in Atlas, choose Connect > Drivers.",
  "scheme": "It has to begin with mongodb+srv:// or mongodb://, a relay link with whisper:.",
  "placeholder": "It has a placeholder between < and > where the host belongs.",
  "no-host": "It has no host.",
  "structure": "After the password come the hosts, then a slash, then options.",
  "port": "A port is a number from 1 to 65535.",
  "srv-port": "With mongodb+srv:// there is no port.",
  "srv-name": "With mongodb+srv:// the host is a full name like cluster0.abcde.mongodb.net.",
  "srv-hosts": "With mongodb+srv:// there is only one host.",
};

const TLS_FILE_PROBLEMS = {
  denied: "Whisper isn't allowed to read it",
  missing: "there is no such file",
  directory: "it is a directory",
  unreadable: "it can't be read",
  invalid: "it isn't a valid PEM file, or it is encrypted",
} as const;

const PROXY_RELAY_PROBLEMS = {
  refused: "the connection was refused",
  unreachable: "the host is unknown or unreachable",
  silent: "there is no answer",
} as const;

const COLLECTION_KINDS: Readonly<Record<CollectionKind, string>> = {
  "view": "is a view",
  "capped": "is a capped collection",
  "time-series": "is a time series collection",
  "validator": "has a validator that rejects what Whisper stores",
  "collation": "has a collation of its own",
};

const DIRECTORY_PROBLEMS = {
  "not-a-directory": "it isn't a directory",
  "open-to-others": "other users can open it",
  "foreign-owner": "it belongs to another user",
} as const;

/** To be spread into the table of all failures. */
export const RELAY_FAILURES = {
  "uri-invalid": ({ problem }) => ({
    message: `Invalid connection string. ${URI_PROBLEMS[problem]}`,
    hint: COPY_AGAIN,
  }),
  "uri-incomplete": ({ missing }) => ({
    message: `The connection string has no ${missing === "user" ? "user name" : "password"}.`,
    hint: "Add it, or start Whisper in a terminal, where it asks for it.",
  }),
  "uri-unchecked-tls": ({ option }) => ({
    message: `The connection string turns off the check of the server's certificate (${option}).`,
    hint: "Remove that option. For a server of your own, pass its certificate with --tls-ca-file.",
  }),
  "uri-brackets": () => ({
    message: "The connection string has < or > around the user name or the password.",
    hint: "Remove the brackets. If one belongs to the password, write it as %3C or %3E.",
  }),
  "uri-unknown-option": ({ option }) => ({
    message: `The connection string has an unknown option: ${option}.`,
    hint: "Remove it, or check its spelling.",
  }),
  "uri-unsupported-option": () => ({
    message: "The connection string asks for a feature that Whisper doesn't include.",
    hint: "Remove compression and encryption options from it.",
  }),
  "uri-invalid-option": ({ option }) => ({
    message: option === undefined
      ? "An option in the connection string has an invalid value."
      : `The connection string has an invalid value for ${option}.`,
    hint: `Correct or remove it. ${COPY_AGAIN}`,
  }),
  "uri-invalid-database": () => ({
    message: "Invalid database name in the connection string.",
    hint: "Use at most 60 letters, digits, - and _: .../whisper?...",
  }),
  "tls-file": ({ option, problem }) => ({
    message: `Can't use the file given for ${option}: ${TLS_FILE_PROBLEMS[problem]}.`,
    hint: problem === "denied"
      ? "Name it when you start Whisper: --tls-ca-file FILE, or the whole string with --uri."
      : "Check the path, and that the file has the PEM format.",
  }),
  "wrong-replica-set": () => ({
    message: "The server isn't in the replica set that the connection string names.",
    hint: "Correct replicaSet=... in the connection string, or remove it.",
  }),

  "srv-behind-proxy": () => ({
    message: "A mongodb+srv:// string needs DNS, and with a proxy Whisper looks up no names.",
    hint: `Make a relay link once, without the proxy: ${commandLine("relay link --resolve")}. ` +
      "Or use the string with the hosts (mongodb://HOST,HOST,HOST/), from an older driver version in Atlas.",
  }),
  "uri-proxy-option": () => ({
    message: "The connection string names a proxy.",
    hint: "Remove the proxy options from it and pass --proxy socks5://HOST:PORT.",
  }),
  "proxy-unreachable": () => ({
    message: "Can't reach the proxy.",
    hint: "Check that it is running, and its address in --proxy.",
  }),
  "proxy-silent": () => ({
    message: "The proxy doesn't answer.",
    hint: "Check its address in --proxy, and that it is a proxy of that kind.",
  }),
  "proxy-protocol": ({ kind }) => ({
    message: `What answers at the proxy's address isn't ${
      kind === "socks5" ? "a SOCKS5" : "an HTTP"
    } proxy.`,
    hint: `Check the address in --proxy${
      kind === "socks5" ? "; for an HTTP proxy, write http://HOST:PORT" : ""
    }.`,
  }),
  "proxy-login": ({ given }) => ({
    message: given
      ? "The proxy refused the user name or password."
      : "The proxy requires a user name and a password.",
    hint: "Pass them in WHISPER_PROXY=socks5://USER:PASSWORD@HOST:PORT.",
  }),
  "proxy-denied": () => ({
    message: "The proxy doesn't allow connections to this relay.",
    hint: "Many company proxies allow port 443 only. Ask its administrator, or use another proxy.",
  }),
  "proxy-relay": ({ why }) => ({
    message: `The proxy can't reach the relay: ${PROXY_RELAY_PROBLEMS[why]}.`,
    hint: `Check the host in the connection string, and that the relay is running. ${ACCESS_LIST}`,
  }),

  "dns-failed": () => ({
    message: "DNS isn't working.",
    hint:
      "Check the network connection. Some networks block DNS queries of this kind: try another network or DNS server, or Atlas's connection string that begins with mongodb:// (Connect > Drivers, an older driver version).",
  }),
  "dns-denied": () => ({
    message: "Whisper isn't allowed to ask this network's DNS server.",
    hint: permission(),
  }),
  "dns-unknown-cluster": () => ({
    message: "Cluster not found (DNS).",
    hint:
      "Check the host in the connection string. A deleted cluster, or one that was paused for long, is gone too.",
  }),
  "dns-unknown-host": () => ({
    message: "Host not found (DNS).",
    hint:
      "Check the host in the connection string. For Atlas it begins with mongodb+srv://, not with mongodb://.",
  }),
  "net-denied": () => ({
    message: "Whisper was started without permission to reach this server.",
    hint: permission(),
  }),
  "connection-refused": () => ({
    message: "The server refused the connection.",
    hint: "Check that it is running, and the port in the connection string.",
  }),
  "network-unreachable": () => ({
    message: "There is no route to the server.",
    hint: "Check the network connection; this network may lack IPv6.",
  }),
  "no-answer": () => ({
    message: "The server doesn't answer.",
    hint:
      `Check the network: a public Wi-Fi may want you to sign in first, and some block port 27017 (try another one, such as your phone's). ${ACCESS_LIST}`,
  }),
  "hung-up": () => ({
    message: "The server closed the connection at once.",
    hint:
      "If the server requires TLS, add ?tls=true to the connection string; if it requires a client certificate, check the one of tlsCertificateKeyFile. It may also have as many connections as it allows.",
  }),
  "connection-lost": () => ({
    message: "The connection to the server was lost.",
    hint: "Check the network. The cluster may be electing a primary, which takes a few seconds.",
  }),
  "no-primary": () => ({
    message: "No primary available.",
    hint: "Check the network. On Atlas, check that the cluster isn't paused.",
  }),
  "set-not-initiated": () => ({
    message: "The server's replica set isn't initiated.",
    hint: "Run rs.initiate() in mongosh, once (docs/SELF_HOSTING.md).",
  }),
  "too-many-connections": () => ({
    message: "The server has as many connections as it allows.",
    hint: "Close other programs that use this cluster.",
  }),
  "rate-limited": () => ({
    message: "The server asks for fewer requests.",
    hint: "Wait a moment. A free cluster allows 100 operations a second for everyone on it.",
  }),
  "tls-ended": () => ({
    message: "The server ended the TLS handshake.",
    hint:
      "On Atlas, check that your address is listed under Security > Network Access and that the cluster isn't paused. The server may also not offer TLS on this port.",
  }),
  "certificate-expired": () => ({
    message: "The server's certificate has expired.",
    hint: "Check this computer's date. If it is right, the server needs a new certificate.",
  }),
  "certificate-not-yet-valid": () => ({
    message: "The server's certificate isn't valid yet.",
    hint: "Check this computer's date and time.",
  }),
  "certificate-for-another-host": () => ({
    message: "The server's certificate is for another host.",
    hint:
      "Check the host in the connection string. A hotel or company network may be intercepting the connection.",
  }),
  "certificate-untrusted": () => ({
    message: "The server's certificate isn't trusted by this computer.",
    hint:
      "For a server of your own, pass its certificate with --tls-ca-file. Behind a company proxy, install the proxy's certificate. Check this computer's date, too.",
  }),
  "tls-not-offered": () => ({
    message: "The server doesn't offer TLS on this port.",
    hint:
      "If the server has no TLS, remove tls=true from the connection string. Else check the port, and whether a public Wi-Fi wants you to sign in first.",
  }),
  "client-certificate-required": () => ({
    message: "The server closed the connection because it saw no client certificate.",
    hint:
      "Add tlsCertificateKeyFile=PATH to the connection string. If the server requires none, try again: a proxy in front of it may have closed the connection.",
  }),

  "unsupported-mechanism": () => ({
    message: "The server doesn't support this authentication mechanism.",
    hint: "Remove authMechanism from the connection string.",
  }),
  "wrong-password": ({ isAtlas }) => ({
    message: "Wrong user name or password.",
    hint: isAtlas
      ? "Use the database user (Atlas: Security > Database Access), not your Atlas login."
      : "Check both. If the user is defined in another database, add ?authSource=DATABASE.",
  }),
  "credentials-required": () => ({
    message: "The server requires a user name and a password.",
    hint:
      "Add them to the connection string: mongodb://name:password@host/. If they are in it, that user was removed.",
  }),
  "not-authorized": () => ({
    message: "This database user may not read and write here.",
    hint: "Give the user the role readWrite on this database.",
  }),
  "quota-exceeded": () => ({
    message: "The server's storage is full.",
    hint: "Free space in the cluster, or use another one.",
  }),
  "server-too-old": ({ version }) => ({
    message: `MongoDB ${version} is too old.`,
    hint: "Use MongoDB 5.0 or newer.",
  }),
  "foreign-index": ({ index }) => ({
    message: `An index that Whisper didn't make${
      index === undefined ? "" : ` (${index})`
    } rejects what Whisper stores.`,
    hint: `Drop that index. Or: ${OTHER_DATABASE}`,
  }),
  "foreign-collection": ({ collection, kind }) => ({
    message: `Whisper can't use the collection${
      collection === undefined ? "" : ` "${collection}"`
    }: it ${kind === undefined ? "belongs to another program" : COLLECTION_KINDS[kind]}.`,
    hint: OTHER_DATABASE,
  }),

  "unreadable-answer": () => ({
    message: "The server sent an answer that can't be read.",
    hint: `Someone may have stored invalid data on the relay. ${RETRIES}`,
  }),
  "lost-answer": () => ({
    message: "The server's answers get lost on the way.",
    hint: RETRIES,
  }),
  "stream-ended": () => ({
    message: "The server ended the change stream.",
    hint: RETRIES,
  }),
  "server-error": ({ text, code }) => ({
    message: `The server reported an error: ${text}${code === undefined ? "" : ` (code ${code})`}.`,
    hint: "Try again. If it happens again, use another server.",
  }),
  "relay-closed": () => ({
    message: "The connection to the relay was closed.",
    hint: `Start a new chat: ${commandLine("new")}.`,
  }),

  "file-busy": ({ path }) => ({
    message: `Can't use ${path}: another program has locked it.`,
    hint: `${RETRIES} If it stays locked, end the other program.`,
  }),
  "file-disk-full": ({ path }) => ({
    message: `Can't write ${path}: the disk is full.`,
    hint: "Free some space on that disk.",
  }),
  "file-disk-error": ({ path }) => ({
    message: `Can't use ${path}: the disk reported an error.`,
    hint: `Check whether the disk is full or failing. ${RETRIES}`,
  }),
  "file-damaged": ({ path }) => ({
    message: `Can't use ${path}: the file is damaged.`,
    hint: "Leave every local chat and start again.",
  }),
  "file-denied": ({ path }) => ({
    message: `Can't create, read or write ${path}.`,
    hint: "Check that its directory exists, belongs to you and isn't read-only.",
  }),
  "file-guarded": ({ path }) => ({
    message: `Can't use ${path}: ${FILE_PROBLEMS.guarded}.`,
    hint: "Set XDG_RUNTIME_DIR to a directory of your own outside of them, or unset it.",
  }),
  "file-foreign": ({ path }) => ({
    message: `Can't use ${path}: it isn't a Whisper database.`,
    hint: "Move it away, or name another file.",
  }),
  "file-newer": ({ path }) => ({
    message: `Can't use ${path}: it was created by a newer version of Whisper.`,
    hint: "Use that version, or leave its chats and remove the file.",
  }),
  "file-in-use": ({ path }) => ({
    message: `Can't use ${path}: it is damaged or from an older version of Whisper, and in use.`,
    hint: "Leave every local chat and start again.",
  }),
  "file-locked": ({ path }) => ({
    message: `Can't open the local relay: another Whisper holds ${path} and doesn't respond.`,
    hint: "End or continue that program, then try again.",
  }),
  "directory-unsafe": ({ directory, problem }) => ({
    message: `Can't use ${directory} for the local relay: ${DIRECTORY_PROBLEMS[problem]}.`,
    hint: "Remove that directory, or set XDG_RUNTIME_DIR to a directory of your own.",
  }),
} satisfies Partial<FailureTexts>;
