/**
 * A client that goes through what a conversation does, and prints its peak memory in kB. With
 * `attacked`, a process of its own stores documents of megabytes where the client reads.
 *
 * @module
 */
import { encodeBase64Url } from "../../src/base64url.ts";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import type { Envelope } from "../../src/relay/relay.ts";

const [uri, how] = Deno.args as [string, string];
const deps = { clock: systemClock, random: systemRandom };
const name = (bytes: number) => encodeBase64Url(systemRandom(bytes));

const host = await openMongoRelay({ uri }, deps);
const guest = await openMongoRelay({ uri }, deps);
const room = name(16);
const made = await host.create(room, { token: name(16), epoch: name(8), lingerMs: 60_000 });
const claim = await guest.claim(room, name(16));
if (!("seat" in made) || !("seat" in claim)) throw new Error("There was no seat");
const end = new AbortController();
const listener = { push() {}, wake() {}, state() {} };
host.watch(made.seat, listener, end.signal);
guest.watch(claim.seat, listener, end.signal);
if (how === "attacked") await attack();
for (let seq = 1; seq <= 20; seq++) {
  const envelope: Envelope = {
    ...{ id: name(16), from: "guest", seq, attempt: 0, head: systemRandom(61) },
    token: "x".repeat(27_380),
  };
  await guest.post(claim.seat, [envelope]);
  await host.read(made.seat);
  await host.renew(made.seat);
  await guest.renew(claim.seat, { keep: seq === 10 });
}
end.abort();
await guest.leave(claim.seat);
await host.leave(made.seat);
await Promise.all([host.close(), guest.close()]);
const status = await Deno.readTextFile("/proc/self/status");
console.log(/VmHWM:\s*(\d+)/.exec(status)![1]);

async function attack(): Promise<void> {
  const { epoch } = (made as { seat: { epoch: string } }).seat;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--no-check", "tests/support/memory_attacker.ts"],
      ...[uri, room, epoch],
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
