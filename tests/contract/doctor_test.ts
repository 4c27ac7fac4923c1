/**
 * `whisper doctor` at real servers: what it finds, that it tells no secret, and that it leaves
 * nothing behind.
 *
 * @module
 */
import { rawOf } from "../../src/terminal/terminal_text.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DoctorCommand } from "../../src/cli/command.ts";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { runDoctor } from "../../src/doctor/run.ts";
import { makeAuthority, signServer } from "../support/certificate.ts";
import {
  DATABASE,
  ownServersOrSkip,
  startReplicaSet,
  startStandalone,
  type TestServer,
} from "../support/mongod.ts";

const { ignore, skip } = await ownServersOrSkip();
const VALID = { notBefore: new Date("2020-01-01"), notAfter: new Date("2049-01-01") };

/** One line of `whisper doctor --json`. */
interface Line {
  readonly event: "check" | "verdict";
  readonly check?: string;
  readonly state?: string;
  readonly says?: string;
  readonly fix?: string | null;
  readonly ready?: boolean;
  readonly first?: string | null;
}

/** Everything the doctor found, by the name of the step. */
interface Found {
  readonly status: number;
  readonly states: Record<string, string>;
  readonly text: string;
  readonly lines: readonly Line[];
}

async function look(
  command: Partial<DoctorCommand>,
  signal = new AbortController().signal,
): Promise<Found> {
  let text = "";
  const status = await runDoctor({
    command: "doctor",
    notify: false,
    relay: undefined,
    poll: false,
    passwordFile: undefined,
    tlsCaFile: undefined,
    proxy: undefined,
    ui: "json",
    color: false,
    debug: false,
    notes: [],
    ...command,
  }, {
    asker: { isInteractive: false, readLine: () => Promise.resolve(null), print() {}, note() {} },
    terminal: {
      input: false,
      output: false,
      kind: undefined,
      size: undefined,
      multiplexer: undefined,
      color: false,
    },
    write: (line) => text += rawOf(line),
    writeJson: (value) => text += `${JSON.stringify(value)}\n`,
    clock: systemClock,
    random: systemRandom,
    goOffline() {},
    signal,
  });
  const lines: Line[] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const steps = lines.filter(({ event }) => event === "check");
  const states = Object.fromEntries(steps.map(({ check, state }) => [check!, state!]));
  return { status, states, text, lines };
}

function lookAt(uri: string, more: Partial<DoctorCommand> = {}): Promise<Found> {
  return look({ relay: { kind: "uri", uri }, ...more });
}

function stepOf({ lines }: Found, name: string): Line {
  return lines.find(({ check }) => check === name)!;
}

const ALL_GOOD = {
  terminal: "ok",
  configuration: "ok",
  string: "ok",
  dns: "ok",
  tcp: "ok",
  tls: "ok",
  access: "ok",
  auth: "ok",
  version: "ok",
  privileges: "ok",
  news: "ok",
  ttl: "ok",
  clock: "ok",
  latency: "ok",
  operations: "ok",
};

