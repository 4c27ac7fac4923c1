/**
 * The least that two programs can do to exchange lines over MongoDB: one `insertOne` with
 * `w: "majority"` for each line of input, one change stream for those of the other.
 *
 * Arguments: the connection string, one's own name, the other's.
 *
 * @module
 */
import { MongoClient } from "mongodb";

const [uri, own, peer] = Deno.args as [string, string, string];
const client = await new MongoClient(uri, { writeConcern: { w: "majority" } }).connect();
const lines = client.db().collection<{ from: string; text: string }>("bare");
await lines.insertOne({ from: "nobody", text: "" });

const stream = lines.watch<{ from: string; text: string }>([
  { $match: { operationType: "insert", "fullDocument.from": peer } },
]);
const shown = (async () => {
  try {
    for await (const event of stream) {
      if (event.operationType === "insert") say(event.fullDocument.text);
    }
  } catch {
    // Closed below.
  }
})();
// The stream is open once the server has answered its first request.
await new Promise<void>((resolve) => stream.once("resumeTokenChanged", () => resolve()));
say("ready");

const decoder = new TextDecoder();
const pending = new Set<Promise<unknown>>();
let rest = "";
for await (const bytes of Deno.stdin.readable) {
  const texts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
  rest = texts.pop()!;
  for (const text of texts) {
    const insert = lines.insertOne({ from: own, text });
    pending.add(insert);
    insert.finally(() => pending.delete(insert));
  }
}
await Promise.all(pending);
await stream.close();
await shown;
await client.close();

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
