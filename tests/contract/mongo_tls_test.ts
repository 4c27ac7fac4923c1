/**
 * Which servers a client of the relay trusts, with certificates made for the purpose.
 *
 * @module
 */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { Failure } from "../../src/errors.ts";
import { describeFailure } from "../../src/ui/messages/failures.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import { type Authority, makeAuthority, signServer, type Subject } from "../support/certificate.ts";
import { ownServersOrSkip, startStandalone } from "../support/mongod.ts";

const { ignore, skip } = await ownServersOrSkip();

const deps = { clock: systemClock, random: systemRandom };
const VALID = { notBefore: new Date("2020-01-01"), notAfter: new Date("2049-01-01") };
const LOCAL = { hosts: ["localhost", "127.0.0.1"], ...VALID };
const UNTRUSTED = "isn't trusted by this computer";

interface Door {
  readonly what: string;
  readonly subject: Subject;
  /** The authority that the client is told to trust; none: those of the machine. */
  readonly trust: "signer" | "another" | "none";
  /** A part of what the person is told. */
  readonly told: RegExp;
}

const REFUSED: readonly Door[] = [
  { what: "signed by nobody known", subject: LOCAL, trust: "none", told: RegExp(UNTRUSTED) },
  { what: "signed by another", subject: LOCAL, trust: "another", told: RegExp(UNTRUSTED) },
  {
    what: "for another host",
    subject: { ...VALID, hosts: ["other.example"] },
    trust: "signer",
    told: /is for another host/,
  },
  {
    what: "that has expired",
    subject: { ...LOCAL, notAfter: new Date("2021-01-01") },
    trust: "signer",
    // Deno 2.9 reports an expired certificate as one that it cannot verify.
    told: RegExp(`has expired|${UNTRUSTED}`),
  },
  {
    what: "that is not valid yet",
    subject: { ...LOCAL, notBefore: new Date("2048-01-01") },
    trust: "signer",
    told: RegExp(`isn't valid yet|${UNTRUSTED}`),
  },
];

Deno.test({
  name: `mongodb tls: a certificate signed by the authority in tlsCAFile is accepted${skip}`,
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const signer = await makeAuthority("Signer");
      const certificateFile = `${folder}/server.pem`;
      await Deno.writeTextFile(certificateFile, await signServer(signer, LOCAL));
      const server = await startStandalone({ certificateFile });
      try {
        const port = Number(server.nodes[0]!.host.split(":")[1]);
        const uri = await uriOf(folder, port, signer);
        await (await openMongoRelay({ uri }, deps)).close();
      } finally {
        await server.stop();
      }
    }),
});

Deno.test({
  name: `mongodb tls: says so when the server requires a client certificate${skip}`,
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const signer = await makeAuthority("Signer");
      const certificateFile = `${folder}/server.pem`;
      const clientAuthorityFile = `${folder}/ca.pem`;
      await Deno.writeTextFile(certificateFile, await signServer(signer, LOCAL));
      await Deno.writeTextFile(clientAuthorityFile, signer.pem);
      const server = await startStandalone({ certificateFile, clientAuthorityFile });
      try {
        const port = Number(server.nodes[0]!.host.split(":")[1]);
        const uri = await uriOf(folder, port, signer);
        const failure = await assertRejects(() => openMongoRelay({ uri }, deps), Failure);
        assertEquals(failure.reason, "client-certificate-required");
        assertMatch(describeFailure(failure).hint, /client certificate|tlsCertificateKeyFile/);
      } finally {
        await server.stop();
      }
    }),
});

Deno.test("mongodb tls: says so when the key of a client certificate is encrypted or damaged", () =>
  inFolder(async (folder) => {
    const file = `${folder}/client.pem`;
    const body = "MIIFHDBOBgkqhkiG9w0BBQ0wQTApBgkqhkiG9w0BBQwwHAQIAAAAAAAAAAACAggA";
    const key =
      `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}\n-----END ENCRYPTED PRIVATE KEY-----`;
    await Deno.writeTextFile(file, `${key}\n`);
    const uri = `mongodb://localhost:1/?tls=true&tlsCertificateKeyFile=${encodeURIComponent(file)}`;
    const failure = await assertRejects(() => openMongoRelay({ uri }, deps), Failure);
    assertEquals(failure.reason, "tls-file");
    assertMatch(describeFailure(failure).message, /tlsCertificateKeyFile: .*encrypted/);
  }));

for (const { what, subject, trust, told } of REFUSED) {
  Deno.test(`mongodb tls: refuses a certificate ${what}`, () =>
    inFolder(async (folder) => {
      const [signer, another] = [await makeAuthority("Signer"), await makeAuthority("Another")];
      const trusted = { signer, another, none: undefined }[trust];
      const identity = await signServer(signer, subject);
      const [cert, key] = identity.split(/(?=-----BEGIN PRIVATE)/) as [string, string];
      const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
      const serving = shakeHands(listener);
      const uri = await uriOf(folder, listener.addr.port, trusted);
      try {
        await assertUntrusted(uri, told);
        // Deno would use this without any permission.
        Deno.env.set("NODE_TLS_REJECT_UNAUTHORIZED", "0");
        await assertUntrusted(uri, told);
      } finally {
        Deno.env.delete("NODE_TLS_REJECT_UNAUTHORIZED");
        listener.close();
        await serving;
      }
    }));
}

async function assertUntrusted(uri: string, told: RegExp): Promise<void> {
  const failure = await assertRejects(() => openMongoRelay({ uri }, deps), Failure);
  assertEquals(failure.code, "relay-tls", failure.message);
  assertMatch(describeFailure(failure).message, told);
}

/** Lets clients see the certificate, and nothing else. */
async function shakeHands(listener: Deno.TlsListener): Promise<void> {
  for await (const connection of listener) {
    await connection.handshake().catch(() => {});
    connection.close();
  }
}

async function uriOf(
  folder: string,
  port: number,
  trusted: Authority | undefined,
): Promise<string> {
  const uri = `mongodb://localhost:${port}/?tls=true`;
  if (trusted === undefined) return uri;
  await Deno.writeTextFile(`${folder}/ca.pem`, trusted.pem);
  return `${uri}&tlsCAFile=${encodeURIComponent(`${folder}/ca.pem`)}`;
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
