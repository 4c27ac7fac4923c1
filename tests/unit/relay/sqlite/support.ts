/**
 * What the tests of the SQLite store begin with.
 *
 * @module
 */
import { assert } from "@std/assert";
import { systemClock, systemRandom } from "../../../../src/clock.ts";
import type { Relay, Seat } from "../../../../src/relay/relay.ts";
import { openSqliteRelay } from "../../../../src/relay/sqlite/sqlite_relay.ts";
import { randomName } from "../../../contract/harness.ts";

/** Runs a test in a directory of its own. */
export async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "whisper-test-" });
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Opens the relay in one file. */
export function open(path: string): Promise<Relay> {
  return openSqliteRelay({ path, clock: systemClock, random: systemRandom });
}

/** Opens the relay that a user with this runtime directory would get. */
export function openOwn(runtime: string): Promise<Relay> {
  const env = (name: string) => name === "XDG_RUNTIME_DIR" ? runtime : undefined;
  return openSqliteRelay({ env, clock: systemClock, random: systemRandom });
}

/** Makes a room and sits down in it. */
export async function host(relay: Relay, lingerMs = 600_000): Promise<Seat> {
  const seat = { token: randomName(16), epoch: randomName(8), lingerMs };
  const made = await relay.create(randomName(16), seat);
  assert("seat" in made);
  return made.seat;
}

/** Names of what a directory holds, sorted. */
export function names(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}
