/**
 * A process that opens and closes one local relay over and over, meeting its partner in each round:
 * `racer.ts host|guest FILE NAME ROUNDS`. If two ever had different files under the one name, the
 * partner would not be there, and the deadline would end the process with status 1.
 */
import { encodeBase64Url } from "../../../../src/base64url.ts";
import { sleep, systemClock, systemRandom } from "../../../../src/clock.ts";
import { RelayUnavailable } from "../../../../src/errors.ts";
import type { Envelope, Relay, Role, Seat } from "../../../../src/relay/relay.ts";
import { openSqliteRelay } from "../../../../src/relay/sqlite/sqlite_relay.ts";

const DEADLINE_MS = 60_000;
const [role, path, name, rounds] = Deno.args as [Role, string, string, string];

const options = { path, clock: systemClock, random: systemRandom };
const token = () => encodeBase64Url(systemRandom(16));

/** The answer of an operation, repeated as a chat repeats it where others keep the file busy. */
async function persist<T>(operation: () => Promise<T>): Promise<T> {
  while (true) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof RelayUnavailable)) throw error;
      await sleep(systemClock, 10);
    }
  }
}

/** The seat of this round, having opened the relay as often as it took. */
async function sit(room: string): Promise<{ relay: Relay; seat: Seat }> {
  while (true) {
    const relay = await persist(() => openSqliteRelay(options));
    const own = token();
    const answer = role === "host"
      ? await persist(() => relay.create(room, { token: own, epoch: "epoch", lingerMs: 600_000 }))
      : await persist(() => relay.claim(room, own));
    if ("seat" in answer) return { relay, seat: answer.seat };
    if (answer.refused !== "absent") throw new Error(`refused: ${answer.refused}`);
    await relay.close();
    await sleep(systemClock, 2);
  }
}

/** Posts one envelope and waits for the partner's. */
async function meet(relay: Relay, seat: Seat): Promise<void> {
  const end = new AbortController();
  const { promise: met, resolve } = Promise.withResolvers<void>();
  const listener = { push: () => resolve(), wake() {}, state() {} };
  relay.watch(seat, listener, end.signal);
  const id = token();
  const envelope: Envelope = {
    id,
    from: role,
    seq: 1,
    attempt: 0,
    head: systemRandom(8),
    token: id,
  };
  await persist(() => relay.post(seat, [envelope]));
  await met;
  end.abort();
}

const deadline = systemClock.after(DEADLINE_MS, () => {
  console.error(`${role} ${name}: the partner did not come`);
  Deno.exit(1);
});
let last = 0;
for (let round = 0; round < Number(rounds); round++) {
  const { relay, seat } = await sit(`${name}-${round}`);
  await meet(relay, seat);
  const departure = await persist(() => relay.leave(seat));
  if (departure.last) last++;
  if (departure.last && departure.remaining !== 0) throw new Error("something remained");
  await relay.close();
}
deadline.cancel();
console.log(last);
