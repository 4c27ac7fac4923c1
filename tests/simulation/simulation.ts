/**
 * Whole chats, simulated: two people, a relay, faults, and time that moves by itself, all from one seed.
 * After each step the invariants of a chat are checked.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Chat, type ChatOptions } from "../../src/chat/chat.ts";
import { entryByRoom } from "../../src/chat/room.ts";
import type { AlarmKind, ChatEvent } from "../../src/chat/events.ts";
import { parseCode } from "../../src/protocol/invite_code.ts";
import { MemoryRelay } from "../support/memory_relay.ts";
import { kem } from "../../src/crypto/mlkem.ts";
import { seededKem } from "../support/kem.ts";
import { seededRandom } from "../support/random.ts";
// First: the clock counts the calls as they are made.
import "./crypto_in_order.ts";
import { HarnessClock } from "../scenario/harness_clock.ts";
import { Person } from "../scenario/harness.ts";
import { type Chance, type FaultKind, Network } from "./network.ts";

/** What one chat went through. */
export interface Outcome {
  readonly seed: number;
  readonly simulatedMs: number;
  readonly texts: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Changes of the lifecycle, as "from to". */
  readonly transitions: ReadonlySet<string>;
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

/** One person at one computer. */
class Side {
  readonly name: string;
  readonly person: Person;
  readonly network: Network;
  /** True once its computer is gone. */
  isCrashed = false;

  constructor(name: string, person: Person, network: Network) {
    this.name = name;
    this.person = person;
    this.network = network;
  }

  get isOver(): boolean {
    return this.isCrashed || this.person.status !== undefined;
  }
}

/** Alarms that follow from a wrong code, or from a guest who finds the room full. */
const ALARMS_OF_STRANGERS: readonly AlarmKind[] = ["guess", "third-party"];

/** One chat from beginning to end. */
class Simulation {
  readonly #seed: number;
  readonly #clock = new HarnessClock();
  readonly #random;
  readonly #chance: Chance;
  readonly #relay: MemoryRelay;
  readonly #rarity: number;
  readonly #sides: Side[] = [];
  readonly #faults: Partial<Record<FaultKind, number>> = {};
  readonly #transitions = new Set<string>();
  readonly log: string[] = [];
  #texts = 0;
  /** True once anyone but the first guest has come. */
  #hadStrangers = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#chance = chanceOf(seededRandom(seed ^ 0x5eed));
    // What the system draws decides the order of envelopes of the handshake, by their ids.
    Object.assign(kem, seededKem(seededRandom(seed ^ 0x3e8)));
    this.#relay = new MemoryRelay({ clock: this.#clock });
    this.#rarity = this.#chance.once(3) ? Infinity : 3 + this.#chance.integer(60);
  }

