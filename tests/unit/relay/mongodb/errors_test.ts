import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { Failure, type FailureCode, RelayUnavailable } from "../../../../src/errors.ts";
import {
  diagnose,
  isConclusive,
  isStreamRefusal,
  relayError,
} from "../../../../src/relay/mongodb/errors.ts";
import { describeFailure } from "../../../../src/ui/messages/failures.ts";

/** An error of the driver, as it looks from outside. */
function shape(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name }, more);
}

function server(code: number, message: string, more: object = {}): Error {
  return shape("MongoServerError", message, { code, ...more });
}

/** A failed choice of a server, with what was heard from each, as the driver hands it over. */
function selection(...heard: (Error | null)[]): Error {
  const servers = new Map(heard.map((error, i) => [`host${i}:27017`, { error }]));
  return shape("MongoServerSelectionError", "Server selection timed out after 8000 ms", {
    reason: { type: "Unknown", servers },
    cause: heard.at(-1) ?? undefined,
  });
}

function network(message: string, code?: string): Error {
  return shape("MongoNetworkError", message, {
    errorLabelSet: new Set(["SystemOverloadedError", "RetryableError"]),
    cause: shape("Error", message, { code }),
  });
}

interface Case {
  /** Where the shape was seen. */
  readonly seen: string;
  readonly error: unknown;
  readonly code: FailureCode;
  /** A word of the sentence or of the hint. */
  readonly word: string;
  readonly isTransient?: true;
  readonly throttled?: true;
}

