/**
 * The least that two programs can do to move bytes over MongoDB: one inserts them in documents as large
 * as a chunk, eight at a time and with `w: "majority"`, the other reads them from a change stream.
 *
 * Arguments: the connection string, `write` or `read`, and the number of documents.
 *
 * @module
 */
import { Binary, MongoClient } from "mongodb";

const [uri, role, count] = Deno.args as [string, "write" | "read", string];
const client = await new MongoClient(uri, { writeConcern: { w: "majority" } }).connect();
const chunks = client.db().collection("bare_files");
if (role === "read") {
  await chunks.insertOne({ none: true });
  const stream = chunks.watch([{ $match: { "fullDocument.bytes": { $exists: true } } }]);
  const read = (async () => {
    let left = Number(count);
    for await (const _ of stream) if (--left === 0) break;
  })();
  // The stream is open once the server has answered its first request.
  await new Promise<void>((resolve) => stream.once("resumeTokenChanged", () => resolve()));
  console.log("ready");
  await read;
  console.log("done");
  await stream.close();
} else {
  const bytes = new Binary(crypto.getRandomValues(new Uint8Array(44_544)));
  for (let left = Number(count); left > 0; left -= 8) {
    await chunks.insertMany(Array.from({ length: Math.min(8, left) }, () => ({ bytes })));
  }
}
await client.close();
