import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { uriSecret, withoutPassword } from "../../../src/cli/connection_secret.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 20_000 : 300;

Deno.test("uriSecret: finds none where there is none", () => {
  for (
    const uri of [
      "mongodb://localhost",
      "mongodb://[::1]:27018,b/x?replicaSet=a",
      "mongodb+srv://alice@cluster0.abcde.mongodb.net/?retryWrites=true",
      "mongodb+srv://alice:<db_password>@cluster0.abcde.mongodb.net",
      "mongodb+srv://<db_username>:<password>@cluster0.abcde.mongodb.net",
      "mongodb://alice:@host",
      "not a connection string",
      "",
    ]
  ) assertEquals(uriSecret(uri), "none", uri);
});

Deno.test("withoutPassword: takes out a password where it belongs", () => {
  const cases = [
    ["mongodb://alice:hunter2@host/db?w=1", "mongodb://alice@host/db?w=1"],
    ["MongoDB+SRV://alice:hunter2@host", "MongoDB+SRV://alice@host"],
    ["mongodb://alice:p%40ss$&@host", "mongodb://alice@host"],
    ["mongodb://alice:<s3cret>@host", "mongodb://alice@host"],
    ["mongodb://a:b:c@host", "mongodb://a@host"],
  ] as const;
  for (const [uri, clean] of cases) {
    assertEquals(uriSecret(uri), "password", uri);
    assertEquals(withoutPassword(uri), clean);
    assertEquals(uriSecret(clean), "none");
  }
  assertEquals(withoutPassword("mongodb://host"), "mongodb://host");
});

Deno.test("uriSecret: answers unclear where the secret cannot be told apart", () => {
  for (
    const uri of [
      "mongodb://alice:p@ss@host",
      "mongodb://alice:p/ss@host",
      "mongodb://alice:p ss@host",
      "mongodb://alice:p?a#b@host",
      'mongosh "mongodb+srv://alice:hunter2@host"',
      "mongo://alice:hunter2@host",
      "mongodb://host/?tlsCertificateKeyFilePassword=hunter2",
      "mongodb://host/?proxyPassword=hunter2",
      "mongodb://host/?a=1&authMechanismProperties=AWS_SESSION_TOKEN:hunter2",
      `mongodb://alice@${"h".repeat(5_000)}`,
    ]
  ) assertEquals(uriSecret(uri), "unclear", uri);
});

Deno.test("uriSecret: takes no long time for the longest string", () => {
  for (const piece of ["?password", "&secret", "@", ":", "?", "<"]) {
    uriSecret(`mongodb://${piece.repeat(4_000 / piece.length)}`);
    uriSecret(`mongodb://${piece.repeat(2_000_000)}`);
  }
});

Deno.test("connection secret: removes every password that the driver would use", () => {
  const password = fc.string({ unit: "grapheme-ascii", minLength: 6, maxLength: 20 })
    .map((text) => `${encodeURIComponent(text)}9Zq`);
  fc.assert(
    fc.property(password, fc.constantFrom("", "/db", "/?w=1"), (password, rest) => {
      const uri = `mongodb+srv://alice:${password}@cluster0.abcde.mongodb.net${rest}`;
      assertEquals(uriSecret(uri), "password");
      const clean = withoutPassword(uri);
      assertEquals(clean, `mongodb+srv://alice@cluster0.abcde.mongodb.net${rest}`);
      assert(!clean.includes(password));
    }),
    { numRuns: RUNS },
  );
});
