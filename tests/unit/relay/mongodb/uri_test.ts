import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Failure } from "../../../../src/errors.ts";
import {
  type Address,
  completeUri,
  inspectUri,
  redact,
} from "../../../../src/relay/mongodb/uri.ts";
import { describeFailure } from "../../../../src/ui/messages/failures.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 20_000 : 500;
const ATLAS = "cluster0.abc12.mongodb.net";

/** Strings as Atlas's Connect page shows them, by page; older pages first. */
const AS_SHOWN: [text: string, address: Partial<Address>][] = [
  [`mongodb+srv://ann:<password>@${ATLAS}/myFirstDatabase?retryWrites=true&w=majority`, {
    ...{ user: "ann", missing: ["password"], database: "myFirstDatabase", srv: true },
  }],
  [`mongodb+srv://ann:<db_password>@${ATLAS}/?retryWrites=true&w=majority&appName=Cluster0`, {
    ...{ user: "ann", missing: ["password"], database: "whisper", hosts: [ATLAS] },
  }],
  [`mongodb+srv://<db_username>:<db_password>@${ATLAS}/?appName=Cluster0`, {
    ...{ user: undefined, missing: ["user", "password"] },
  }],
  [`mongodb+srv://<username>:<password>@${ATLAS}/`, { missing: ["user", "password"] }],
  [`mongodb+srv://ann:<db_password>@${ATLAS}/<dbname>?retryWrites=true`, { database: "whisper" }],
  [`mongosh "mongodb+srv://${ATLAS}/" --apiVersion 1 --username ann`, {
    ...{ hosts: [ATLAS], missing: ["user", "password"] },
  }],
  [
    `mongodb://ann:<db_password>@a-00-00.${ATLAS}:27017,a-00-01.${ATLAS}:27017/?ssl=true&replicaSet=atlas-x-shard-0&authSource=admin`,
    { srv: false, hosts: [`a-00-00.${ATLAS}:27017`, `a-00-01.${ATLAS}:27017`] },
  ],
];

Deno.test("uri: what Atlas shows is read as it is", () => {
  for (const [text, expected] of AS_SHOWN) {
    const address = inspectUri(text);
    for (const [field, value] of Object.entries(expected)) {
      assertEquals(address[field as keyof Address], value, `${field} of ${text}`);
    }
  }
});

