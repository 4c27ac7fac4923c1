import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { systemClock, systemRandom } from "../../../../src/clock.ts";
import { Failure, RelayUnavailable } from "../../../../src/errors.ts";
import type { Reason } from "../../../../src/failure_reasons.ts";
import { describeFailure } from "../../../../src/ui/messages/failures.ts";
import { SqliteExamination } from "../../../../src/relay/sqlite/checks.ts";
import { SCHEMA_VERSION } from "../../../../src/relay/sqlite/database.ts";
import { envelope } from "../../../contract/harness.ts";
import { host, inDirectory, names, open, openOwn } from "./support.ts";

/** Changes the file with a connection of the test's own. */
function alter(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA secure_delete = ON");
    db.exec(sql);
  } finally {
    db.close();
  }
}

/** Makes the file as a chat that died in it would leave it: with a room, and nobody there. */
async function abandon(path: string): Promise<void> {
  const relay = await open(path);
  await host(relay);
  await relay.close();
}

async function assertStorageFailure(
  opening: () => Promise<unknown>,
  reason: Reason,
): Promise<void> {
  const failure = await assertRejects(opening, Failure);
  assertEquals([failure.code, failure.reason], ["relay-storage", reason]);
  assert(describeFailure(failure).hint.length > 0);
}

Deno.test("close: removes every file when the last one closes", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const [first, second] = [await open(path), await open(path)];
    const seat = await host(first);
    await second.claim(seat.room, "guest");
    await first.post(seat, [envelope("host", 1)]);
    await first.leave(seat);
    await second.leave({ ...seat, role: "guest", token: "guest" });
    await first.close();
    assert(names(directory).includes("chat.db"), "a process is still there");
    await second.close();
    assertEquals(names(directory), []);
  }));

Deno.test("close: leaves the file that someone has put in the place of ours", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const ours = await open(path);
    const seat = await host(ours);
    Deno.removeSync(path);
    const theirs = await open(path);
    const { room } = await host(theirs);
    await ours.leave(seat);
    await ours.close();
    const guest = await open(path);
    assert("seat" in await guest.claim(room, "guest"), "the other chat goes on");
    await guest.close();
    await theirs.close();
  }));

Deno.test("close: leaves the file while another room lives in it", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const [one, two] = [await open(path), await open(path)];
    const [first, second] = [await host(one), await host(two)];
    assertEquals(await one.leave(first), { last: true, remaining: 0 });
    await one.close();
    assert(await two.renew(second));
    await two.close();
    assertEquals(names(directory), ["chat.db", "chat.db.bell", "chat.db.lock"]);
    const again = await open(path);
    assert(await again.renew(second), "a room outlives the processes in it");
    await again.leave(second);
    await again.close();
    assertEquals(names(directory), []);
  }));

Deno.test("openSqliteRelay: removes what expired while no process was there", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const relay = await open(path);
    const seat = await host(relay);
    await relay.post(seat, [envelope("host", 1)]);
    await relay.close();
    alter(path, "UPDATE rooms SET expires = 1; UPDATE envelopes SET expires = 1");
    const next = await open(path);
    const db = new DatabaseSync(path);
    const left = db.prepare("SELECT (SELECT count(*) FROM rooms) + count(*) AS n FROM envelopes");
    const { n } = left.get() as { n: number };
    db.close();
    assertEquals(n, 0);
    await next.close();
    assertEquals(names(directory), []);
  }));

Deno.test("openSqliteRelay: leaves nothing of an expired chat in any file while another room lives", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const crashed = await open(path);
    const seat = await host(crashed);
    const token = "only-in-the-crashed-chat-".repeat(500);
    await crashed.post(seat, [envelope("host", 1, { token })]);
    const living = await host(crashed);
    await crashed.close();
    alter(path, `UPDATE envelopes SET expires = 1`);
    alter(path, `UPDATE rooms SET expires = 1 WHERE room = '${seat.room}'`);
    assert(await holds(directory, "only-in-the-crashed-chat"));
    const next = await open(path);
    assertEquals(await holds(directory, "only-in-the-crashed-chat"), false);
    assert(await next.renew(living));
    await next.leave(living);
    await next.close();
  }));

Deno.test("SqliteExamination: removes what a crashed chat left, once it has expired", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const crashed = await open(path);
    const seat = await host(crashed);
    await crashed.post(seat, [envelope("host", 1)]);
    await crashed.close();
    alter(path, "UPDATE rooms SET expires = 1; UPDATE envelopes SET expires = 1");
    const examination = new SqliteExamination({ path, clock: systemClock, random: systemRandom });
    await examination.checks[0]!.run(new AbortController().signal);
    await examination.close();
    assertEquals(names(directory), []);
  }));

/**
 * Whether a file of a directory has a text. By another process: closing a file that it has read, this
 * one would lose its locks on it.
 */
async function holds(directory: string, text: string): Promise<boolean> {
  const args = ["-r", "-q", text, directory];
  const { code } = await new Deno.Command("grep", { args }).output();
  assert(code < 2, "grep failed");
  return code === 0;
}

Deno.test("close: removes what expired while others were there", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const relay = await open(path);
    await host(relay);
    alter(path, "UPDATE rooms SET expires = 1");
    await relay.close();
    assertEquals(names(directory), []);
  }));

