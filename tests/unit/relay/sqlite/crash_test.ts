import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { envelope } from "../../../contract/harness.ts";
import { host, inDirectory, names, open } from "./support.ts";

/** All of `victim.ts`. */
const STEPS = 9;

/** Runs the victim up to `step` and sees it killed. */
async function kill(path: string, step: number, room: string): Promise<void> {
  const script = import.meta.resolve("./victim.ts");
  const { signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, path, String(step), room],
  }).output();
  assertEquals(signal, "SIGKILL", new TextDecoder().decode(stderr));
}

Deno.test({
  name: "crash: leaves nothing when one process is killed at any moment and the other leaves",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inDirectory(async (directory) => {
      const path = `${directory}/chat.db`;
      for (let step = 0; step <= STEPS; step++) {
        const relay = await open(path);
        const seat = await host(relay);
        await kill(path, step, seat.room);
        const view = await relay.renew(seat);
        assert(view, `the seat is still held after step ${step}`);
        assertEquals(view.peer !== undefined, step >= 2 && step < 6, `the peer after step ${step}`);
        await relay.post(seat, [envelope("host", 1)]);
        const { envelopes } = await relay.read(seat);
        assertEquals(envelopes.map(({ seq }) => seq), step < 3 ? [] : [1, 2]);
        const dead = new DatabaseSync(path);
        dead.exec("UPDATE rooms SET guest_lease = 1");
        dead.close();
        assertEquals(await relay.leave(seat), { last: true, remaining: 0 });
        await relay.close();
        assertEquals(names(directory), [], `files after step ${step}`);
      }
    }),
});

Deno.test({
  name:
    "crash: removes expired documents and the file at the next start when all processes were killed",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inDirectory(async (directory) => {
      const path = `${directory}/chat.db`;
      for (const step of [1, 3, 5]) {
        const relay = await open(path);
        const { room } = await host(relay);
        await kill(path, step, room);
        // Closed with its room in it, as the system closes the files of a process that was killed.
        await relay.close();
        assert(names(directory).includes("chat.db"));
        const late = new DatabaseSync(path);
        late.exec("UPDATE rooms SET expires = 1; UPDATE envelopes SET expires = 1");
        late.close();
        const next = await open(path);
        assertEquals(await next.claim(room, "guest"), { refused: "absent" });
        await next.close();
        assertEquals(names(directory), []);
      }
    }),
});
