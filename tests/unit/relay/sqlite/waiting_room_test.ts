import { assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../../../src/clock.ts";
import { openSqliteRelay } from "../../../../src/relay/sqlite/sqlite_relay.ts";
import { hasWaitingRoom } from "../../../../src/relay/sqlite/database.ts";
import { inDirectory } from "./support.ts";

const ROOM = "room-of-a-test";
const host = { token: "host", epoch: "epoch", lingerMs: 60_000 };

Deno.test("hasWaitingRoom: sees a room from its opening until a guest has come", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    assertEquals(hasWaitingRoom(path), false);
    const relay = await openSqliteRelay({ clock: systemClock, random: systemRandom, path });
    try {
      assertEquals(hasWaitingRoom(path), false);
      const created = await relay.create(ROOM as never, host);
      if (!("seat" in created)) throw new Error("the room was taken");
      assertEquals(hasWaitingRoom(path), true);
      await relay.claim(ROOM as never, "guest");
      assertEquals(hasWaitingRoom(path), false);
      await relay.leave(created.seat);
    } finally {
      await relay.close();
    }
    assertEquals(hasWaitingRoom(path), false);
  }));

Deno.test("hasWaitingRoom: finds none in a file of another program", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    await Deno.writeTextFile(path, "not a database");
    assertEquals(hasWaitingRoom(path), false);
    assertEquals(await Deno.readTextFile(path), "not a database");
  }));
