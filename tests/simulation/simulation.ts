/**
 * Whole chats, simulated: two people, a relay, faults, and time that moves by itself, all from one seed.
 * After each step the invariants of a chat are checked.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Chat } from "../../src/chat/chat.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import { parseCode } from "../../src/protocol/invite_code.ts";
import { seededRandom } from "../support/random.ts";
import { HarnessClock } from "../scenario/harness_clock.ts";
import { type JoinOptions, Person, RecordingRelay } from "../scenario/harness.ts";
import { type Chance, type FaultKind, Network } from "./network.ts";

/** What one chat went through. */
export interface Outcome {
  readonly seed: number;
  readonly simulatedMs: number;
  readonly texts: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** What happened, without what differs from run to run: keys and codes. */
  readonly log: readonly string[];
}

/** A failed invariant, with what is needed to see it again. */
export class BrokenInvariant extends Error {
  override readonly name = "BrokenInvariant";
  readonly log: readonly string[];

  constructor(seed: number, log: readonly string[], cause: unknown) {
    super(`seed ${seed}: ${(cause as Error).message}`, { cause });
    this.log = log;
  }
}

const LINGER_MS = 600_000;
const MAX_STEPS = 40;
/** Longer than a lease and than any fault, so that everything has settled. */
const SETTLING_MS = 180_000;
/** Envelopes of a chat in which everything is acknowledged in time. */
const MAX_DOCUMENTS = 1_000;
const MINUTE_MS = 60_000;

class Side {
  readonly person: Person;
  readonly network: Network;
  /** True once its computer is gone. */
  isCrashed = false;

  constructor(person: Person, network: Network) {
    this.person = person;
    this.network = network;
  }

  get isOver(): boolean {
    return this.isCrashed || this.person.status !== undefined;
  }
}