async function withServer(
  start: () => Promise<TestServer>,
  work: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await start();
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

async function collectionsOf(server: TestServer): Promise<string[]> {
  const admin = await server.admin();
  try {
    const names = await admin.db(DATABASE).listCollections().toArray();
    return names.map(({ name }) => name).sort();
  } finally {
    await admin.close();
  }
}

Deno.test({
  name: `doctor: reports a replica set and its users${skip}`,
  ignore,
  fn: () =>
    withServer(() => startReplicaSet({ count: 1 }), async (server) => {
      const { user, password, root } = secretsOf(server);

      const good = await lookAt(server.uri);
      assertEquals(good.states, ALL_GOOD);
      assertEquals([good.status, good.lines.at(-1)!.ready], [0, true]);
      assertEquals(stepOf(good, "privileges").says, `readWrite on "${DATABASE}", and nothing else`);
      assertMatch(stepOf(good, "news").says!, /a change stream/);
      assertTellsNone(good, [user, ...password, server.uri]);
      assertEquals(await collectionsOf(server), [], "nothing was made");

      const polling = await lookAt(server.uri, { poll: true });
      assertMatch(stepOf(polling, "news").says!, /^polling/);

      const wrong = await lookAt(server.uri.replace(/:[^:@]*@/, ":wrong-word@"));
      assertEquals([wrong.status, wrong.states["auth"]], [3, "failed"]);
      assertEquals([wrong.states["access"], wrong.states["version"]], ["ok", "skipped"]);
      assertEquals(wrong.lines.at(-1)!.first, stepOf(wrong, "auth").fix);
      assertTellsNone(wrong, [user, "wrong-word"]);

      const elsewhere = await lookAt(server.uri.replace(`/${DATABASE}?`, "/another?"));
      assertEquals([elsewhere.status, elsewhere.states["privileges"]], [3, "failed"]);

      const mighty = await lookAt(root);
      assertEquals([mighty.status, mighty.states["privileges"]], [0, "warning"]);
    }),
});

Deno.test({
  name: `doctor: fails on an index that is not Whisper's${skip}`,
  ignore,
  fn: () =>
    withServer(() => startStandalone(), async (server) => {
      const admin = await server.admin();
      try {
        const messages = admin.db(DATABASE).collection("messages");
        await messages.createIndex({ expiresAt: 1 }, { name: "expiry", expireAfterSeconds: 60 });
        const found = await lookAt(server.uri);
        assertEquals([found.status, found.states["ttl"]], [3, "failed"]);
        await messages.dropIndex("expiry");
        await messages.createIndex({ expiresAt: 1 }, { name: "expiry", expireAfterSeconds: 0 });
      } finally {
        await admin.close();
      }
      assertEquals((await lookAt(server.uri)).states["ttl"], "ok");
    }),
});

Deno.test({
  name: `doctor: warns of polling at a standalone server${skip}`,
  ignore,
  fn: () =>
    withServer(() => startStandalone(), async (server) => {
      const found = await lookAt(server.uri);
      assertEquals(found.states, { ...ALL_GOOD, news: "warning" });
      assertEquals(found.status, 0);
      assertMatch(stepOf(found, "operations").says!, /polls up to 4 times a second/);
      assertEquals(await collectionsOf(server), [], "nothing was made");
    }),
});

Deno.test({
  name: `doctor: checks TLS against the named authority${skip}`,
  ignore,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    try {
      const [signer, another] = [await makeAuthority("Signer"), await makeAuthority("Another")];
      const certificateFile = `${folder}/server.pem`;
      const hosts = ["localhost", "127.0.0.1"];
      await Deno.writeTextFile(certificateFile, await signServer(signer, { hosts, ...VALID }));
      await Deno.writeTextFile(`${folder}/signer.pem`, signer.pem);
      await Deno.writeTextFile(`${folder}/another.pem`, another.pem);
      await withServer(() => startStandalone({ certificateFile }), async (server) => {
        const tls = (more = "") => `${server.uri}?tls=true${more}`;
        const ca = (name: string) => `&tlsCAFile=${encodeURIComponent(`${folder}/${name}.pem`)}`;

        const trusted = await lookAt(tls(ca("signer")));
        assertEquals(trusted.states, { ...ALL_GOOD, news: "warning" });
        const named = await lookAt(server.uri, { tlsCaFile: `${folder}/signer.pem` });
        assertEquals(named.states, { ...ALL_GOOD, news: "warning" });
        assertMatch(stepOf(named, "tls").says!, /certificate is trusted/);

        for (const uri of [tls(ca("another")), tls()]) {
          const refused = await lookAt(uri);
          assertEquals([refused.status, refused.states["tls"]], [3, "failed"]);
          assertEquals([refused.states["tcp"], refused.states["access"]], ["ok", "skipped"]);
        }
        const missing = await lookAt(tls(ca("nowhere")));
        assertEquals([missing.status, missing.states["string"]], [3, "failed"]);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("doctor: points at the access list when a connection ends before TLS", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    // As Atlas does to an address that is not on its list: a fatal alert, "internal error".
    const alert = Uint8Array.of(0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50);
    for await (const connection of listener) {
      const hello = new Uint8Array(4_096);
      if (await connection.read(hello) !== null) await connection.write(alert);
      connection.close();
    }
  })();
  try {
    const found = await lookAt(`mongodb://localhost:${listener.addr.port}/?tls=true`);
    assertEquals([found.status, found.states["tls"]], [3, "unknown"]);
    assertEquals(found.states["access"], "failed");
    assertMatch(stepOf(found, "access").fix!, /Network Access/);
  } finally {
    listener.close();
    await serving;
  }
});

Deno.test("doctor: reports a port that is closed", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const found = await lookAt(`mongodb://alice:s3cret-word@127.0.0.1:${port}/`);
  assertEquals([found.status, found.states["tcp"]], [3, "failed"]);
  assertEquals([found.states["dns"], found.states["tls"]], ["ok", "skipped"]);
  assertTellsNone(found, ["alice", "s3cret-word"]);
});

Deno.test("doctor: reports an invalid connection string and a missing password as steps", async () => {
  const odd = await lookAt("mongodb://alice:s3cret/word@");
  assertEquals([odd.status, odd.states["configuration"]], [3, "failed"]);
  assertTellsNone(odd, ["s3cret", "alice"]);
  const silent = await lookAt("mongodb+srv://alice:<db_password>@cluster0.abcde.mongodb.net/");
  assertEquals([silent.status, silent.states["configuration"]], [3, "failed"]);
  assertMatch(silent.lines.at(-1)!.first!, /--password-file/);
});

Deno.test("doctor: ends at once when interrupted in the middle of a step", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stop = new AbortController();
  const connections: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      // It waits for an answer that never comes.
      stop.abort();
    }
  })();
  try {
    const uri = `mongodb://localhost:${listener.addr.port}/?tls=true`;
    const found = await look({ relay: { kind: "uri", uri } }, stop.signal);
    assertEquals(found.status, 130);
    assertEquals([found.states["string"], found.states["tcp"]], ["ok", undefined]);
  } finally {
    for (const connection of connections) connection.close();
    listener.close();
    await serving;
  }
});

Deno.test("doctor: checks the local relay", async () => {
  const found = await look({ relay: { kind: "local" } });
  assertEquals(found.states, {
    terminal: "ok",
    configuration: "ok",
    folder: "ok",
    room: "ok",
    latency: "ok",
    left: "ok",
  });
  assertEquals(found.status, 0);
  assertEquals(stepOf(found, "left").says, "0 documents remain");
});

/** What no line may tell. */
function assertTellsNone({ text }: Found, secrets: readonly string[]): void {
  for (const secret of secrets) assert(!text.includes(secret), `tells ${secret}: ${text}`);
  assert(!/mongodb(?:\+srv)?:\/\//.test(text), `repeats a connection string: ${text}`);
}

/** The ordinary user's words as they are and as they are flagSyntax, and the administrator's string. */
function secretsOf({ uri }: TestServer): { user: string; password: string[]; root: string } {
  const [, user, password] = /\/\/([^:]*):([^@]*)@/.exec(uri)!;
  return {
    user: `${user}:`,
    password: [password!, decodeURIComponent(password!)],
    root: uri.replace(/\/\/[^@]*@/, `//root:${encodeURIComponent("root-p@ss/word")}@`),
  };
}
