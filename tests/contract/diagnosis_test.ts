/**
 * The doctor and a chat over every kind of server that can be made here: both work, or both tell one
 * reason, and neither calls it a bug.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { MongoClient } from "mongodb";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { permissionFlags } from "../../src/build/permissions.ts";
import { Failure } from "../../src/errors.ts";
import type { Reason } from "../../src/failure_reasons.ts";
import { MongoExamination } from "../../src/relay/mongodb/checks.ts";
import { describeFailure } from "../../src/ui/messages/failures.ts";
import { makeAuthority, signServer } from "../support/certificate.ts";
import { chatReason, doctorReason } from "../support/diagnosis.ts";
import { isInstalled } from "../support/installed.ts";
import {
  DATABASE,
  ownServersOrSkip,
  startReplicaSet,
  startStandalone,
  type TestServer,
} from "../support/mongod.ts";
import { RCODE, withNameServer } from "../support/name_server.ts";

const { ignore, skip } = await ownServersOrSkip();
const deps = { clock: systemClock, random: systemRandom };
const VALID = { notBefore: new Date("2020-01-01"), notAfter: new Date("2049-01-01") };

async function assertAgree(uri: string, expected: Reason | undefined): Promise<void> {
  const [doctor, chat] = [await doctorReason(uri), await chatReason(uri)];
  assertEquals([doctor, chat], [expected, expected]);
  if (expected) {
    const { hint } = describeFailure(new Failure<Reason>(expected, {} as never));
    assert(hint.length > 0);
  }
}

function agreement(
  what: string,
  expected: Reason | undefined,
  run: (check: (uri: string) => Promise<void>) => Promise<void>,
  needsServer = true,
): void {
  Deno.test({
    name: `doctor and chat: agree about ${what}${needsServer ? skip : ""}`,
    ignore: needsServer && ignore,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => run((uri) => assertAgree(uri, expected)),
  });
}

async function withServer(
  starting: Promise<TestServer>,
  work: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await starting;
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

// Servers that can be reached, and what is wrong with the rest of it.
const SET: [what: string, expected: Reason | undefined, change: (uri: string) => string][] = [
  ["a healthy server", undefined, (uri) => uri],
  [
    "options of other drivers",
    undefined,
    (uri) =>
      `${uri}&useUnifiedTopology=true&uuidRepresentation=standard&readPreference=secondary` +
      "&maxStalenessSeconds=120",
  ],
  ["a wrong password", "wrong-password", (uri) => uri.replace(/:[^:@]*@/, ":wrong@")],
  ["an unknown mechanism", "unsupported-mechanism", (uri) => `${uri}&authMechanism=PLAIN`],
  ["a database without rights", "not-authorized", (uri) => uri.replace(`/${DATABASE}?`, "/other?")],
  ["a wrong set name", "wrong-replica-set", (uri) => uri.replace("testset", "another")],
  ["an unknown option", "uri-unknown-option", (uri) => `${uri}&foo=bar`],
  ["a missing certificate file", "tls-file", (uri) => `${uri}&tls=true&tlsCAFile=/nonexistent`],
  ["a directory for a certificate", "tls-file", (uri) => `${uri}&tls=true&tlsCAFile=/tmp`],
  // It closes the connection, as Atlas does to an address that is not listed.
  ["a server without TLS", "tls-ended", (uri) => `${uri}&tls=true`],
  [
    "a database name with a dot",
    "uri-invalid-database",
    (uri) => uri.replace(`/${DATABASE}?`, "/whisper.messages?"),
  ],
];

Deno.test({
  name: `doctor and chat: agree about a replica set, however it is named${skip}`,
  ignore,
  fn: async (t) => {
    await withServer(startReplicaSet({ count: 1 }), async (server) => {
      for (const [what, expected, change] of SET) {
        await t.step(what, () => assertAgree(change(server.uri), expected));
      }
    });
  },
});

/** What a co-tenant can do to a database, and what becomes of it. */
const SPOILT: [what: string, expected: Reason, spoil: (client: MongoClient) => Promise<unknown>][] =
  [
    [
      "a view",
      "foreign-collection",
      (client) => client.db("view").createCollection("rooms", { viewOn: "other", pipeline: [] }),
    ],
    [
      "a view with an error in it",
      "foreign-collection",
      async (client) => {
        const pipeline = [{ $addFields: { x: { $toInt: "\x1b]52;c;ZXZpbA==\x07" } } }];
        await client.db("errorview").collection("other").insertOne({});
        await client.db("errorview").createCollection("messages", { viewOn: "other", pipeline });
      },
    ],
    [
      "a capped collection",
      "foreign-collection",
      (client) => client.db("capped").createCollection("messages", { capped: true, size: 100_000 }),
    ],
    [
      "a time series",
      "foreign-collection",
      (client) =>
        client.db("series").createCollection("messages", {
          timeseries: { timeField: "expiresAt" },
        }),
    ],
    [
      "a validator",
      "foreign-collection",
      (client) =>
        client.db("validator").createCollection("messages", {
          validator: { nothing: { $exists: true } },
        }),
    ],
    [
      "a unique index",
      "foreign-index",
      (client) =>
        client.db("unique").collection("messages").createIndex({ room: 1, from: 1 }, {
          unique: true,
        }),
    ],
    [
      "a geographic index",
      "foreign-index",
      (client) => client.db("geo").collection("messages").createIndex({ token: "2dsphere" }),
    ],
    [
      "another expiry",
      "foreign-index",
      (client) =>
        client.db("expiry").collection("rooms").createIndex({ expiresAt: 1 }, {
          name: "expiry",
          expireAfterSeconds: 5,
        }),
    ],
  ];

