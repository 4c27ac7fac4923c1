/**
 * Every schedule of up to `depth` operations of two clients at one room, with crashes, repetitions,
 * lapsed leases and expiry, on a real relay, compared with {@link Reference} answer by answer.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { knock } from "../../src/relay/envelope.ts";
import { LEASE_MS, type Relay, type Seat } from "../../src/relay/relay.ts";
import { envelope, LINGER_MS, randomName, type RelayFixture } from "../contract/harness.ts";
import { type Choices, forEveryChoice } from "../support/exhaustive.ts";
import { Reference } from "./reference.ts";

/** One step: what both the relay and the reference answer, in one form. */
type Step = () => Promise<{ relay: unknown; reference: unknown }>;

/** One client: its relay, and what it knows. */
interface Client {
  readonly relay: Relay;
  seat: Seat | undefined;
  /** True once it has left or crashed: then it may only join again, or repeat what it did last. */
  isOut: boolean;
  last: Step | undefined;
}

class World {
  readonly room = randomName(16);
  readonly reference: Reference;
  /** The room has expired, and no other was made since. */
  #hasExpired = false;
  readonly clients: readonly Client[];
  readonly log: string[] = [];
  readonly #fixture: RelayFixture;

  constructor(fixture: RelayFixture, relays: readonly Relay[]) {
    this.#fixture = fixture;
    const revives = relays.some(({ kind }) => kind === "sqlite");
    this.reference = new Reference(LINGER_MS, { revives });
    this.clients = relays.map((relay) => ({
      relay,
      seat: undefined,
      isOut: true,
      last: undefined,
    }));
  }

