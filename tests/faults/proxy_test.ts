/**
 * The proxy itself: a fault test proves nothing if its faults do not happen.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { Network, Proxy } from "../support/proxy.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

/** A server that says back what it hears, until its client ends. */
class Echo {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving = this.#serve();
  heard = "";

  get port(): number {
    return this.#listener.addr.port;
  }

  async close(): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const answers: Promise<void>[] = [];
    for await (const connection of this.#listener) answers.push(this.#answer(connection));
    await Promise.all(answers);
  }

  async #answer(connection: Deno.Conn): Promise<void> {
    try {
      for await (const chunk of connection.readable) {
        this.heard += text(chunk);
        const writer = (connection as Deno.TcpConn).writable.getWriter();
        await writer.write(chunk);
        writer.releaseLock();
      }
      connection.close();
    } catch {
      // Reset, as some tests want it.
    }
  }
}

async function test(
  run: (proxy: Proxy, echo: Echo, connect: () => Promise<Deno.TcpConn>) => Promise<void>,
): Promise<void> {
  const echo = new Echo();
  const proxy = await Proxy.open(echo.port);
  const clients: Deno.TcpConn[] = [];
  try {
    await run(proxy, echo, async () => {
      const client = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
      clients.push(client);
      return client;
    });
  } finally {
    for (const client of clients) client.close();
    await proxy.close();
    await echo.close();
  }
}

async function said(client: Deno.TcpConn): Promise<string | null> {
  const buffer = new Uint8Array(1 << 16);
  const count = await client.read(buffer);
  return count === null ? null : text(buffer.subarray(0, count));
}

async function ask(client: Deno.TcpConn, what: string): Promise<string | null> {
  await client.write(bytes(what));
  return await said(client);
}

/** Resolves when what was written before through another connection has passed. */
async function settled(connect: () => Promise<Deno.TcpConn>): Promise<void> {
  assertEquals(await ask(await connect(), "settled"), "settled");
}

Deno.test("proxy: passes bytes both ways with its delay", () =>
  test(async (proxy, _, connect) => {
    const client = await connect();
    assertEquals(await ask(client, "hello"), "hello");
    proxy.conditions = { delayMs: 60, jitterMs: 10 };
    const before = performance.now();
    assertEquals(await ask(client, "late"), "late");
    assertGreater(performance.now() - before, 115);
  }));

Deno.test("proxy: limits bandwidth", () =>
  test(async (proxy, _, connect) => {
    const client = await connect();
    proxy.conditions = { bytesPerSecond: 10_000 };
    const before = performance.now();
    for (let i = 0; i < 3; i++) assertEquals(await ask(client, "x".repeat(500)), "x".repeat(500));
    assertGreater(performance.now() - before, 95);
  }));

Deno.test("proxy: passes nothing through a black hole, and resumes afterwards", () =>
  test(async (proxy, echo, connect) => {
    const client = await connect();
    await ask(client, "before");
    proxy.blackhole();
    await client.write(bytes("held"));
    const answer = said(client);
    const other = connect();
    assertEquals(echo.heard, "before");
    proxy.heal();
    assertEquals(await answer, "held");
    assertEquals(await ask(await other, "new"), "new");
  }));

Deno.test("proxy: silences a stranded connection for ever while a new one works", () =>
  test(async (proxy, echo, connect) => {
    const client = await connect();
    await ask(client, "before");
    proxy.strand();
    await client.write(bytes("lost"));
    await settled(connect);
    proxy.heal();
    await settled(connect);
    assertEquals(echo.heard, "beforesettledsettled");
  }));

Deno.test("proxy: resumes a stalled connection, and a new one works meanwhile", () =>
  test(async (proxy, echo, connect) => {
    const client = await connect();
    await ask(client, "before");
    proxy.hold();
    await client.write(bytes("held"));
    await settled(connect);
    while (!proxy.isHolding) await new Promise((next) => setTimeout(next, 1));
    assertEquals(echo.heard, "beforesettled");
    proxy.heal();
    assertEquals(await said(client), "held");
  }));

Deno.test("proxy: accepts connections and answers nothing when silent", () =>
  test(async (proxy, echo, connect) => {
    proxy.silence();
    const client = await connect();
    await client.write(bytes("lost"));
    proxy.heal();
    await settled(connect);
    assertEquals(echo.heard, "settled");
  }));

Deno.test("proxy: resets and refuses connections", () =>
  test(async (proxy, _, connect) => {
    const client = await connect();
    await ask(client, "before");
    proxy.reset();
    await assertRejects(() => said(client), Deno.errors.ConnectionReset);
    proxy.refuse();
    await assertRejects(async () => await said(await connect()), Deno.errors.ConnectionReset);
    assertEquals(proxy.connections, 0);
  }));

Deno.test("proxy: ends a half-closed connection for its reader alone", () =>
  test(async (proxy, echo, connect) => {
    const client = await connect();
    await ask(client, "before");
    proxy.halfClose();
    assertEquals(await said(client), null);
    await client.write(bytes("more"));
    await settled(connect);
    assert(echo.heard.includes("more"));
  }));

Deno.test("proxy: resets a connection when its budget is spent", () =>
  test(async (proxy, _, connect) => {
    const client = await connect();
    proxy.budget(20, () => proxy.reset());
    assertEquals(await ask(client, "0123456789"), "0123456789");
    await client.write(bytes("x"));
    await assertRejects(() => said(client), Deno.errors.ConnectionReset);
  }));

Deno.test("network: replaces a server's own address by the proxy's in any fragmentation", async () => {
  const echo = new Echo();
  const node = { host: `127.0.0.1:${echo.port}` };
  const network = await Network.open({ uri: `mongodb://${node.host}/`, nodes: [node] });
  const proxy = network.to(node);
  assertEquals(network.uri, `mongodb://127.0.0.1:${proxy.port}/`);
  const sentence = `127.0.0.1 is ${node.host}\0 and 127.0.0.1:1\0, not 127.0.${node.host}\0.`;
  for (let cut = 1; cut < sentence.length; cut++) {
    const client = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
    await client.write(bytes(sentence.slice(0, cut)));
    // What can be told apart comes at once; the rest with its continuation.
    let heard = "";
    await client.write(bytes(sentence.slice(cut)));
    while (heard.length < sentence.length) heard += await said(client);
    assertEquals(heard, sentence.replaceAll(String(echo.port), String(proxy.port)));
    client.close();
  }
  await network.close();
  await echo.close();
});