Deno.test("uri: what is missing is filled in, percent-encoded, and nothing is left to ask", () => {
  for (const [text] of AS_SHOWN) {
    const uri = completeUri(text, { user: "ann", password: "p@ss/w?rd#1%<>" });
    assertEquals(inspectUri(uri).missing, []);
    assert(uri.includes("ann:p%40ss%2Fw%3Frd%231%25%3C%3E@"), uri);
    assert(/^mongodb(\+srv)?:\/\/[^<>\s"]*$/.test(uri), uri);
  }
});

Deno.test("uri: a percent-encoded bracket belongs to the password", () => {
  const uri = completeUri("mongodb://<username>@host/", { user: "ann", password: "<password>" });
  assertEquals(uri, "mongodb://ann:%3Cpassword%3E@host/");
  assertEquals(completeUri(uri), uri);
});

Deno.test("uri: servers without access control need no credentials", () => {
  const address = inspectUri("mongodb://localhost");
  assertEquals(address, {
    srv: false,
    hosts: ["localhost:27017"],
    database: "whisper",
    user: undefined,
    missing: [],
  });
  assertEquals(completeUri("mongodb://localhost"), "mongodb://localhost/");
  assertEquals(inspectUri("mongodb://[::1]:27018,b/x").hosts, ["[::1]:27018", "b:27017"]);
});

Deno.test("uri: a user without a password is asked for one, unless signing in needs none", () => {
  assertEquals(inspectUri("mongodb://ann@host/").missing, ["password"]);
  assertEquals(inspectUri("mongodb://ann:@host/").missing, ["password"]);
  const certificate = `mongodb+srv://${ATLAS}/?authMechanism=MONGODB-X509&authSource=$external`;
  assertEquals(inspectUri(certificate).missing, []);
  assertThrows(() => completeUri("mongodb://ann@host/"), Failure, "uri-incomplete");
});

/** Passwords that nobody has encoded, each with what the driver has to be given. */
const RAW: [password: string, encoded: string][] = [
  ["p@ss", "p%40ss"],
  ["p@ss:word", "p%40ss%3Aword"],
  ["a/b", "a%2Fb"],
  ["a@b/c", "a%40b%2Fc"],
  ["what?", "what%3F"],
  ["w@t?no=1", "w%40t%3Fno%3D1"],
  ["#1", "%231"],
  ["100%", "100%25"],
  ["100%zz@", "100%25zz%40"],
  ["a b", "a%20b"],
  ["p%40ss", "p%40ss"],
  ["p%ff", "p%25ff"],
  ["a<b", "a%3Cb"],
  ["naïve", "na%C3%AFve"],
];

Deno.test("uri: a raw password ends where the hosts begin", () => {
  for (const [password, encoded] of RAW) {
    const uri = completeUri(
      `mongodb+srv://ann:${password}@${ATLAS}/db?retryWrites=true&w=majority`,
    );
    assertEquals(uri, `mongodb+srv://ann:${encoded}@${ATLAS}/db`);
  }
});

Deno.test("uri: an @ in an option is not the end of the password", () => {
  const uri = "mongodb://ann:secret@host.example/db?appName=me@home";
  assertEquals(completeUri(uri), uri);
  assertEquals(inspectUri("mongodb://host.example/?appName=me@home").hosts, ["host.example:27017"]);
});

Deno.test("uri: an e-mail address may be a user name", () => {
  const { user, hosts } = inspectUri("mongodb://ann@example.com:secret@host/");
  assertEquals({ user, hosts }, { user: "ann@example.com", hosts: ["host:27017"] });
});

Deno.test("uri: uses a database of the server itself for authentication only", () => {
  for (const name of ["admin", "local", "config", ""]) {
    assertEquals(inspectUri(`mongodb://ann:secret@host/${name}`).database, "whisper");
  }
  assertEquals(inspectUri("mongodb://ann:secret@host/team").database, "team");
});

Deno.test("completeUri: leaves out the options that mean nothing here", () => {
  const ignored = "useUnifiedTopology=true&uuidRepresentation=standard&readPreference=secondary" +
    "&maxStalenessSeconds=120&w=0&j=false&timeoutMS=5";
  const uri = completeUri(`mongodb://ann:secret@host/db?${ignored}&replicaSet=rs0`);
  assertEquals(uri, "mongodb://ann:secret@host/db?replicaSet=rs0");
});

/** What cannot be used, with a word of its sentence. */
const REFUSED: [text: string, word: string][] = [
  ["", "empty"],
  ["   ", "empty"],
  ["cluster0.abc12.mongodb.net", "has to begin"],
  ["https://cloud.mongodb.com/v2/abc", "web page"],
  ["postgres://ann:secret@host/", "has to begin"],
  ["mongodb://", "has no host"],
  ["mongodb://ann:secret@", "has no host"],
  ["mongodb://ann:secret@/db", "has no host"],
  ["mongodb+srv://ann:secret@<cluster-url>/", "placeholder"],
  ["mongodb+srv://ann:secret@cluster0.abc12.mongodb.net:27017/", "no port"],
  ["mongodb+srv://ann:secret@a.b.c,d.e.f/", "only one host"],
  ["mongodb+srv://ann:secret@localhost/", "full name"],
  ["mongodb://ann:secret@host:99999/", "port"],
  ["mongodb://ann:secret@host:port/", "hosts"],
  ["mongodb://ann:<secret>@host/", "< or >"],
  ["mongodb://ann:secret>@host/", "< or >"],
  ["mongodb://ann:secret@host/?tlsInsecure=true", "certificate"],
  ["mongodb://ann:secret@host/?foo=bar", "unknown option: foo"],
  ["mongodb://ann:secret@host/?sslCA=x", "unknown option: sslCA"],
  ["mongodb://ann:secret@host/whisper.messages", "database name"],
  ["mongodb://ann:secret@host/two%20words", "database name"],
  [`mongodb://ann:secret@host/${"d".repeat(64)}`, "database name"],
  ["mongodb://ann:secret@host/?tls=true&tlsAllowInvalidCertificates=true", "certificate"],
  [`mongodb://ann:secret@${"h".repeat(5_000)}/`, "too long"],
];

Deno.test("uri: what cannot be used is explained without repeating it", () => {
  for (const [text, word] of REFUSED) {
    const failure = assertThrows(() => inspectUri(text), Failure);
    assert(describeFailure(failure).message.includes(word), describeFailure(failure).message);
    assertEquals(failure.code, "relay-uri");
    assertEquals(false, Deno.inspect(failure).split("\n    at ")[0]!.includes("secret"), text);
  }
});

Deno.test("uri: redaction leaves nothing behind the scheme", () => {
  const text = 'Invalid connection string "mongodb+srv://ann:se cret@host@host/?x=secret"';
  assertEquals(redact(text), 'Invalid connection string "mongodb+srv://...');
  assertEquals(redact("MONGODB://a:secret"), "MONGODB://...");
  assertEquals(
    redact("querySrv ENOTFOUND _mongodb._tcp.x.y.z"),
    "querySrv ENOTFOUND _mongodb._tcp.x.y.z",
  );
});

Deno.test("uri: property: whatever the credentials, they come out as they went in", () => {
  const part = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(part, part, (user, password) => {
      const uri = completeUri(`mongodb://<db_username>:<db_password>@host/`, { user, password });
      const { username, password: secret } = new URL(uri.replace("mongodb:", "https:"));
      assertEquals(decodeURIComponent(username), user.toWellFormed());
      assertEquals(decodeURIComponent(secret), password.toWellFormed());
      assertEquals(completeUri(uri), uri);
      assertEquals(inspectUri(uri).hosts, ["host:27017"]);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("uri: property: any text is read or refused by a Failure that repeats no secret", () => {
  const secret = "S3CRET";
  const noise = fc.string({ unit: "binary", maxLength: 12 });
  const token = fc.constantFrom(
    ...["mongodb://", "mongodb+srv://", "@", ":", "/", "?", "&", "=", "<", ">", "%", "#", ","],
    ...["ann", "host", ATLAS, "[::1]", "27017", "appName=x", "<db_password>", " ", "\n", '"'],
  );
  const text = fc.tuple(
    fc.constantFrom("mongodb://", "mongodb+srv://", ""),
    fc.array(fc.oneof(token, noise, fc.constant(secret)), { maxLength: 12 }),
  ).map(([scheme, parts]) => scheme + parts.join(""));
  fc.assert(
    fc.property(text, (text) => {
      for (const use of [inspectUri, completeUri]) {
        try {
          use(text);
        } catch (error) {
          assertInstanceOf(error, Failure);
          // The name of an option is told: behind it there is no @, so it is not part of a password.
          const isNamed = error.reason === "uri-unknown-option" && /[?&]S3CRET[^@]*$/.test(text);
          assertEquals(isNamed, Deno.inspect(error).split("\n    at ")[0]!.includes(secret));
        }
      }
      assertEquals(false, /mongodb(\+srv)?:\/\/[^]*S3CRET/i.test(redact(`Error: ${text}`)));
    }),
    { numRuns: RUNS },
  );
});