  /** The first client makes the room, the second claims it. */
  async pair(): Promise<void> {
    const [host, guest] = this.clients as [Client, Client];
    await (host.last = this.#create(host))();
    await (guest.last = this.#claim(guest))();
  }

  /** Does one of all that can be done now. */
  async step(choices: Choices): Promise<void> {
    const steps = this.#steps();
    const [name, step] = choices.pick(steps);
    this.log.push(name);
    const { relay, reference } = await step();
    assertEquals(relay, reference, this.log.join(", "));
  }

  #steps(): [name: string, step: Step][] {
    const steps: [string, Step][] = [];
    this.clients.forEach((client, index) => {
      const add = (name: string, step: Step) =>
        steps.push([`${index} ${name}`, () => (client.last = step)()]);
      if (client.last) steps.push([`${index} repeats`, client.last]);
      if (client.isOut) {
        add("creates", this.#create(client));
        // Who claims first is the second client: the other way round is the same world.
        if (index === 1 || this.clients[0]!.last) add("claims", this.#claim(client));
        return;
      }
      const seat = client.seat!;
      add("renews", () => this.#renew(client, seat));
      add("posts", this.#post(client, seat));
      add("reads", () => this.#read(client, seat));
      add("reopens", this.#reopen(client, seat));
      add("leaves", () => this.#leave(client, seat));
      steps.push([`${index} crashes`, () => this.#crash(client)]);
      if (seat.role === "guest") return;
      add("seals", () => this.#close(client, seat, "sealed"));
      add("burns", () => this.#close(client, seat, "burnt"));
      const guest = this.clients[1 - index]!.seat;
      if (guest) add("vacates", () => this.#vacate(client, seat, guest.token));
    });
    if (this.clients.some(({ seat }) => seat)) {
      steps.push(["leases lapse", () => this.#age(LEASE_MS + 1_000)]);
      steps.push(["the room expires", () => this.#age(LINGER_MS + 1_000)]);
    }
    return steps;
  }

  #create(client: Client): Step {
    const wish = { token: randomName(16), epoch: randomName(8), lingerMs: LINGER_MS };
    return async () => {
      const made = await client.relay.create(this.room, wish);
      const expected = this.reference.create(wish.token, wish.epoch);
      if ("seat" in made) {
        this.#seated(client, made.seat);
        this.#hasExpired = false;
      }
      return {
        relay: "seat" in made ? made.seat : made.refused,
        reference: expected === "taken" ? expected : { room: this.room, ...expected },
      };
    };
  }

  #claim(client: Client): Step {
    const token = randomName(16);
    return async () => {
      const claim = await client.relay.claim(this.room, token);
      const expected = this.reference.claim(token, knock(token).id);
      if ("seat" in claim) this.#seated(client, claim.seat);
      return {
        relay: "seat" in claim ? claim.seat : claim.refused,
        reference: typeof expected === "string" ? expected : { room: this.room, ...expected },
      };
    };
  }

  #seated(client: Client, seat: Seat): void {
    client.seat = seat;
    client.isOut = false;
  }

  async #renew({ relay }: Client, seat: Seat) {
    const view = await relay.renew(seat);
    const { sealed, peer } = view ?? {};
    const seen = view && { sealed, ...peer && { peer: peer.token, isHere: peer.leaseLeftMs > 0 } };
    return { relay: seen, reference: this.reference.renew(seat) };
  }

  async #close({ relay }: Client, seat: Seat, how: "sealed" | "burnt") {
    const closed = await (how === "sealed" ? relay.seal(seat) : relay.burn(seat));
    return { relay: closed, reference: this.reference.close(seat, how) };
  }

  async #vacate({ relay }: Client, seat: Seat, guest: string) {
    return {
      relay: await relay.vacate(seat, guest),
      reference: this.reference.vacate(seat, guest),
    };
  }

  #reopen(client: Client, seat: Seat): Step {
    const next = { token: randomName(16), epoch: randomName(8) };
    return async () => {
      const opened = await client.relay.reopen(seat, next);
      const expected = this.reference.reopen(seat, next);
      if (opened) client.seat = opened;
      return { relay: opened, reference: expected && { room: this.room, ...expected } };
    };
  }

  #post({ relay }: Client, seat: Seat): Step {
    const one = envelope(seat.role, 1);
    return async () => ({
      relay: await relay.post(seat, [one]),
      reference: this.reference.post(seat, one.id),
    });
  }

  async #read({ relay }: Client, seat: Seat) {
    const { envelopes } = await relay.read(seat);
    // Of an epoch that is over a relay may still know something, or not.
    if (!this.reference.isCurrent(seat)) return { relay: 0, reference: 0 };
    return { relay: envelopes.map(({ id }) => id).sort(), reference: this.reference.read(seat) };
  }

  async #leave(client: Client, seat: Seat) {
    const { last, remaining } = await client.relay.leave(seat);
    const [isHeld, isOver] = [this.reference.isHeld(seat), this.reference.isOver(seat)];
    const expected = this.reference.leave(seat);
    // Of a seat that is not held a relay may remember whether it was the last, or not.
    client.isOut = true;
    // Nor is it said whether the documents of another epoch count as remaining.
    if (isOver) return { relay: 0, reference: 0 };
    // What has expired lies there until the server removes it, and counts or not.
    if (!isHeld && this.#hasExpired) return { relay: 0, reference: 0 };
    // And one that leaves again after its peer's lease has lapsed may remove the room, or not.
    if (!isHeld && remaining === 0) this.reference.removeIfDeserted();
    if (!isHeld) return { relay: remaining, reference: this.reference.remaining };
    return { relay: { last, remaining }, reference: expected };
  }

  #crash(client: Client) {
    Object.assign(client, { seat: undefined, isOut: true, last: undefined });
    return Promise.resolve({ relay: 0, reference: 0 });
  }

  async #age(ms: number) {
    await this.#fixture.age(this.room, ms);
    this.reference.age(ms);
    this.#hasExpired ||= !this.reference.isLiving;
    return { relay: 0, reference: 0 };
  }
}

/**
 * Runs every schedule of `depth` operations, from nothing or from a room that both are in.
 *
 * @returns how many there were.
 */
export async function explore(
  fixture: RelayFixture,
  { depth, isPaired }: { depth: number; isPaired: boolean },
): Promise<number> {
  const relays = [await fixture.open(), await fixture.open()];
  try {
    return await forEveryChoice(async (choices) => {
      const world = new World(fixture, relays);
      if (isPaired) await world.pair();
      for (let step = 0; step < depth; step++) await world.step(choices);
    });
  } finally {
    for (const relay of relays) await relay.close();
  }
}
