/**
 * Many rooms in one process: chats as the program runs them, or bare driver clients, each client with a
 * connection of its own. What goes on beside the pair that is measured, where two processes for each
 * room would be more than a computer bears.
 *
 * As a program: rooms that talk until the end of input. Arguments: `whisper`, `polling` or `bare`, the
 * connection string, how many rooms. Prints `ready`, and in the end how many texts were said and how
 * many operations that took.
 *
 * @module
 */
import { MongoClient } from "mongodb";
import { Chat } from "../../src/chat/chat.ts";
import { entryByCode } from "../../src/chat/room.ts";
import type { ChatEvent } from "../../src/chat/events.ts";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { openRelay } from "../../src/relay/open.ts";
import { TEXT_CHARS } from "./pairs.ts";

/** Two who talk in one room. */
export interface Room {
  /** One of the two says something; the milliseconds until the other has it. */
  say(): Promise<number>;
  /** Operations of both so far. */
  operations(): number;
  end(): Promise<void>;
}

/** Milliseconds between two texts of a room that talks. */
export const PACE_MS = 2_000;
/** Rooms that are opened at once. */
const AT_ONCE = 5;

class Side {
  readonly chat: Chat;
  readonly #over: Promise<number>;
  readonly #listeners = new Set<(event: ChatEvent) => void>();

  constructor(settings: { uri: string; poll: boolean }, code?: string) {
    const deps = { clock: systemClock, random: systemRandom };
    this.chat = new Chat({
      ...deps,
      relay: openRelay({ kind: "mongodb", ...settings }, deps),
      entry: code === undefined ? { mode: "new" } : entryByCode(code),
      name: code === undefined ? "Alice" : "Bob",
      lingerMs: 600_000,
      emit: (event) => {
        if (event.event === "message") this.chat.displayed(event.seq);
        this.#listeners.forEach((listener) => listener(event));
      },
    });
    this.#over = this.chat.run();
  }

  next<K extends ChatEvent["event"]>(kind: K): Promise<ChatEvent & { event: K }> {
    return new Promise((resolve) => {
      const listener = (event: ChatEvent) => {
        if (event.event !== kind) return;
        this.#listeners.delete(listener);
        resolve(event as ChatEvent & { event: K });
      };
      this.#listeners.add(listener);
    });
  }

  async end(): Promise<void> {
    await this.chat.leave();
    await this.#over;
  }
}

/** Opens a room of two chats. */
export async function openRoom(settings: { uri: string; poll: boolean }): Promise<Room> {
  const host = new Side(settings);
  const { code } = await host.next("invite");
  const ready = host.next("ready");
  const guest = new Side(settings, code);
  await Promise.all([ready, guest.next("ready")]);
  let turn = 0;
  return {
    async say() {
      const [from, to] = turn++ % 2 === 0 ? [host, guest] : [guest, host];
      const came = to.next("message");
      const began = performance.now();
      from.chat.send("x".repeat(TEXT_CHARS), String(turn));
      await came;
      return performance.now() - began;
    },
    operations() {
      return [host, guest].flatMap(({ chat }) => Object.values(chat.overview().operations))
        .reduce((sum, count) => sum + count, 0);
    },
    async end() {
      await guest.end();
      await host.end();
    },
  };
}

/** Opens a room of two bare driver clients, each with its stream. */
async function openBareRoom(uri: string, number: number): Promise<Room> {
  let operations = 0;
  const open = async (own: string, peer: string) => {
    const client = new MongoClient(uri, { writeConcern: { w: "majority" }, monitorCommands: true });
    client.on("commandStarted", () => operations++);
    await client.connect();
    const lines = client.db().collection<{ from: string; text: string }>("bare");
    const stream = lines.watch<{ from: string; text: string }>([
      { $match: { operationType: "insert", "fullDocument.from": peer } },
    ]);
    let heard = () => {};
    stream.on("change", () => heard());
    await new Promise<void>((resolve) => stream.once("resumeTokenChanged", () => resolve()));
    return {
      say: () => lines.insertOne({ from: own, text: "x".repeat(TEXT_CHARS) }),
      next: () => new Promise<void>((resolve) => heard = resolve),
      async end() {
        await stream.close();
        await client.close();
      },
    };
  };
  const names = [`${number} a`, `${number} b`] as const;
  const sides = [await open(...names), await open(names[1], names[0])] as const;
  let turn = 0;
  return {
    async say() {
      const [from, to] = turn++ % 2 === 0 ? sides : sides.toReversed();
      const came = to!.next();
      const began = performance.now();
      await Promise.all([from!.say(), came]);
      return performance.now() - began;
    },
    operations: () => operations,
    async end() {
      await Promise.all(sides.map((side) => side.end()));
    },
  };
}

/** Opens `count` rooms, a few at a time. */
export async function openRooms(
  count: number,
  open: (i: number) => Promise<Room>,
): Promise<Room[]> {
  const rooms: Room[] = [];
  let next = 0;
  const some = async () => {
    while (next < count) rooms.push(await open(next++));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, some));
  return rooms;
}

async function main(): Promise<void> {
  const [kind, uri, count] = Deno.args as [string, string, string];
  const open = kind === "bare"
    ? (i: number) => openBareRoom(uri, i)
    : () => openRoom({ uri, poll: kind === "polling" });
  const rooms = await openRooms(Number(count), open);
  let isOver = false;
  let texts = 0;
  const before = rooms.reduce((sum, room) => sum + room.operations(), 0);
  const talks = rooms.map(async (room) => {
    while (!isOver) {
      // Not all at one moment.
      await new Promise((resolve) => setTimeout(resolve, PACE_MS * (0.5 + Math.random())));
      if (isOver) break;
      await room.say();
      texts++;
    }
  });
  console.log("ready");
  for await (const _ of Deno.stdin.readable);
  isOver = true;
  const operations = rooms.reduce((sum, room) => sum + room.operations(), 0) - before;
  console.log(JSON.stringify({ texts, operations }));
  await Promise.all(talks);
  await Promise.all(rooms.map((room) => room.end()));
}

if (import.meta.main) {
  await main();
  Deno.exit();
}
