/**
 * A process that goes through a whole stay in the local relay and is killed after the step of the
 * given number: `victim.ts FILE STEP ROOM`. The last steps are such as nothing in this program could
 * be stopped between, but a power cut can.
 */
import { DatabaseSync } from "node:sqlite";
import { systemClock, systemRandom } from "../../../../src/clock.ts";
import type { Mailbox, Seat } from "../../../../src/store/mailbox.ts";
import { Gate } from "../../../../src/store/sqlite/gate.ts";
import { openSqliteMailbox } from "../../../../src/store/sqlite/mailbox.ts";
import { envelope, randomName } from "../../../contract/bench.ts";

const [path, step, room] = Deno.args as [string, string, string];
let mailbox: Mailbox;
let seat: Seat;
const raw = () => new DatabaseSync(path);

const steps: (() => unknown)[] = [
  async () => mailbox = await openSqliteMailbox({ path, clock: systemClock, random: systemRandom }),
  async () => {
    const claim = await mailbox.claim(room, randomName(16));
    if ("refused" in claim) throw new Error(`refused: ${claim.refused}`);
    seat = claim.seat;
  },
  () => mailbox.post(seat, [envelope("guest", 1), envelope("guest", 2)]),
  () => mailbox.seal(seat),
  () => mailbox.renew(seat, { keep: true }),
  () => mailbox.leave(seat),
  () => mailbox.close(),
  () => raw().exec(`BEGIN IMMEDIATE; DELETE FROM envelopes; DELETE FROM rooms`),
  () => Gate.enter(`${path}.lock`, { clock: systemClock }),
];
for (const action of steps.slice(0, Number(step))) await action();
Deno.kill(Deno.pid, "SIGKILL");
