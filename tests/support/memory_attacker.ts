/**
 * Stores documents of megabytes in a room: as envelopes, under other epochs, and in the room itself.
 *
 * @module
 */
import { MongoClient } from "mongodb";

const [uri, room, epoch] = Deno.args as [string, string, string];
const client = await MongoClient.connect(uri);
const db = client.db("whisper");
const large = "x".repeat(8_000_000);
const expiresAt = new Date(Date.now() + 600_000);
const messages = db.collection<{ _id: string }>("messages");
for (let i = 0; i < 20; i++) {
  const place = { room, epoch, from: i % 2 ? "host" : "guest", seq: i, attempt: 0, expiresAt };
  const _id = `${room}.${epoch}.${"a".repeat(20)}${String(i).padStart(2, "0")}`;
  await messages.insertOne({ _id, ...place, token: large } as never);
  await messages.insertOne({ _id: `epoch ${i}`, room, epoch: `${large}${i}`, expiresAt } as never);
}
const past = Array.from({ length: 400_000 }, (_, i) => `epoch-${i}`);
await db.collection("rooms").updateOne({ _id: room as never }, { $set: { past, extra: "x" } });
await client.close();