Deno.test({
  name: `doctor and chat: agree about collections that a co-tenant has spoilt${skip}`,
  ignore,
  fn: async (t) => {
    const starting = startStandalone({ failPoints: true });
    await withServer(starting, async (server) => {
      const admin = await server.admin();
      try {
        for (const [what, expected, spoil] of SPOILT) {
          await spoil(admin);
          const names = (await admin.db("admin").admin().listDatabases()).databases
            .map(({ name }) => name).filter((name) => !["admin", "config", "local"].includes(name));
          await t.step(what, async () => {
            for (const name of names) {
              await assertAgree(server.uri.replace(`/${DATABASE}`, `/${name}`), expected);
            }
          });
          for (const name of names) await admin.db(name).dropDatabase();
        }
        await admin.db("admin").command({
          configureFailPoint: "failCommand",
          mode: "alwaysOn",
          data: { errorCode: 14031, failCommands: ["update", "insert", "findAndModify"] },
        });
        await t.step("a full disk", () => assertAgree(server.uri, "quota-exceeded"));
      } finally {
        await admin.close();
      }
    });
  },
});

agreement(
  "a set that was never initiated",
  "set-not-initiated",
  (check) => withServer(startStandalone({ isUninitiated: true }), ({ uri }) => check(uri)),
);

