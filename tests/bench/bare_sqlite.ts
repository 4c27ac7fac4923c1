/**
 * The least that two programs can do to exchange lines over a SQLite file: a row for each line of
 * input and a byte in a file beside the database, which the peer watches in order to read.
 *
 * Arguments: the path of the database, one's own name, the other's.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";

const [path, own, peer] = Deno.args as [string, string, string];
const db = new DatabaseSync(path);
db.exec(`
  PRAGMA busy_timeout = 1000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS lines (
    n INTEGER PRIMARY KEY, sender TEXT NOT NULL, text TEXT NOT NULL
  ) STRICT;
`);
const insert = db.prepare("INSERT INTO lines (sender, text) VALUES (?, ?)");
const select = db.prepare("SELECT n, text FROM lines WHERE sender = ? AND n > ? ORDER BY n");

const bell = Deno.openSync(`${path}.changed`, { create: true, write: true });
const watcher = Deno.watchFs(`${path}.changed`);
let seen = 0;
const shown = (async () => {
  for await (const { kind } of watcher) {
    if (kind === "access") continue;
    for (const { n, text } of select.all(peer, seen) as { n: number; text: string }[]) {
      seen = n;
      say(text);
    }
  }
})();
say("ready");

const decoder = new TextDecoder();
let rest = "";
for await (const bytes of Deno.stdin.readable) {
  const texts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
  rest = texts.pop()!;
  for (const text of texts) {
    insert.run(own, text);
    bell.seekSync(0, Deno.SeekMode.Start);
    bell.writeSync(Uint8Array.of(1));
  }
}
watcher.close();
await shown;
bell.close();
db.close();

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
