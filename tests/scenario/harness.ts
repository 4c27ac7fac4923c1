/**
 * A harness for scenarios: people with a `Chat` each, over one relay in memory, under one clock and one
 * seed. It keeps every event and every document that was ever stored.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Chat, type ChatOptions } from "../../src/chat/chat.ts";
import type { Alarm, AlarmKind, ChatEvent } from "../../src/chat/events.ts";
import type { Random } from "../../src/clock.ts";
import type { Failure } from "../../src/errors.ts";
import { parseCode } from "../../src/protocol/invite_code.ts";
import type { FileStore } from "../../src/files/store.ts";
import type { Relay, RoomId } from "../../src/relay/relay.ts";
import {
  type EnvelopeDocument,
  MemoryRelay,
  type RoomDocument,
} from "../../tests/support/memory_relay.ts";
import { seededRandom } from "../support/random.ts";
import { HarnessClock } from "./harness_clock.ts";

/** Longer than alarms of one kind are gathered, and than any grace. */
export const QUIET_MS = 20_000;

/** A relay that remembers everything ever stored in it. */
export class RecordingRelay extends MemoryRelay {
  /** Every document as it was first stored. */
  readonly seen: EnvelopeDocument[] = [];

  override plant(key: string, document: EnvelopeDocument): void {
    this.seen.push({ ...document, envelope: { ...document.envelope } });
    super.plant(key, document);
  }
}

/** Events of one kind. */
export type EventOf<K extends ChatEvent["event"]> = Extract<ChatEvent, { event: K }>;

/** One person at a terminal. */
export class Person {
  readonly events: ChatEvent[] = [];
  /** Texts that `Chat.send` accepted, in order. */
  readonly said: string[] = [];
  readonly chat: Chat;
  /** The exit status, once over. */
  status: number | undefined;
  /** False for a person whose screen displays nothing that arrives. */
  isLooking = true;
  #ids = 0;

  constructor(make: (emit: (event: ChatEvent) => void) => Chat) {
    this.chat = make((event) => {
      this.events.push(event);
      if (event.event === "message" && this.isLooking) this.chat.displayed(event.seq);
    });
    this.chat.run().then((status) => this.status = status);
  }

  /** All events of one kind so far. */
  all<K extends ChatEvent["event"]>(kind: K): EventOf<K>[] {
    return this.events.filter((event) => event.event === kind) as EventOf<K>[];
  }

  /** The last invite code. */
  get code(): string | undefined {
    return this.all("invite").at(-1)?.code;
  }

  /** True once the peer is known. */
  get isReady(): boolean {
    return this.all("ready").length > 0;
  }

  /** Texts shown, in the order of showing. */
  get heard(): string[] {
    return this.all("message").map(({ text }) => text);
  }

  /** Alarms so far: how many of each kind were told, however many each stands for. */
  get alarms(): Partial<Record<AlarmKind, number>> {
    const counts: Partial<Record<AlarmKind, number>> = {};
    for (const { kind } of this.all("alarm")) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /** The last presence told. */
  get presence(): EventOf<"presence"> | undefined {
    return this.all("presence").at(-1);
  }

  /** The fatal failure, if the chat ended with one. */
  get failure(): Failure | undefined {
    return this.all("error").find(({ fatal }) => fatal)?.failure;
  }

  /** Sends texts. */
  say(...texts: string[]): void {
    for (const text of texts) {
      this.chat.send(text, `${++this.#ids}`);
      this.said.push(text);
    }
  }

  /** Alarms raised while `action` runs. */
  async alarmsDuring(action: () => Promise<void>): Promise<Alarm[]> {
    const before = this.all("alarm").length;
    await action();
    return this.all("alarm").slice(before);
  }
}

/** How a client joins. */
export interface JoinOptions {
  readonly name?: string;
  readonly lingerMs?: number;
  readonly files?: FileStore;
  /** Stands between this person and the relay. */
  readonly through?: (relay: Relay) => Relay;
}

/** The harness. */
export class Harness {
  readonly clock = new HarnessClock();
  readonly random: Random;
  readonly relay: RecordingRelay;
  readonly people: Person[] = [];

