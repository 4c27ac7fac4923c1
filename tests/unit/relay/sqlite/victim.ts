/**
 * A process that goes through a whole stay in the local relay and is killed after the step of the
 * given number: `victim.ts FILE STEP ROOM`. The last steps are such as nothing in this program could
 * be stopped between, but a power cut can.
 */
import { DatabaseSync } from "node:sqlite";
import { systemClock, systemRandom } from "../../../../src/clock.ts";
import type { Relay, Seat } from "../../../../src/relay/relay.ts";
import { FileLock } from "../../../../src/relay/sqlite/file_lock.ts";
import { openSqliteRelay } from "../../../../src/relay/sqlite/sqlite_relay.ts";
import { envelope, randomName } from "../../../contract/harness.ts";

const [path, step, room] = Deno.args as [string, string, string];
let relay: Relay;
let seat: Seat;
const raw = () => new DatabaseSync(path);

const steps: (() => unknown)[] = [
  async () => relay = await openSqliteRelay({ path, clock: systemClock, random: systemRandom }),
  async () => {
    const claim = await relay.claim(room, randomName(16));
    if ("refused" in claim) throw new Error(`refused: ${claim.refused}`);
    seat = claim.seat;
  },
  () => relay.post(seat, [envelope("guest", 1), envelope("guest", 2)]),
  () => relay.seal(seat),
  () => relay.renew(seat, { keep: true }),
  () => relay.leave(seat),
  () => relay.close(),
  () => raw().exec(`BEGIN IMMEDIATE; DELETE FROM envelopes; DELETE FROM rooms`),
  () => FileLock.acquire(`${path}.lock`, { clock: systemClock }),
];
for (const action of steps.slice(0, Number(step))) await action();
Deno.kill(Deno.pid, "SIGKILL");