const DENO = "Deno 2.9.6, mongodb 7.9.0, mongod 6.0.5";
const CASES: readonly Case[] = [
  {
    seen: "Atlas, wrong password",
    error: server(8000, "bad auth : authentication failed", { codeName: "AtlasError" }),
    ...{ code: "relay-auth", word: "Database Access" },
  },
  {
    seen: DENO,
    error: server(18, "Authentication failed."),
    ...{ code: "relay-auth", word: "authSource" },
  },
  {
    seen: "Atlas, forced mechanism",
    error: server(8000, "auth mechanism SCRAM-SHA-256 is not supported"),
    ...{ code: "relay-auth", word: "authMechanism" },
  },
  {
    seen: DENO,
    error: server(334, "Received authentication for mechanism PLAIN which is not enabled"),
    ...{ code: "relay-auth", word: "authMechanism" },
  },
  {
    seen: DENO,
    error: server(13, "command findAndModify requires authentication"),
    ...{ code: "relay-auth", word: "requires a user name" },
  },
  {
    seen: DENO,
    error: server(13, 'not authorized on other to execute command { insert: "rooms" }'),
    ...{ code: "relay-denied", word: "readWrite" },
  },
  {
    seen: "Atlas, a user of another database",
    error: server(8000, "user is not allowed to do action [find] on [chat.rooms]"),
    ...{ code: "relay-denied", word: "readWrite" },
  },
  {
    seen: "Atlas free tier",
    error: server(8000, "you are over your space quota, using 516 MB of 512 MB"),
    ...{ code: "relay-quota", word: "full" },
  },
  {
    seen: "Atlas free tier",
    error: server(8000, "cannot create a new collection -- already using 527 collections of 500"),
    ...{ code: "relay-quota", word: "full" },
  },
  {
    seen: "server error codes",
    error: server(462, "IngressRequestRateLimitExceeded"),
    ...{ code: "relay-unreachable", word: "fewer", isTransient: true, throttled: true },
  },
  {
    seen: "server error labels",
    error: server(1, "overloaded", { errorLabelSet: new Set(["SystemOverloadedError"]) }),
    ...{ code: "relay-unreachable", word: "fewer", isTransient: true, throttled: true },
  },
  {
    seen: "flagForge 22",
    error: network("connection refused because too many open connections: 819"),
    ...{ code: "relay-unreachable", word: "as many connections as it allows", isTransient: true },
  },
  {
    seen: "mongoose 14015, Node",
    error: selection(network("tlsv1 alert internal error:SSL alert number 80")),
    ...{ code: "relay-unreachable", word: "Network Access", isTransient: true },
  },
  {
    seen: DENO,
    error: selection(
      network("received fatal alert: InternalError", "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"),
    ),
    ...{ code: "relay-unreachable", word: "Network Access", isTransient: true },
  },
  {
    seen: DENO,
    error: selection(
      network("Client network socket disconnected before secure TLS connection was established"),
    ),
    ...{ code: "relay-unreachable", word: "TLS handshake", isTransient: true },
  },
  {
    seen: DENO,
    error: selection(
      network(
        "received corrupt message of type InvalidContentType",
        "ERR_SSL_WRONG_VERSION_NUMBER",
      ),
    ),
    ...{ code: "relay-tls", word: "doesn't offer TLS", isTransient: true },
  },
  {
    seen: DENO,
    error: new Error("querySrv ENOTFOUND _mongodb._tcp.cluster0.abc12.mongodb.net"),
    ...{ code: "relay-unreachable", word: "Cluster not found", isTransient: true },
  },
  {
    seen: "nodejs/node 62703",
    error: new Error("querySrv ECONNREFUSED _mongodb._tcp.cluster0.abc12.mongodb.net"),
    ...{ code: "relay-unreachable", word: "DNS", isTransient: true },
  },
  {
    seen: "Deno without the permission for the name server",
    error: new Error("querySrv UNKNOWN _mongodb._tcp.cluster0.abc12.mongodb.net"),
    ...{ code: "relay-unreachable", word: "DNS server", isTransient: true },
  },
  {
    seen: DENO,
    error: selection(network("getaddrinfo ENOTFOUND cluster0.abc12.mongodb.net", "ENOTFOUND")),
    ...{ code: "relay-unreachable", word: "mongodb+srv://", isTransient: true },
  },
  {
    seen: "no network",
    error: network("getaddrinfo EAI_AGAIN cluster0.abc12.mongodb.net", "EAI_AGAIN"),
    ...{ code: "relay-unreachable", word: "network", isTransient: true },
  },
  {
    seen: DENO,
    error: selection(network("connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED")),
    ...{ code: "relay-unreachable", word: "refused", isTransient: true },
  },
  {
    seen: "port 27017 blocked",
    error: selection(network("connect ETIMEDOUT 10.0.0.1:27017", "ETIMEDOUT")),
    ...{ code: "relay-unreachable", word: "27017", isTransient: true },
  },
  {
    seen: "several addresses tried",
    error: new AggregateError([network("connect ECONNREFUSED ::1:1", "ECONNREFUSED")], ""),
    ...{ code: "relay-unreachable", word: "refused", isTransient: true },
  },
  {
    seen: `${DENO}, server that accepts and is silent`,
    error: selection(null),
    ...{ code: "relay-unreachable", word: "doesn't answer", isTransient: true },
  },
  {
    seen: `${DENO}, replicaSet=nope`,
    error: selection(),
    ...{ code: "relay-uri", word: "replicaSet" },
  },
  {
    seen: "mongoose 10834",
    error: network("certificate has expired", "CERT_HAS_EXPIRED"),
    ...{ code: "relay-tls", word: "date", isTransient: true },
  },
  {
    seen: "Node",
    error: network("certificate is not yet valid", "CERT_NOT_YET_VALID"),
    ...{ code: "relay-tls", word: "date", isTransient: true },
  },
  {
    seen: "corporate proxy",
    error: network("unable to get local issuer certificate", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
    ...{ code: "relay-tls", word: "company", isTransient: true },
  },
  {
    seen: "wrong host",
    error: network("Hostname/IP does not match", "ERR_TLS_CERT_ALTNAME_INVALID"),
    ...{ code: "relay-tls", word: "another host", isTransient: true },
  },
  {
    seen: "a primary killed under an insert",
    error: network("connection 4 to 127.0.0.1:27017 closed"),
    ...{ code: "relay-unreachable", word: "was lost", isTransient: true },
  },
  {
    seen: "election",
    error: server(10107, "not primary"),
    ...{ code: "relay-unreachable", word: "primary", isTransient: true },
  },
  {
    seen: "Deno without --allow-net",
    error: Object.assign(new Error('Requires net access to "host:27017"'), { name: "NotCapable" }),
    ...{ code: "relay-unreachable", word: "run whisper instead" },
  },
  {
    seen: "a certificate's file outside of what Whisper may read",
    error: Object.assign(new Error('Requires read access to "/k/ca.pem"'), { name: "NotCapable" }),
    ...{ code: "relay-uri", word: "--tls-ca-file" },
  },
  {
    seen: "typing error",
    error: shape("MongoParseError", "Password contains unescaped characters"),
    ...{ code: "relay-uri", word: "Copy it again" },
  },
  {
    seen: "another program's index",
    error: server(85, "An equivalent index already exists with a different name"),
    ...{ code: "relay-storage", word: "another database" },
  },
  {
    seen: `${DENO}, a unique index on room and from`,
    error: server(11000, "E11000 duplicate key error collection: w.messages index: room_1_from_1", {
      keyPattern: { room: 1, from: 1 },
    }),
    ...{ code: "relay-storage", word: "room_1_from_1" },
  },
  {
    seen: "two who create one room at once",
    error: server(11000, "E11000 duplicate key error collection: w.rooms index: _id_ dup key", {
      keyPattern: { _id: 1 },
    }),
    ...{ code: "relay-unreachable", word: "was lost", isTransient: true },
  },
  {
    seen: DENO,
    error: server(166, "Namespace whisper.rooms is a view, not a collection"),
    ...{ code: "relay-storage", word: '"rooms": it is a view' },
  },
  {
    seen: DENO,
    error: server(67, "Cannot create TTL index on a capped collection"),
    ...{ code: "relay-storage", word: "is a capped collection" },
  },
  {
    seen: DENO,
    error: server(72, "TTL indexes are not supported on time-series collections"),
    ...{ code: "relay-storage", word: "is a time series collection" },
  },
  {
    seen: DENO,
    error: server(121, "Document failed validation"),
    ...{ code: "relay-storage", word: "has a validator" },
  },
  {
    seen: "a document that the driver cannot decode",
    error: shape("BSONError", "Invalid UTF-8 string in BSON document"),
    ...{ code: "relay-unreachable", word: "can't be read", isTransient: true },
  },
  {
    seen: "a set that was never initiated",
    error: shape("MongoServerSelectionError", "Server selection timed out after 8000 ms", {
      reason: { type: "Unknown", servers: new Map([["a:1", { type: "RSGhost", error: null }]]) },
    }),
    ...{ code: "relay-unreachable", word: "isn't initiated" },
  },
  {
    seen: "a name server that fails",
    error: new Error("querySrv ESERVFAIL _mongodb._tcp.cluster0.abc12.mongodb.net"),
    ...{ code: "relay-unreachable", word: "DNS isn't working", isTransient: true },
  },
  {
    seen: `${DENO}, no route`,
    error: selection(network("connect EHOSTUNREACH 2001:db8::1:27017", "EHOSTUNREACH")),
    ...{ code: "relay-unreachable", word: "no route", isTransient: true },
  },
  {
    seen: "anything else the server says",
    error: server(14, "Type mismatch { of: 'secret things' }"),
    ...{ code: "relay-unreachable", word: "Type mismatch (code 14).", isTransient: true },
  },
];

for (const { seen, error, code, word, isTransient, throttled } of CASES) {
  const words = (error as Error).message;
  Deno.test(`diagnose: finds ${code} in "${words.slice(0, 60)}" (${seen})`, () => {
    const found = diagnose(error);
    assertEquals(found?.failure.code, code, found?.failure.message);
    const { message, hint } = describeFailure(found!.failure);
    const said = `${message} ${hint}`;
    assert(said.includes(word), said);
    assertEquals(found!.isTransient, isTransient ?? false);
    assertEquals(found!.throttled, throttled ?? false);
    assertEquals(relayError(error) instanceof RelayUnavailable, isTransient ?? false);
    assertEquals(relayError(error) instanceof Failure, !isTransient);
  });
}

Deno.test("relayError: passes a bug on unchanged", () => {
  const bug = new TypeError("undefined is not a function");
  assertStrictEquals(relayError(bug), bug);
  assertEquals(diagnose(undefined), undefined);
});

Deno.test("diagnose: repeats no connection string and no command", () => {
  const uri = "mongodb://ann:secret@host/";
  const errors = [
    shape("MongoParseError", `Invalid connection string "${uri}"`),
    server(13, `not authorized on x to execute command { find: "rooms", token: "secret" }`),
    server(1, `failed with ${uri}`, { cause: shape("MongoError", uri) }),
  ];
  for (const error of errors) {
    const { failure } = diagnose(error)!;
    assertEquals(Deno.inspect(failure).includes("secret"), false);
  }
});

Deno.test("isStreamRefusal: tells a relay without change streams from one in trouble", () => {
  const text = "The $changeStream stage is only supported on replica sets";
  assert(isStreamRefusal(server(40573, text)));
  assert(isStreamRefusal(server(8000, "$changeStream is not allowed in this atlas tier")));
  assert(isStreamRefusal(server(13, "not authorized to execute command { $changeStream: {} }")));
  assertEquals(isStreamRefusal(server(13, "not authorized to execute command { find: 1 }")), false);
  assertEquals(isStreamRefusal(network("connection closed")), false);
});

Deno.test("isConclusive: holds for what waiting does not change", () => {
  assert(isConclusive(network("connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED")));
  assert(isConclusive(network("unable to verify the first certificate")));
  assert(isConclusive(network("corrupt message", "ERR_SSL_WRONG_VERSION_NUMBER")));
  assert(isConclusive(server(18, "Authentication failed.")));
  assertEquals(isConclusive(network("connect ETIMEDOUT 10.0.0.1:27017", "ETIMEDOUT")), false);
  assertEquals(isConclusive(network("connection 1 closed")), false);
});

Deno.test("diagnose: never throws, whatever the value, circular ones included", () => {
  fc.assert(fc.property(fc.anything(), (value) => {
    relayError(value);
    isConclusive(value);
    const loop: Record<string, unknown> = { cause: value, name: "MongoError" };
    loop["reason"] = loop;
    assertEquals(diagnose(loop)?.isTransient !== undefined, true);
  }));
});