  async run(): Promise<Outcome> {
    const chance = this.#chance;
    const isNamed = chance.once(4);
    const agreed = () => entryByRoom("park", "a passphrase of both");
    const host = this.#enter(isNamed ? agreed() : { mode: "new" }, "Alice");
    if (!isNamed) {
      await this.#clock.until(() => host.person.code !== undefined || host.isOver, {
        withinMs: 10 * MINUTE_MS,
      });
    }
    await this.#clock.advance(chance.integer(2 * MINUTE_MS));
    if (isNamed) this.#enter(agreed(), "Bob");
    else if (!chance.once(8)) this.#join(host.person.code!);
    for (let step = 0; step < MAX_STEPS && this.#living.length > 0; step++) {
      await this.#step();
      this.#check();
    }
    await this.#settle();
    await this.#end();
    return this.#outcome();
  }

  /**
   * The relay stands still for both in the middle of large messages, and for one of them longer
   * (docs/RELIABILITY.md, "The standstill").
   */
  async standstill(): Promise<Outcome> {
    const host = this.#enter({ mode: "new" }, "Alice");
    await this.#clock.until(() => host.person.code !== undefined);
    const guest = this.#enter({ mode: "join", code: parseCode(host.person.code!) }, "Bob");
    await this.#clock.until(() => host.person.isReady && guest.person.isReady);
    for (const { network } of this.#sides) network.isFair = true;
    const large = "x".repeat(2_000);
    for (let n = 0; n < 100; n++) {
      for (const { person } of this.#sides) person.say(`${++this.#texts} ${large}`);
    }
    await this.#clock.advance(this.#chance.integer(100));
    for (const { network } of this.#sides) network.stall();
    await this.#clock.advance(12_000 + this.#chance.integer(8_000));
    host.network.heal();
    await this.#clock.advance(this.#chance.integer(MINUTE_MS));
    await this.#settle();
    assert(host.person.isReady && !host.isOver && !guest.isOver, "a chat ended by itself");
    await this.#end();
    return this.#outcome();
  }

  #outcome(): Outcome {
    return {
      seed: this.#seed,
      simulatedMs: this.#clock.monotonic(),
      texts: this.#texts,
      faults: this.#faults,
      transitions: this.#transitions,
      log: this.log,
    };
  }

  get #living(): Side[] {
    return this.#sides.filter((side) => !side.isOver);
  }

  #enter(entry: ChatOptions["entry"], name: string): Side {
    const network = new Network({
      clock: this.#clock,
      chance: this.#chance,
      rarity: this.#rarity,
      count: (kind) => {
        this.#faults[kind] = (this.#faults[kind] ?? 0) + 1;
        this.#note(`${name}: ${kind}`);
      },
    });
    const isCrashed = () => this.#sides.find(({ network: other }) => other === network)?.isCrashed;
    const person = new Person((emit) =>
      new Chat({
        relay: Promise.resolve(network.over(this.#relay.client())),
        entry,
        name,
        lingerMs: LINGER_MS,
        clock: this.#clock,
        random: this.#random,
        emit: (event) => {
          if (isCrashed()) return;
          this.#note(`${name}: ${described(event)}`);
          emit(event);
        },
        onTransition: (from, to) => this.#transitions.add(`${from} ${to}`),
      })
    );
    const side = new Side(name, person, network);
    this.#sides.push(side);
    return side;
  }

  /** A guest comes with a code, sometimes with a wrong one. */
  #join(code: string): void {
    const right = parseCode(code);
    const isWrong = this.#chance.once(6);
    if (isWrong || this.#sides.length > 1) this.#hadStrangers = true;
    const given = isWrong ? { ...right, password: "zoo-zoo-zoo" } : right;
    const name = isWrong ? `Mallory ${this.#sides.length}` : `Bob ${this.#sides.length}`;
    this.#note(`${name} comes`);
    this.#enter({ mode: "join", code: given }, name);
  }

  #note(what: string): void {
    this.log.push(`${(this.#clock.monotonic() / 1_000).toFixed(3)} ${what}`);
  }

  async #step(): Promise<void> {
    const chance = this.#chance;
    const living = this.#living;
    const side = living[chance.integer(living.length)]!;
    const { person, network, name } = side;
    switch (chance.integer(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        for (let n = chance.integer(4); n >= 0; n--) this.#say(side);
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
        side.isCrashed = true;
        return network.crash();
      case 11:
        if (!chance.once(6)) return;
        this.#note(`${name} leaves`);
        void person.chat.leave();
        return await this.#clock.advance(chance.integer(20_000));
      case 12:
        this.#note(`${name} invites`);
        // Refused while the peer is here. A guest who is on the way has the old code then.
        this.#hadStrangers = true;
        person.chat.invite().catch(() => {});
        return await this.#clock.advance(chance.integer(5_000));
      case 13: {
        const code = person.code;
        if (code === undefined || living.length > 1) return;
        this.#join(code);
        return await this.#clock.advance(chance.integer(5_000));
      }
    }
  }

  #say({ person }: Side): void {
    try {
      person.say(`${++this.#texts}`);
    } catch {
      // A chat that is ending, or a queue that is full, takes none.
    }
  }

  /** What holds at any time. */
  #check(): void {
    for (const reader of this.#sides) {
      const messages = reader.person.all("message");
      const others = this.#sides.filter((side) => side !== reader).map(({ person }) => person.said);
      const numbers = messages.map(({ text }) => parseInt(text));
      for (const { text } of messages) {
        assert(
          others.some((said) => said.includes(text)),
          "a text that was not sent was displayed",
        );
      }
      assertEquals(new Set(numbers).size, numbers.length, "a text was displayed twice");
      // All texts are numbered in the order of sending, by either side.
      const inTime = messages.flatMap(({ late }, n) => late ? [] : [numbers[n]!]);
      assertEquals(inTime, inTime.toSorted((a, b) => a - b), "texts were out of order");
      const expected = this.#hadStrangers ? ALARMS_OF_STRANGERS : [];
      const alarms = reader.person.all("alarm").filter(({ kind }) => !expected.includes(kind));
      assertEquals(alarms, [], "a false alarm was raised");
    }
    const count = (kind: "message" | "delivered") =>
      this.#sides.reduce((sum, { person }) => sum + person.all(kind).length, 0);
    assert(count("delivered") <= count("message"), "a text was called delivered and not displayed");
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
    const [alice, bob, ...others] = this.#sides;
    if (!bob || others.length > 0 || alice!.isOver || bob.isOver) return;
    if (!alice!.person.isReady || !bob.person.isReady) return;
    // A new invite is a new session.
    if (alice!.person.all("ready").length + bob.person.all("ready").length > 2) return;
    for (const [reader, writer] of [[alice!, bob], [bob, alice!]] as const) {
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
export function simulate(seed: number): Promise<Outcome> {
  return reported(seed, (simulation) => simulation.run());
}

/** Simulates a standstill of the relay with this seed. */
export function simulateStandstill(seed: number): Promise<Outcome> {
  return reported(seed, (simulation) => simulation.standstill());
}

async function reported(
  seed: number,
  run: (simulation: Simulation) => Promise<Outcome>,
): Promise<Outcome> {
  const simulation = new Simulation(seed);
  try {
    return await run(simulation);
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