/** One chat from beginning to end. */
class Simulation {
  readonly #seed: number;
  readonly #clock = new HarnessClock();
  readonly #random;
  readonly #chance: Chance;
  readonly #relay;
  readonly #sides: Side[] = [];
  readonly #faults: Partial<Record<FaultKind, number>> = {};
  readonly log: string[] = [];
  #texts = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#chance = chanceOf(seededRandom(seed ^ 0x5eed));
    this.#relay = new RecordingRelay({ clock: this.#clock });
  }

  async run(): Promise<Outcome> {
    const rarity = this.#chance.once(3) ? 1_000_000 : 3 + this.#chance.integer(60);
    const host = this.#enter({ mode: "new" }, "Alice", rarity);
    await this.#clock.until(() => host.person.code !== undefined, { withinMs: 10 * MINUTE_MS });
    await this.#clock.advance(this.#chance.integer(2 * MINUTE_MS));
    this.#enter({ mode: "join", code: parseCode(host.person.code!) }, "Bob", rarity);
    for (let step = 0; step < MAX_STEPS && this.#sides.some((side) => !side.isOver); step++) {
      await this.#step();
      this.#check();
    }
    await this.#settle();
    await this.#end();
    return {
      seed: this.#seed,
      simulatedMs: this.#clock.monotonic(),
      texts: this.#texts,
      faults: this.#faults,
      log: this.log,
    };
  }

  #enter(
    entry: ConstructorParameters<typeof Chat>[0]["entry"],
    name: string,
    rarity: number,
  ): Side {
    const network = new Network({
      clock: this.#clock,
      chance: this.#chance,
      rarity,
      count: (kind) => {
        this.#faults[kind] = (this.#faults[kind] ?? 0) + 1;
        this.#note(`${name}: ${kind}`);
      },
    });
    const through: JoinOptions["through"] = (relay) => network.over(relay);
    const person = new Person((emit) =>
      new Chat({
        relay: Promise.resolve(through(this.#relay.client())),
        entry,
        name,
        lingerMs: LINGER_MS,
        clock: this.#clock,
        random: this.#random,
        emit: (event) => {
          this.#note(`${name}: ${described(event)}`);
          emit(event);
        },
      })
    );
    const side = new Side(person, network);
    this.#sides.push(side);
    return side;
  }

  #note(what: string): void {
    this.log.push(`${(this.#clock.monotonic() / 1_000).toFixed(3)} ${what}`);
  }

  async #step(): Promise<void> {
    const chance = this.#chance;
    const living = this.#sides.filter((side) => !side.isOver);
    const side = living[chance.integer(living.length)]!;
    const { person, network } = side;
    switch (chance.integer(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        for (let n = chance.integer(4); n >= 0; n--) this.#say(person);
        return await this.#clock.advance(chance.integer(2_000));
      case 5:
        return await this.#clock.advance(chance.integer(MINUTE_MS));
      case 6:
        return await this.#clock.advance(chance.integer(90 * MINUTE_MS));
      case 7:
        if (network.isDown) return network.heal();
        return network.fail();
      case 8:
        if (network.isDown) return network.heal();
        return network.stall();
      case 9:
        network.heal();
        return await this.#clock.advance(chance.integer(10_000));
      case 10:
        if (!chance.once(8)) return;
        network.crash();
        side.isCrashed = true;
        return;
      case 11:
        if (!chance.once(8)) return;
        this.#note(`${person === this.#sides[0]!.person ? "Alice" : "Bob"} leaves`);
        void person.chat.leave();
        return await this.#clock.advance(chance.integer(20_000));
    }
  }

  #say(person: Person): void {
    if (person.status !== undefined) return;
    try {
      person.say(`${++this.#texts}`);
    } catch {
      // A chat that is ending, or a queue that is full, takes none.
    }
  }

  /** What holds at any time. */
  #check(): void {
    const [alice, bob] = this.#sides as [Side, Side];
    for (const [reader, writer] of [[alice, bob], [bob, alice]] as const) {
      const messages = reader.person.all("message");
      const indexes = messages.map(({ text }) => writer.person.said.indexOf(text));
      assert(indexes.every((index) => index >= 0), "a text that was never sent was displayed");
      assertEquals(new Set(indexes).size, indexes.length, "a text was displayed twice");
      const inTime = messages.flatMap(({ late }, n) => late ? [] : [indexes[n]!]);
      assertEquals(inTime, inTime.toSorted((a, b) => a - b), "texts were out of order");
      assertEquals(reader.person.all("alarm"), [], "a false alarm was raised");
    }
    assert(this.#relay.documents.envelopes.size < MAX_DOCUMENTS, "the relay fills up");
  }

  /** The network is good again: what was sent to a living peer arrives. */
  async #settle(): Promise<void> {
    for (const { network } of this.#sides) {
      network.isFair = true;
      if (network.isDown) network.heal();
    }
    await this.#clock.advance(SETTLING_MS);
    this.#check();
    const [alice, bob] = this.#sides as [Side, Side];
    if (alice.isOver || bob.isOver || !alice.person.isReady || !bob.person.isReady) return;
    for (const [reader, writer] of [[alice, bob], [bob, alice]] as const) {
      assertEquals(reader.person.heard, writer.person.said, "a text was lost");
      const delivered = writer.person.all("delivered").length;
      assertEquals(delivered, writer.person.said.length, "a text was not called delivered");
    }
  }

  /** Everyone who can leaves, and what is left after a crash expires. */
  async #end(): Promise<void> {
    for (const { person, isCrashed } of this.#sides) {
      if (isCrashed) continue;
      if (person.status === undefined) void person.chat.leave();
      await this.#clock.until(() => person.status !== undefined, { withinMs: 2 * MINUTE_MS });
    }
    this.#check();
    const isUndisturbed = Object.keys(this.#faults).length === 0;
    if (isUndisturbed) assertEquals(this.#relay.documents.rooms.size, 0, "the room is left");
    await this.#clock.advance(2 * LINGER_MS + MINUTE_MS);
    this.#relay.purge();
    assertEquals(this.#relay.documents.rooms.size, 0, "the room never expires");
    assertEquals(this.#relay.documents.envelopes.size, 0, "envelopes never expire");
  }
}

/** Simulates the chat of a seed. */
export async function simulate(seed: number): Promise<Outcome> {
  const simulation = new Simulation(seed);
  try {
    return await simulation.run();
  } catch (error) {
    throw new BrokenInvariant(seed, simulation.log, error);
  }
}

function chanceOf(random: (length: number) => Uint8Array): Chance {
  const integer = (below: number) => new DataView(random(4).buffer).getUint32(0) % below;
  return { integer, once: (of) => integer(of) === 0 };
}

/** An event without keys and codes, which no seed decides. */
function described(event: ChatEvent): string {
  switch (event.event) {
    case "message":
      return `message ${event.text}${event.late ? " late" : ""}`;
    case "sent":
    case "delivered":
      return `${event.event} ${event.seq}`;
    case "presence":
      return `presence ${event.peer}`;
    case "error":
      return `error ${event.failure.reason}`;
    case "alarm":
      return `alarm ${event.kind}`;
    default:
      return event.event;
  }
}
