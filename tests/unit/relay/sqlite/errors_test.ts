import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { Failure, RelayUnavailable } from "../../../../src/errors.ts";
import { relayError } from "../../../../src/relay/sqlite/errors.ts";
import { describeFailure } from "../../../../src/ui/messages/failures.ts";
import { inDirectory } from "./support.ts";

/** What `action` throws. */
function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

function assertPasses(error: unknown, text: string): void {
  const outage = relayError(error, "chat.db");
  assertInstanceOf(outage, RelayUnavailable);
  assertStringIncludes(describeFailure(outage.failure).message, text);
  assertEquals(outage.cause, error);
}

function assertStays(error: unknown, text: string): void {
  const failure = relayError(error, "chat.db");
  assertInstanceOf(failure, Failure);
  assertEquals(failure.code, "relay-storage");
  assertStringIncludes(describeFailure(failure).message, text);
  assertEquals(failure.cause, error);
}

Deno.test("relayError: makes a full disk an outage, however SQLite reports it", () => {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE t (a); PRAGMA max_page_count = 2");
  assertPasses(thrown(() => db.exec("INSERT INTO t VALUES (zeroblob(100000))")), "disk is full");
  const insert = db.prepare("INSERT INTO t VALUES (zeroblob(100000))");
  assertPasses(thrown(() => insert.run()), "disk is full");
  db.close();
  assertPasses(Object.assign(new Error("os error 28"), { code: "ENOSPC" }), "disk is full");
});

Deno.test("relayError: makes a lock an outage", () =>
  inDirectory((directory) => {
    const [one, two] = [1, 2].map(() => new DatabaseSync(`${directory}/chat.db`));
    one!.exec("CREATE TABLE t (a); BEGIN IMMEDIATE");
    two!.exec("PRAGMA busy_timeout = 0");
    assertPasses(thrown(() => two!.exec("BEGIN IMMEDIATE")), "another program has locked it");
    one!.close();
    two!.close();
    return Promise.resolve();
  }));

Deno.test("relayError: makes a file that cannot be opened, written or read a failure", () =>
  inDirectory((directory) => {
    const open = (path: string) => () => new DatabaseSync(path).exec("SELECT * FROM sqlite_schema");
    assertStays(thrown(open(`${directory}/none/chat.db`)), "Can't create, read or write");
    const path = `${directory}/chat.db`;
    Deno.writeTextFileSync(path, "rubbish ".repeat(1_000));
    assertStays(thrown(open(path)), "damaged");
    const db = new DatabaseSync(`${directory}/other.db`);
    db.exec("CREATE TABLE t (a); PRAGMA query_only = 1");
    assertStays(thrown(() => db.exec("INSERT INTO t VALUES (1)")), "Can't create, read or write");
    db.close();
    assertStays(thrown(() => Deno.openSync(`${path}/below`)), "Can't create, read or write");
    assertStays(new Deno.errors.PermissionDenied("os error 13"), "Can't create, read or write");
    // What this Deno opens for no program: devices, and the files of the kernel.
    assertStays(new Deno.errors.NotCapable("access to /dev/x"), "Can't create, read or write");
    const guard = 'Requires all access to "/dev/shm/whisper"';
    assertStays(new Deno.errors.NotCapable(guard), "Deno lets Whisper use nothing in /dev");
    const options = { create: true, write: true };
    assertStays(thrown(() => Deno.openSync(directory, options)), "Can't create, read or write");
    assertStays(new Deno.errors.NotADirectory("os error 20"), "Can't create, read or write");
    assertStays(
      Object.assign(new Error("os error 30"), { code: "EROFS" }),
      "Can't create, read or write",
    );
    return Promise.resolve();
  }));

Deno.test("relayError: makes values and tables that are not ours a damaged file", () => {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (9223372036854775807)");
  const foreign = [
    () => db.prepare("SELECT a FROM t").all(),
    () => db.prepare("UPDATE t SET a = a + a").run(),
    () => db.prepare("SELECT * FROM rooms"),
    () => db.exec("SELECT * FROM rooms"),
    () => db.prepare("SELECT expires FROM t"),
  ];
  for (const action of foreign) assertStays(thrown(action), "damaged");
  db.close();
});

Deno.test("relayError: returns other errors unchanged", () => {
  const db = new DatabaseSync(":memory:");
  const mistakes = [
    thrown(() => db.exec("SELEKT")),
    new RangeError("too long"),
    new Failure("file-foreign", { path: "is not a database" }),
    "a text",
  ];
  db.close();
  for (const mistake of mistakes) assert(relayError(mistake, "chat.db") === mistake);
});
