/**
 * What the doctor and a chat say about one server. As a program, with a connection string: prints both
 * reasons as JSON, for a computer that has to be set up otherwise.
 *
 * @module
 */
import { assert } from "@std/assert";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { examineAll, type Step } from "../../src/doctor/doctor.ts";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import type { Reason } from "../../src/failure_reasons.ts";
import { examine } from "../../src/relay/open.ts";
import { openRelay } from "../../src/relay/open.ts";
import { envelope, randomName } from "../contract/harness.ts";

const deps = { clock: systemClock, random: systemRandom };

/** What the doctor fails with; undefined when it says that a chat is possible. */
export async function doctorReason(uri: string): Promise<Reason | undefined> {
  let failed: Step | undefined;
  await examineAll({
    here: [],
    relay: () => examine({ kind: "mongodb", uri }, deps),
    clock: systemClock,
    signal: new AbortController().signal,
  }, { step() {}, verdict: (step) => failed = step });
  if (!failed) return undefined;
  if ("failure" in failed.result) return failed.result.failure.reason;
  assert("name" in failed.result && failed.result.name === "rights-missing");
  return "not-authorized";
}

/** What a chat of two fails with: opening, seats, and two envelopes of each. */
export async function chatReason(uri: string): Promise<Reason | undefined> {
  const opened: { close(): Promise<void> }[] = [];
  const open = async () => {
    const relay = await openRelay({ kind: "mongodb", uri }, deps);
    opened.push(relay);
    return relay;
  };
  try {
    const [host, guest] = [await open(), await open()];
    const room = randomName(16);
    const wish = { token: randomName(16), epoch: randomName(8), lingerMs: 60_000 };
    const made = await host.create(room, wish);
    assert("seat" in made);
    const claim = await guest.claim(room, randomName(16));
    assert("seat" in claim);
    for (const seq of [1, 2]) {
      await host.post(made.seat, [envelope("host", seq)]);
      await guest.post(claim.seat, [envelope("guest", seq)]);
    }
    await guest.leave(claim.seat);
    await host.leave(made.seat);
    return undefined;
  } catch (error) {
    const failure = error instanceof RelayUnavailable ? error.failure : error;
    assert(failure instanceof Failure, Deno.inspect(error));
    return failure.reason;
  } finally {
    for (const relay of opened) await relay.close();
  }
}

if (import.meta.main) {
  const [uri] = Deno.args;
  console.log(JSON.stringify([await doctorReason(uri!) ?? null, await chatReason(uri!) ?? null]));
}
