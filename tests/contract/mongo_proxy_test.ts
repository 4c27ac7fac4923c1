/**
 * A relay in MongoDB behind a proxy, which looks up all names: SOCKS5 and HTTP CONNECT, with TLS and
 * without, through relay links that carry the authority's certificate.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseProxy } from "../../src/cli/proxy.ts";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { Failure } from "../../src/errors.ts";
import { describeFailure } from "../../src/ui/messages/failures.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import { examine } from "../../src/relay/open.ts";
import { expandRelay, relayLinkTo } from "../../src/relay/open.ts";
import { makeAuthority, signServer } from "../support/certificate.ts";
import { CountingProxy, type ProxyOptions } from "../support/counting_proxy.ts";
import { ownServersOrSkip, startStandalone } from "../support/mongod.ts";

const { ignore, skip } = await ownServersOrSkip();

const deps = { clock: systemClock, random: systemRandom };
/** A name that no name server knows (RFC 7686). */
const ONION = "whispertest234567whispertest234567whispertest234567abcde.onion";
const NOWHERE = "mongodb://relay.invalid:27017/";

/** The failure of opening a relay at `uri` through a proxy. */
async function failureThrough(options: ProxyOptions, url = "", uri = NOWHERE): Promise<Failure> {
  await using proxy = new CountingProxy(options);
  const address = parseProxy(url || proxy.url, "--proxy");
  const opening = openMongoRelay({ uri, proxy: address }, deps);
  const failure = await assertRejects(() => opening, Failure);
  assertEquals(failure.code, uri === NOWHERE ? "relay-unreachable" : "relay-uri");
  assert(describeFailure(failure).message.endsWith("."));
  return failure;
}

Deno.test({
  name: `mongodb proxy: reaches a server with TLS by a name that only the proxy knows${skip}`,
  ignore,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    const signer = await makeAuthority("Signer");
    const certificateFile = `${folder}/server.pem`;
    const valid = { notBefore: new Date("2020-01-01"), notAfter: new Date("2049-01-01") };
    await Deno.writeTextFile(
      certificateFile,
      await signServer(signer, { hosts: [ONION], ...valid }),
    );
    await Deno.writeTextFile(`${folder}/ca.pem`, signer.pem);
    const server = await startStandalone({ certificateFile });
    try {
      const port = Number(server.nodes[0]!.host.split(":")[1]);
      const hosts = { [ONION]: { hostname: "127.0.0.1", port } };
      const settings = {
        kind: "mongodb" as const,
        uri: `mongodb://${ONION}:27017/?directConnection=true`,
        tlsCaFile: `${folder}/ca.pem`,
      };
      const { uri, authorities } = expandRelay(relayLinkTo(settings));
      for (const kind of ["socks5", "http"] as const) {
        await using proxy = new CountingProxy({ kind, hosts });
        const address = parseProxy(proxy.url, "--proxy");
        const relay = await openMongoRelay({ uri, authorities, proxy: address }, deps);
        await relay.close();
        assert(proxy.asked.length > 0 && proxy.asked.every((to) => to === `${ONION}:27017`), kind);
      }
    } finally {
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    `mongodb proxy: logs in once for each chat with a login of its own, or the given one${skip}`,
  ignore,
  fn: async () => {
    const server = await startStandalone();
    try {
      const uri = `mongodb://${server.nodes[0]!.host}/`;
      await using proxy = new CountingProxy();
      const address = parseProxy(proxy.url, "--proxy");
      const chats: Set<string>[] = [];
      for (let chat = 0; chat < 2; chat++) {
        const relay = await openMongoRelay({ uri, proxy: address }, deps);
        await relay.close();
        chats.push(new Set(proxy.logins.splice(0)));
      }
      assertEquals(chats.map(({ size }) => size), [1, 1]);
      assert(!chats[0]!.isSupersetOf(chats[1]!), "two chats shared a login");

      for (const kind of ["socks5", "http"] as const) {
        const login = { user: "ann", password: "p@ss:word" };
        await using own = new CountingProxy({ kind, login });
        const url = own.url.replace("//", "//ann:p%40ss:word@");
        const given = parseProxy(url, "--proxy");
        await (await openMongoRelay({ uri, proxy: given }, deps)).close();
        assertEquals([...new Set(own.logins)], ["ann:p@ss:word"]);
      }
    } finally {
      await server.stop();
    }
  },
});

const login = { user: "ann", password: "secret" };
for (
  const [what, options, reason, word] of [
    ["that takes no login but its own", { login }, "proxy-login", "requires"],
    ["that does not allow the relay", { refuseWith: 2 }, "proxy-denied", "allow"],
    ["that requires a login", { kind: "http", login }, "proxy-login", "requires"],
    ["that forbids the port", { kind: "http", refuseWith: 403 }, "proxy-denied", "allow"],
    ["whose relay refuses it", { refuseWith: 5 }, "proxy-relay", "refused"],
  ] as const
) {
  const kind = "kind" in options ? "HTTP" : "SOCKS5";
  Deno.test(`mongodb proxy: says so at a ${kind} proxy ${what}`, async () => {
    const failure = await failureThrough(options);
    assertEquals(failure.reason, reason);
    assert(describeFailure(failure).message.includes(word));
  });
}

Deno.test("mongodb proxy: says so when nothing listens there, or something else does", async () => {
  const gone = new CountingProxy();
  gone.stop();
  assertEquals((await failureThrough({}, gone.url)).reason, "proxy-unreachable");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
      connection.close();
    }
  })();
  const wrong = `socks5://127.0.0.1:${listener.addr.port}`;
  assertEquals((await failureThrough({}, wrong)).reason, "proxy-protocol");
  listener.close();
  await serving;
});

