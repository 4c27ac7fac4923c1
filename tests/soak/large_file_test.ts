/**
 * A gigabyte between two real programs, through a network that drops every connection every ten seconds.
 * With SOAK=1; `FILES_SOAK_MB` sets another size.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { Program } from "../bench/program.ts";
import { ownServersOrSkip, startReplicaSet } from "../support/mongod.ts";
import { Network } from "../support/proxy.ts";

const MEGABYTES = Number(Deno.env.get("FILES_SOAK_MB") ?? 1_000);
const DROP_EVERY_MS = 10_000;

const { ignore, skip } = Deno.env.get("SOAK") === "1"
  ? await ownServersOrSkip()
  : { ignore: true, skip: " (skipped: SOAK=1 runs it)" };

/** Writes random bytes, and returns their hash. */
async function writeRandom(path: string): Promise<string> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const hash = createHash("sha256");
  for (let n = 0; n < MEGABYTES; n++) {
    const bytes = new Uint8Array(1_000_000);
    for (let at = 0; at < bytes.length; at += 50_000) {
      crypto.getRandomValues(bytes.subarray(at, at + 50_000));
    }
    hash.update(bytes);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
  return hash.digest("hex");
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const bytes of file.readable) hash.update(bytes);
  return hash.digest("hex");
}

Deno.test({
  name: `files: a gigabyte survives a network that drops every ten seconds${skip}`,
  ignore,
  async fn() {
    const server = await startReplicaSet({ count: 1 });
    const network = await Network.open(server);
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    let drops = 0;
    const dropping = setInterval(() => {
      network.all((proxy) => proxy.reset());
      drops++;
    }, DROP_EVERY_MS);
    try {
      await Deno.mkdir(`${folder}/into`);
      const hash = await writeRandom(`${folder}/large`);
      const env = { WHISPER_URI: network.uri, XDG_CONFIG_HOME: `${folder}/none` };
      const run = (...args: string[]) => Program.whisper([...args, "--json"], env);
      const sender = run("send", `${folder}/large`, "--name", "A");
      const invite = await sender.next((line) => line.includes('"event":"invite"'));
      const lines: string[] = [];
      const receiver = run(
        ...["receive", JSON.parse(invite.text).code, "--name", "B"],
        ...["--into", `${folder}/into`, "--yes"],
      );
      const over = Promise.withResolvers<void>();
      for (const side of [sender, receiver]) {
        side.onLine(({ text }) => {
          lines.push(text);
          if (text.includes('"event":"closed"') || text.includes('"fatal":true')) over.resolve();
        });
      }
      await over.promise;
      await Promise.all([sender.end(), receiver.end()]);
      const events = lines.map((line) => JSON.parse(line));
      const count = (state: string) => events.filter((event) => event.state === state).length;
      assertEquals([count("received"), count("delivered"), count("failed")], [1, 1, 0]);
      assertEquals(events.filter(({ event }) => event === "alarm"), []);
      assertEquals([...Deno.readDirSync(`${folder}/into`)].map(({ name }) => name), ["large"]);
      assertEquals(await hashOf(`${folder}/into/large`), hash);
      assert(drops > 0, "the network never dropped");
      console.log(`${MEGABYTES} MB through ${drops} drops`);
    } finally {
      clearInterval(dropping);
      await network.close();
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