Deno.test({
  name: `doctor and chat: agree about certificates${skip}`,
  ignore,
  fn: async (t) => {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    const [signer, another] = [await makeAuthority("Signer"), await makeAuthority("Another")];
    const write = async (name: string, text: string) => {
      await Deno.writeTextFile(`${folder}/${name}.pem`, text);
      return `${folder}/${name}.pem`;
    };
    const ca = async (name: string, pem: string) =>
      `?tls=true&tlsCAFile=${encodeURIComponent(await write(name, pem))}`;
    try {
      const trusted = await ca("signer", signer.pem);
      const foreign = await ca("another", another.pem);
      const mine = ["localhost", "127.0.0.1"];
      for (const hosts of [mine, ["other.example"]]) {
        const subject = { hosts, ...VALID };
        const certificateFile = await write("server", await signServer(signer, subject));
        const starting = startStandalone({ certificateFile, requiresTls: true });
        await withServer(starting, async ({ uri }) => {
          if (hosts === mine) {
            await t.step("a trusted one", () => assertAgree(`${uri}${trusted}`, undefined));
            await t.step(
              "a foreign authority",
              () => assertAgree(`${uri}${foreign}`, "certificate-untrusted"),
            );
            await t.step("a server that requires TLS", () => assertAgree(uri, "hung-up"));
          } else {
            await t.step(
              "another host",
              () => assertAgree(`${uri}${trusted}`, "certificate-for-another-host"),
            );
          }
        });
      }
      const certificateFile = `${folder}/server.pem`;
      await write("server", await signServer(signer, { hosts: mine, ...VALID }));
      const clientAuthorityFile = `${folder}/signer.pem`;
      const requiring = startStandalone({ certificateFile, clientAuthorityFile });
      await withServer(requiring, async ({ uri }) => {
        await t.step(
          "a client certificate that is required",
          () => assertAgree(`${uri}${trusted}`, "client-certificate-required"),
        );
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function withSilence(
  work: (port: number) => Promise<void>,
  certificate?: string,
): Promise<void> {
  const place = { hostname: "127.0.0.1", port: 0 };
  const listener = certificate === undefined
    ? Deno.listen(place)
    : Deno.listenTls({ ...place, cert: certificate, key: certificate });
  const connections: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  try {
    await work(listener.addr.port);
  } finally {
    for (const connection of connections) connection.close();
    listener.close();
    await serving;
  }
}

agreement(
  "a silent server, with and without TLS",
  "no-answer",
  (check) =>
    withSilence(async (port) => {
      const uri = `mongodb://a:b@127.0.0.1:${port}/`;
      await Promise.all([check(uri), check(`${uri}?tls=true`)]);
    }),
  false,
);
agreement(
  "a server that is silent in TLS",
  "no-answer",
  async (check) => {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    try {
      const authority = await makeAuthority("Signer");
      await Deno.writeTextFile(`${folder}/ca.pem`, authority.pem);
      const certificate = await signServer(authority, { hosts: ["127.0.0.1"], ...VALID });
      const options = `tls=true&tlsCAFile=${encodeURIComponent(`${folder}/ca.pem`)}`;
      await withSilence(
        (port) => check(`mongodb://a:b@127.0.0.1:${port}/?${options}`),
        certificate,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  false,
);
Deno.test({
  name: "MongoExamination: has passed DNS while a silent server is waited for",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withSilence(async (port) => {
      const end = new AbortController();
      const examination = new MongoExamination({ uri: `mongodb://localhost:${port}/` }, deps);
      const run = async (name: string) =>
        await examination.checks.find((check) => check.name === name)!.run(end.signal);
      await run("string");
      assertEquals((await run("dns")).state, "ok");
      const connecting = run("tcp").then(() => "ended", () => "ended");
      const waits = new Promise((resolve) => setTimeout(resolve, 0, "waits"));
      assertEquals(await Promise.race([connecting, waits]), "waits");
      end.abort();
      assertEquals(await connecting, "ended");
      await examination.close();
    }),
});

agreement(
  "a port that refuses",
  "connection-refused",
  (check) => check("mongodb://a:b@127.0.0.1:1/"),
  false,
);
agreement(
  "a host that is unknown",
  "dns-unknown-host",
  (check) => check("mongodb://a:b@no-such-host.invalid/"),
  false,
);

for (const [name, rcode] of Object.entries(RCODE)) {
  agreement(
    `a DNS server that answers ${name}`,
    "dns-failed",
    (check) =>
      withNameServer(rcode, () => check("mongodb+srv://a:b@cluster0.abcde.mongodb.example/")),
    false,
  );
}

/** Why no test can change the network of a process here; undefined where one can. */
async function whyNoNamespace(): Promise<string | undefined> {
  if (!await isInstalled("unshare")) return "unshare is missing";
  const { success } = await new Deno.Command("unshare", { args: [...NAMESPACE, "true"] }).output();
  return success ? undefined : "no namespaces are allowed";
}

/** Options of unshare for a network without a way out and mounts of its own. */
const NAMESPACE = ["--map-root-user", "--net", "--mount"];
const PROBE = new URL("../support/diagnosis.ts", import.meta.url).pathname;

/**
 * What the doctor and a chat say on a computer without a network.
 *
 * @param nameServer the one of `/etc/resolv.conf`.
 */
async function reasonsApart(
  uri: string,
  { atlas, nameServer }: { atlas: boolean; nameServer: string },
): Promise<unknown> {
  const file = await Deno.makeTempFile({ prefix: "whisper-test-" });
  try {
    await Deno.writeTextFile(file, `nameserver ${nameServer}\n`);
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    const program = [
      Deno.execPath(),
      "run",
      "--no-check",
      ...permissionFlags({ atlas }),
      PROBE,
      uri,
    ];
    const { stdout, stderr } = await new Deno.Command("unshare", {
      args: [...NAMESPACE, "sh", "-c", script, file, ...program],
    }).output();
    const text = new TextDecoder();
    return text.decode(stdout) ? JSON.parse(text.decode(stdout)) : text.decode(stderr);
  } finally {
    await Deno.remove(file);
  }
}

const why = await whyNoNamespace();
const CLUSTER = "mongodb+srv://a:b@cluster0.abcde.mongodb.net/";
/** What a computer cannot reach, as it was set up. */
const APART: [what: string, expected: Reason, uri: string, nameServer: string, atlas: boolean][] = [
  ["no route", "network-unreachable", "mongodb://a:b@192.0.2.1/", "127.0.0.1", false],
  ["no route for IPv6", "network-unreachable", "mongodb://a:b@[2001:db8::1]/", "127.0.0.1", false],
  ["no route to DNS", "dns-failed", CLUSTER, "192.0.2.1", false],
  ["no route to DNS, allowed Atlas", "dns-failed", CLUSTER, "192.0.2.1", true],
  ["no route to an IPv6 name server", "dns-failed", CLUSTER, "2001:db8::1", false],
  ["an IPv6 name server, allowed Atlas", "dns-denied", CLUSTER, "2001:db8::1", true],
];
for (const [what, expected, uri, nameServer, atlas] of APART) {
  Deno.test({
    name: `doctor and chat: agree about ${what}${why ? ` (skipped: ${why})` : ""}`,
    ignore: why !== undefined,
    async fn() {
      assertEquals(await reasonsApart(uri, { atlas, nameServer }), [expected, expected]);
    },
  });
}