Deno.test("mongodb proxy: refuses connection strings that need a name server or name a proxy", async () => {
  const cases = [
    ["mongodb+srv://a:b@cluster0.abcde.mongodb.net/", "srv-behind-proxy"],
    ["mongodb://h/?proxyHost=10.0.0.1&proxyPort=1080", "uri-proxy-option"],
  ] as const;
  for (const [uri, reason] of cases) {
    const opening = openMongoRelay({ uri, proxy: parseProxy("socks5://127.0.0.1:1", "-") }, deps);
    assertEquals((await assertRejects(() => opening, Failure)).reason, reason);
  }
});

/** The steps of the doctor up to the first that fails, each with its state. */
async function stepsThrough(url: string, uri = NOWHERE): Promise<string[]> {
  const settings = { kind: "mongodb" as const, uri, proxy: parseProxy(url, "--proxy") };
  const examination = await examine(settings, deps);
  const steps: string[] = [];
  try {
    for (const { name, run } of examination.checks) {
      try {
        const { state } = await run(new AbortController().signal);
        steps.push(`${name} ${state}`);
        if (name === "tcp") break;
      } catch (error) {
        assert(error instanceof Failure);
        steps.push(`${name} failed`);
        break;
      }
    }
    return steps;
  } finally {
    await examination.close();
  }
}

Deno.test("doctor: says at which step the way through a proxy ends", async () => {
  const gone = new CountingProxy();
  gone.stop();
  assertEquals(await stepsThrough(gone.url), ["string ok", "proxy failed"]);
  await using own = new CountingProxy({ login });
  const reached = ["string ok", "proxy ok"];
  assertEquals(await stepsThrough(own.url), [...reached, "proxy-login failed"]);
  await using refusing = new CountingProxy({ refuseWith: 5 });
  const accepted = [...reached, "proxy-login ok", "dns ok"];
  assertEquals(await stepsThrough(refusing.url), [...accepted, "tcp failed"]);
});

Deno.test({
  name: `doctor: goes through a proxy step by step to a relay that answers${skip}`,
  ignore,
  fn: async () => {
    const server = await startStandalone();
    await using proxy = new CountingProxy();
    try {
      const steps = await stepsThrough(proxy.url, `mongodb://${server.nodes[0]!.host}/`);
      const wanted = ["string ok", "proxy ok", "proxy-login ok", "dns ok", "tcp ok"];
      assertEquals(steps, wanted);
    } finally {
      await server.stop();
    }
  },
});