  constructor({ seed = 1, clock }: { seed?: number; clock?: HarnessClock } = {}) {
    if (clock) this.clock = clock;
    this.random = seededRandom(seed);
    this.relay = new RecordingRelay({ clock: this.clock });
  }

  /** A client joins. */
  enter(
    entry: ChatOptions["entry"],
    { name = "Alice", lingerMs = 600_000, files, through }: JoinOptions = {},
  ): Person {
    const relay = this.relay.client();
    const person = new Person((emit) =>
      new Chat({
        relay: Promise.resolve(through ? through(relay) : relay),
        entry,
        name,
        lingerMs,
        files,
        clock: this.clock,
        random: this.random,
        emit,
      })
    );
    this.people.push(person);
    return person;
  }

  /** A host, with the code shown. */
  async host(joining: JoinOptions = {}): Promise<Person> {
    const host = this.enter({ mode: "new" }, { name: "Alice", ...joining });
    await this.until(() => host.code !== undefined);
    return host;
  }

  /** A guest with a code; nothing is waited for. */
  join(code: string, joining: JoinOptions = {}): Person {
    return this.enter({ mode: "join", code: parseCode(code) }, { name: "Bob", ...joining });
  }

  /** Two who have found each other. */
  async pair(
    { host = {}, guest = {} }: { host?: JoinOptions; guest?: JoinOptions } = {},
  ): Promise<{ alice: Person; bob: Person }> {
    const alice = await this.host(host);
    const bob = this.join(alice.code!, guest);
    await this.until(() => alice.isReady && bob.isReady);
    await this.settle();
    return { alice, bob };
  }

  /** Moves time until `condition` holds. */
  until(condition: () => boolean, withinMs = 120_000): Promise<void> {
    return this.clock.until(condition, { withinMs });
  }

  /** Moves time. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Lets timers of this very moment and everything under way run. */
  settle(): Promise<void> {
    return this.clock.settle();
  }

  /** The only room. */
  get room(): RoomDocument {
    const [room] = this.relay.documents.rooms.values();
    assert(room, "the room is missing");
    return room;
  }

  /** Documents on the relay, of every kind. */
  get remaining(): number {
    const { rooms, envelopes } = this.relay.documents;
    return rooms.size + envelopes.size;
  }

  /** Puts a document into the only room as a stranger with the database password would. */
  plant(
    envelope: EnvelopeDocument["envelope"],
    place: { room?: RoomId; epoch?: string } = {},
  ): void {
    const { room, epoch } = { room: this.room.room, epoch: this.room.epoch, ...place };
    const key = MemoryRelay.key(room, epoch, String(envelope.id));
    const expiresAt = this.relay.now() + 600_000;
    this.relay.plant(key, { room, epoch, expiresAt, envelope: { ...envelope } });
  }

  /** Both leave, one after the other; nothing may be left on the relay, nor a timer in a chat. */
  async end(): Promise<void> {
    for (const person of this.people) {
      if (person.status === undefined) void person.chat.leave();
      await this.until(() => person.status !== undefined);
    }
    assertEquals(this.remaining, 0, "documents are left on the relay");
    assertEquals(this.clock.pending, 0, "timers are left");
  }
}

/** Asserts that each has read exactly what the other has said, once and in order. */
export function assertAllHeard(...[a, b]: [Person, Person]): void {
  assertEquals(a.heard, b.said);
  assertEquals(b.heard, a.said);
}

/** Asserts that nobody was alarmed. */
export function assertCalm(...people: Person[]): void {
  for (const person of people) assertEquals(person.all("alarm"), [], "a false alarm was raised");
}
