/**
 * Two people who chat while something breaks, and what has to be true of them whatever it was.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Chat, type ChatOptions } from "../../src/chat/chat.ts";
import type { AlarmKind, ChatEvent, Presence } from "../../src/chat/events.ts";
import { type Clock, systemClock, systemRandom } from "../../src/clock.ts";
import { parseCode } from "../../src/protocol/invite_code.ts";
import { roomOfNameplate } from "../../src/protocol/wire.ts";
import type { Relay, RoomId } from "../../src/relay/relay.ts";

/** After this real time a chat that stays silent fails its test instead of hanging the run. */
const SILENCE_MS = 60_000;

/** One event with its name. */
export type Told<E extends ChatEvent["event"]> = Extract<ChatEvent, { event: E }>;

/** What a person is made of. */
export interface PersonOptions {
  readonly name: string;
  readonly entry: ChatOptions["entry"];
  readonly relay: Relay | Promise<Relay>;
  readonly clock?: Clock;
  readonly random?: ChatOptions["random"];
  readonly lingerMs?: number;
}

/** One person with their chat, all that it has told, and when. */
export class Person {
  readonly name: string;
  readonly chat: Chat;
  /** Everything told, in order. */
  readonly events: ChatEvent[] = [];
  /** When, in real milliseconds. */
  readonly times: number[] = [];
  /** Texts said, by identity, in order. */
  readonly said = new Map<string, string>();
  /** The exit status, once the chat is over. */
  readonly over: Promise<number>;
  #changed: (() => void) | undefined;

  constructor(options: PersonOptions) {
    this.name = options.name;
    this.chat = new Chat({
      relay: Promise.resolve(options.relay),
      entry: options.entry,
      name: options.name,
      lingerMs: options.lingerMs ?? 600_000,
      clock: options.clock ?? systemClock,
      random: options.random ?? systemRandom,
      emit: (event) => {
        this.events.push(event);
        this.times.push(performance.now());
        this.#changed?.();
        if (event.event === "message") this.chat.displayed(event.seq);
      },
    });
    this.over = this.chat.run();
  }

  /** Says `count` texts that are like no others. */
  say(count = 1): void {
    for (let i = 0; i < count; i++) {
      const number = this.said.size + 1;
      const id = `${this.name}-${number}`;
      this.said.set(id, `${this.name} says ${number}`);
      this.chat.send(this.said.get(id)!, id);
    }
  }

  /** What was told under one name. */
  told<E extends ChatEvent["event"]>(event: E): Told<E>[] {
    return this.events.filter((one): one is Told<E> => one.event === event);
  }

  /** The texts shown, in order. */
  get shown(): string[] {
    return this.told("message").map(({ text }) => text);
  }

  /** What was reported of the peer's presence. */
  get presences(): Presence[] {
    return this.told("presence").map(({ peer }) => peer);
  }

  /** The states of the relay, repetitions left out. */
  get relay(): string[] {
    const states = this.told("relay").map(({ state }) => state as string);
    return states.filter((state, i) => state !== states[i - 1]);
  }

  /** True once every message was displayed by the peer. */
  get isRead(): boolean {
    return this.told("delivered").length === this.said.size;
  }

  /** Resolves when `condition` holds, looking after each event of this person. */
  async until(what: string, condition: () => boolean): Promise<void> {
    let guard: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      guard = setTimeout(() => reject(new Error(this.#complaint(what))), SILENCE_MS);
    });
    try {
      while (!condition()) {
        const changed = new Promise<void>((resolve) => this.#changed = resolve);
        await Promise.race([changed, silence]);
      }
    } finally {
      clearTimeout(guard);
    }
  }

  /** Makes {@link until} look again, for a condition on something else than events. */
  look(): void {
    this.#changed?.();
  }

  /** Resolves with the invite code. */
  async invited(): Promise<string> {
    await this.until("the invite", () => this.told("invite").length > 0);
    return this.told("invite").at(-1)!.code;
  }

  /** Resolves when this person knows the other. */
  ready(): Promise<void> {
    return this.until("the peer", () => this.told("ready").length > 0);
  }

  /** Leaves, and gives the exit status. */
  async leave(reason?: "interrupted"): Promise<number> {
    await this.chat.leave(reason);
    return await this.over;
  }

  #complaint(what: string): string {
    const last = this.events.slice(-8).map((event) => JSON.stringify(event)).join("\n  ");
    return `${this.name} waited for ${what}, which did not come; last events:\n  ${last}`;
  }
}

/** Both, in that order. */
export interface Pair {
  readonly host: Person;
  readonly guest: Person;
  /** The room they are in, as the relay knows it. */
  readonly room: RoomId;
}

/** Two people who know each other. */
export async function meet(
  host: Omit<PersonOptions, "name" | "entry">,
  guest: Omit<PersonOptions, "name" | "entry">,
): Promise<Pair> {
  const alice = new Person({ name: "Alice", entry: { mode: "new" }, ...host });
  const code = parseCode(await alice.invited());
  const bob = new Person({ name: "Bob", entry: { mode: "join", code }, ...guest });
  await Promise.all([alice.ready(), bob.ready()]);
  return { host: alice, guest: bob, room: roomOfNameplate(code.nameplate) };
}

/** Resolves when each has read all that the other said. */
export async function allRead({ host, guest }: Omit<Pair, "room">): Promise<void> {
  await host.until("receipts", () => host.isRead);
  await guest.until("receipts", () => guest.isRead);
}

/**
 * Each accepted text was shown exactly once, in order; nobody was alarmed without a cause. `alarms`:
 * the kinds that have one.
 */
export function assertNothingLost(
  { host, guest }: Pair,
  { alarms = [] }: { alarms?: readonly AlarmKind[] } = {},
): void {
  for (const [one, other] of [[host, guest], [guest, host]] as const) {
    const accepted = one.told("sent").map(({ id }) => one.said.get(id)!);
    assertEquals(other.shown, accepted, `what ${other.name} was shown`);
    assertEquals(accepted, [...one.said.values()], `what was accepted of ${one.name}`);
    const ids = one.told("delivered").map(({ id }) => id);
    assertEquals(ids, [...one.said.keys()], `what ${one.name} knows to be read`);
    const groundless = one.told("alarm").filter(({ kind }) => !alarms.includes(kind));
    assertEquals(groundless, [], `${one.name} was alarmed`);
    assertEquals(one.told("error"), [], `${one.name} was told of errors`);
  }
}

/** Both leave, one after the other, and nothing is left behind. */
export async function assertNothingLeft(
  { host, guest, room }: Pair,
  count: (room: RoomId) => Promise<number>,
): Promise<void> {
  assertEquals(await guest.leave(), 0);
  await host.until("the goodbye", () => host.presences.at(-1) === "left");
  assertEquals(await host.leave(), 0);
  assertEquals(host.told("closed"), [{
    event: "closed",
    remaining: 0,
    reason: "exit",
    undelivered: 0,
  }]);
  assertEquals(await count(room), 0, "documents on the relay");
}

/**
 * Was told that the relay was in trouble, and is told that it is well again: maybe only after all was
 * read, for what one reads says nothing of one's own other business with the relay.
 */
export async function assertTold(person: Person): Promise<void> {
  assert(person.relay.includes("reconnecting"), `${person.name} was not told: ${person.relay}`);
  await person.until("word that all is well", () => person.relay.at(-1) === "up");
}
