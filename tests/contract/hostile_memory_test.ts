/**
 * How much memory a relay's client takes while another client stores documents of megabytes where it
 * reads, and a whole program in a flood: in processes of their own, for a peak is never given back.
 * With SOAK=1.
 *
 * @module
 */
import { assert } from "@std/assert";
import { MongoClient } from "mongodb";
import { systemRandom } from "../../src/clock.ts";
import { encodeBase64Url } from "../../src/base64url.ts";
import { alternate, pause, whisperPair } from "../bench/pairs.ts";
import { isOwnServer, mongodAvailable, startReplicaSet } from "../support/mongod.ts";

const available = await mongodAvailable();
const why = Deno.env.get("SOAK") !== "1"
  ? "takes a minute; SOAK=1 runs it"
  : available.ok
  ? isOwnServer ? "a server of one's own" : Deno.build.os === "linux" ? "" : "needs /proc"
  : available.why;
const ignore = why !== "";
const skip = ignore ? ` (skipped: ${why})` : "";
/** Of the peak without an attack. */
const MAX_RATIO = 1.5;

Deno.test({
  name: `MongoRelay: takes no more memory when documents of megabytes lie in its way${skip}`,
  ignore,
  async fn() {
    const server = await startReplicaSet({ count: 1, auth: false });
    try {
      const calm = await peak(server.uri, "calm");
      const attacked = await peak(server.uri, "attacked");
      const told = `calm ${calm} kB, attacked ${attacked} kB`;
      assert(attacked <= MAX_RATIO * calm, told);
    } finally {
      await server.stop();
    }
  },
});

/** What lies in the way: random heads with short or the longest tokens, far ahead or under what is next. */
const FLOODS = [
  { what: "short ones far ahead", batch: 1_000, tokenBytes: 120, seqOf: (i: number) => 1_000 + i },
  { what: "short ones of the next number", batch: 1_000, tokenBytes: 120, seqOf: next },
  { what: "long ones far ahead", batch: 50, tokenBytes: 48_000, seqOf: (i: number) => 1_000 + i },
  { what: "long ones of the next number", batch: 50, tokenBytes: 48_000, seqOf: next },
];
/** Texts of each side before the flood, after which memory has its usual size. */
const CALM_TEXTS = 200;
const FLOOD_MS = 30_000;

for (const { what, batch, tokenBytes, seqOf } of FLOODS) {
  Deno.test({
    name: `chat: takes no more memory in a flood of forgeries, ${what}${skip}`,
    ignore,
    async fn() {
      const server = await startReplicaSet({ count: 1, auth: false });
      const attacker = await MongoClient.connect(server.uri, { writeConcern: { w: 1 } });
      try {
        const pair = await whisperPair({ WHISPER_URI: server.uri });
        await alternate(pair, 2 * CALM_TEXTS);
        const calm = await Promise.all(pair.sides.map(({ pid }) => peakOf(pid)));
        const flooding = flood(attacker, { batch, tokenBytes, seqOf });
        while (!await Promise.race([flooding.then(() => true), pause(2_000)])) {
          await alternate(pair, 2);
        }
        const flooded = await Promise.all(pair.sides.map(({ pid }) => peakOf(pid)));
        await pair.end();
        const told = `calm ${calm} kB, flooded ${flooded} kB, ${await flooding} forgeries`;
        for (const [i, peak] of flooded.entries()) assert(peak <= MAX_RATIO * calm[i]!, told);
      } finally {
        await attacker.close();
        await server.stop();
      }
    },
  });
}

/** About the numbers of what is said during the flood. */
function next(i: number): number {
  return CALM_TEXTS + 10 + i % 16;
}

/** Stores forgeries in the one room there is; how many. */
async function flood(
  client: MongoClient,
  options: { batch: number; tokenBytes: number; seqOf: (i: number) => number },
): Promise<number> {
  const db = client.db("whisper");
  const room = (await db.collection("rooms").findOne())!;
  const place = { room: room._id, epoch: room["epoch"], attempt: 0 };
  const expiresAt = new Date(Date.now() + 600_000);
  const end = performance.now() + FLOOD_MS;
  let count = 0;
  while (performance.now() < end) {
    const documents = Array.from({ length: options.batch }, (_, i) => ({
      _id: `${room._id}.${room["epoch"]}.${encodeBase64Url(systemRandom(16))}`,
      ...{ ...place, from: i % 2 ? "host" : "guest", seq: options.seqOf(i >> 1), expiresAt },
      head: systemRandom(65),
      token: `gAAAAA${encodeBase64Url(systemRandom(options.tokenBytes))}`,
    }));
    await db.collection("messages").insertMany(documents as never, { ordered: false });
    count += documents.length;
  }
  return count;
}

async function peakOf(pid: number): Promise<number> {
  return Number(/VmHWM:\s*(\d+)/.exec(await Deno.readTextFile(`/proc/${pid}/status`))![1]);
}

/** The peak resident memory of a client, in kB. */
async function peak(uri: string, how: "calm" | "attacked"): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "tests/support/memory_victim.ts", uri, how],
  }).output();
  const text = new TextDecoder();
  assert(success, text.decode(stderr));
  return Number(text.decode(stdout).trim().split("\n").at(-1));
}
