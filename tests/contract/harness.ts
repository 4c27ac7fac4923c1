/**
 * What the contract suite works with: a relay under test, clients that are closed whatever happens,
 * and a watcher that writes down what it is told.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { encodeBase64Url } from "../../src/base64url.ts";
import { systemRandom } from "../../src/clock.ts";
import {
  type Claim,
  type Envelope,
  type Listener,
  type Refusal,
  type Relay,
  type RoomId,
  type Seat,
  type Sender,
  type WatchState,
} from "../../src/relay/relay.ts";

/** How long the rooms of the suite linger, in milliseconds. */
export const LINGER_MS = 600_000;

/** A relay under test, with the hands that a test needs behind the interface. */
export interface RelayFixture {
  /** A new client, independent of all others; the suite closes it. */
  open(): Promise<Relay>;
  /** Makes the room, its leases and all its envelopes `ms` milliseconds older. */
  age(room: RoomId, ms: number): Promise<void>;
  /** Stores a document that is not an envelope, as if the guest had posted it. */
  plantMisshapen(room: RoomId, epoch: string): Promise<void>;
  /** Documents of the room that are really there, of every epoch, expired or not. */
  count(room: RoomId): Promise<number>;
  /** Names of the fields that are really stored, where the relay has documents with names. */
  fields?(room: RoomId): Promise<Readonly<Record<"room" | "message", string[]>>>;
  /** Ends the relay itself, after its clients. */
  close(): Promise<void>;
}

/** After this real time a watch that stays silent fails its test instead of hanging the run. */
const SILENCE_MS = 20_000;

/** Base64url of `length` random bytes. */
export function randomName(length: number): string {
  return encodeBase64Url(systemRandom(length));
}

/** An envelope that is like no other. */
export function envelope(from: Sender, seq: number, options: Partial<Envelope> = {}): Envelope {
  const id = randomName(16);
  return { id, from, seq, attempt: 0, head: systemRandom(32), token: `token-${id}`, ...options };
}

/** Writes down what a watch says, and lets a test await it. */
export class Recorder implements Listener {
  readonly pushed: Envelope[] = [];
  readonly states: WatchState[] = [];
  wakes = 0;
  #changed: (() => void) | undefined;

  push(envelopes: Envelope[]): void {
    this.pushed.push(...envelopes);
    this.#changed?.();
  }

  wake(): void {
    this.wakes++;
    this.#changed?.();
  }

  state(state: WatchState): void {
    this.states.push(state);
    this.#changed?.();
  }

  /** Calls so far, of every kind. */
  get calls(): number {
    return this.pushed.length + this.states.length + this.wakes;
  }

  /** Resolves when `condition` holds, looking after each call. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    let guard: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      guard = setTimeout(() => reject(new Error("The watch stayed silent")), SILENCE_MS);
    });
    try {
      while (true) {
        const changed = new Promise<void>((resolve) => this.#changed = resolve);
        if (await condition()) return;
        await Promise.race([changed, silence]);
      }
    } finally {
      clearTimeout(guard);
    }
  }

  /** Resolves when the watch works. */
  up(): Promise<void> {
    return this.until(() => this.states.some(({ state }) => state === "up"));
  }
}

/** Registers the suite for the store called `name`. */

/** Registers one test under the name of what it guarantees. */
export type Guarantee = (what: string, run: (harness: Harness) => Promise<void>) => void;

/** Two clients in one room. */
export interface Pair {
  readonly room: RoomId;
  readonly host: Relay;
  readonly guest: Relay;
  readonly hostSeat: Seat;
  readonly guestSeat: Seat;
}

/** What most tests begin with. */
export class Harness {
  readonly relay: RelayFixture;
  readonly #clients: Relay[] = [];
  readonly #watches = new AbortController();

  constructor(relay: RelayFixture) {
    this.relay = relay;
  }

  /** A new client. */
  async open(): Promise<Relay> {
    const client = await this.relay.open();
    this.#clients.push(client);
    return client;
  }

  /** A room with a host in it. */
  async hosted(host?: Relay): Promise<{ room: RoomId; host: Relay; hostSeat: Seat }> {
    const client = host ?? await this.open();
    const room = randomName(16);
    const made = await client.create(room, fresh());
    assert("seat" in made, "a new room is free");
    return { room, host: client, hostSeat: made.seat };
  }

  /** A room with both in it; `clients` to use again instead of new ones. */
  async paired(clients?: { host: Relay; guest: Relay }): Promise<Pair> {
    const { room, host, hostSeat } = await this.hosted(clients?.host);
    const guest = clients?.guest ?? await this.open();
    return {
      room,
      host,
      hostSeat,
      guest,
      guestSeat: seated(await guest.claim(room, randomName(16))),
    };
  }

  /** Starts a watch that ends with the test, and waits until it works. */
  async watch(client: Relay, seat: Seat, signal?: AbortSignal): Promise<Recorder> {
    const recorder = new Recorder();
    const end = this.#watches.signal;
    client.watch(seat, recorder, signal ? AbortSignal.any([signal, end]) : end);
    await recorder.up();
    return recorder;
  }

  /** Ends every watch, every client and the relay. */
  async close(): Promise<void> {
    this.#watches.abort();
    for (const client of this.#clients) await client.close();
    await this.relay.close();
  }
}

/** What a host asks for: a token and an epoch that nobody has had. */
export function fresh(): { token: string; epoch: string; lingerMs: number } {
  return { token: randomName(16), epoch: randomName(8), lingerMs: LINGER_MS };
}

/** The seat that a claim gave, or a failed test. */
export function seated(claim: Claim): Seat {
  assert("seat" in claim, `the seat was refused: ${"refused" in claim && claim.refused}`);
  return claim.seat;
}

/** Claims the guest seat under a new token, and expects to be refused it. */
export async function assertRefused(
  client: Relay,
  room: RoomId,
  refusal: Refusal,
): Promise<void> {
  assertEquals(await client.claim(room, randomName(16)), { refused: refusal });
}

/** Identities of what `seat` can read, in order. */
export async function ids(client: Relay, seat: Seat): Promise<string[]> {
  return (await client.read(seat)).envelopes.map(({ id }) => id);
}

/** Strangers who have knocked, as `seat` sees them. */
export async function knocks(client: Relay, seat: Seat): Promise<Envelope[]> {
  return (await client.read(seat)).envelopes.filter(({ from }) => from === "stranger");
}

/** True once a watch has told of `id`, by a push or by a wake that leads to it. */
export async function told(
  recorder: Recorder,
  client: Relay,
  seat: Seat,
  id: string,
): Promise<boolean> {
  if (recorder.pushed.some((envelope) => envelope.id === id)) return true;
  return recorder.wakes > 0 && (await ids(client, seat)).includes(id);
}