Deno.test("leave: leaves nothing of an envelope in any file when the last one leaves", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const [relay, other] = [await open(path), await open(path)];
    const held = await host(other);
    const seat = await host(relay);
    const token = "sought-".repeat(100);
    for (let seq = 1; seq <= 20; seq++) {
      await relay.post(seat, [envelope("host", seq, { token })]);
    }
    // By another process: closing a file that it has read, this one would lose its locks on it.
    const grep = () =>
      new Deno.Command("grep", { args: ["-r", "-l", "sought-", directory], stdout: "null" })
        .output();
    assertEquals((await grep()).code, 0, "the search finds what is there");
    await relay.leave(seat);
    assertEquals((await grep()).code, 1, "grep found something, or failed");
    await relay.close();
    await other.leave(held);
    await other.close();
  }));

Deno.test("openSqliteRelay: makes every file readable for its owner only", () =>
  inDirectory(async (runtime) => {
    const relay = await openOwn(runtime);
    const seat = await host(relay);
    const directory = `${runtime}/whisper`;
    assertEquals((Deno.lstatSync(directory).mode ?? 0) & 0o777, 0o700);
    const files = names(directory);
    const suffixes = ["", ".bell", ".lock", "-shm", "-wal"];
    assertEquals(files, suffixes.map((suffix) => `chat.db${suffix}`).sort());
    for (const file of files) {
      assertEquals((Deno.lstatSync(`${directory}/${file}`).mode ?? 0) & 0o777, 0o600, file);
    }
    await relay.leave(seat);
    await relay.close();
    assertEquals(names(directory), []);
  }));

Deno.test("openSqliteRelay: refuses a directory that others may enter or that cannot be created", () =>
  inDirectory(async (runtime) => {
    await assertStorageFailure(() => openOwn(`${runtime}/none`), "file-denied");
    await assertStorageFailure(() => open(`${runtime}/none/chat.db`), "file-denied");
    Deno.mkdirSync(`${runtime}/whisper`);
    Deno.chmodSync(`${runtime}/whisper`, 0o755);
    await assertStorageFailure(() => openOwn(runtime), "directory-unsafe");
    assertEquals(names(`${runtime}/whisper`), []);
  }));

Deno.test("openSqliteRelay: leaves a file of a newer version alone", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    await abandon(path);
    alter(path, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    const before = Deno.readFileSync(path);
    await assertStorageFailure(() => open(path), "file-newer");
    assertEquals(Deno.readFileSync(path), before);
  }));

Deno.test("openSqliteRelay: replaces a file of an older version unless it is in use", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    await abandon(path);
    alter(path, `PRAGMA user_version = -1`);
    const other = new DatabaseSync(path);
    other.prepare("SELECT count(*) FROM rooms").get();
    await assertStorageFailure(() => open(path), "file-in-use");
    other.close();
    const relay = await open(path);
    await relay.leave(await host(relay));
    await relay.close();
    assertEquals(names(directory), []);
  }));

Deno.test("openSqliteRelay: leaves another program's database alone", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    alter(path, "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
    const before = Deno.readFileSync(path);
    await assertStorageFailure(() => open(path), "file-foreign");
    assertEquals(Deno.readFileSync(path), before);
  }));

Deno.test("openSqliteRelay: leaves a file of another kind alone in a shared directory", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const text = "dear diary ".repeat(1_000);
    Deno.writeTextFileSync(path, text);
    await assertStorageFailure(() => open(path), "file-foreign");
    assertEquals(Deno.readTextFileSync(path), text);
    await assertStorageFailure(() => open(directory), "file-foreign");
  }));

Deno.test("openSqliteRelay: replaces a file of another kind in its own directory", () =>
  inDirectory(async (runtime) => {
    const directory = `${runtime}/whisper`;
    Deno.mkdirSync(directory, { mode: 0o700 });
    for (const rubbish of ["", "x", "rubbish ".repeat(1_000), "\0".repeat(8_192)]) {
      Deno.writeTextFileSync(`${directory}/chat.db`, rubbish);
      Deno.writeTextFileSync(`${directory}/chat.db-wal`, rubbish);
      const relay = await openOwn(runtime);
      await relay.leave(await host(relay));
      await relay.close();
      assertEquals(names(directory), []);
    }
  }));

Deno.test("openSqliteRelay: replaces a damaged file of its own in any directory", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    for (const from of [100, 4_096, 8_192]) {
      await abandon(path);
      const bytes = Deno.readFileSync(path);
      bytes.fill(0x5a, from, from + 2_048);
      Deno.writeFileSync(path, bytes);
      const relay = await open(path);
      await relay.leave(await host(relay));
      await relay.close();
      assertEquals(names(directory), [], `damaged from byte ${from} on`);
    }
  }));

Deno.test("relay: reports a held lock as an outage, after which the operation succeeds", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const relay = await open(path);
    const seat = await host(relay);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const sent = envelope("host", 1);
    const outage = await assertRejects(() => relay.post(seat, [sent]), RelayUnavailable);
    assertEquals(outage.failure.code, "relay-storage");
    other.exec("ROLLBACK");
    other.close();
    await relay.post(seat, [sent]);
    assertEquals((await relay.leave(seat)).remaining, 0);
    await relay.close();
  }));
