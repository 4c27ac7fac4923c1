/**
 * Who stands at the door of a room: knocks of those who were refused, handshake messages that are not
 * those of the two, and seats that are not as the two left them.
 *
 * Anybody who may write to the relay can come here by the thousand; so all that is remembered has a
 * bound, and the relay is asked at most every {@link LOOK_EVERY_MS}, however many come.
 *
 * @module
 */
import { encodeBase64Url } from "@std/encoding/base64url";
import type { Clock, Timer } from "../clock.ts";
import type { Envelope, RoomView } from "../relay/relay.ts";
import type { Alarms } from "./alarms.ts";

/** A knock stays this long, for the other seat to see it too; a poll takes at most 3 s. */
const KNOCK_STAYS_MS = 5_000;
/** Knocks that stay at a time; one of a flood need not wait for the other seat to see it. */
export const MAX_KNOCKS = 64;
/** Documents dealt with that are remembered, to know a repetition: a page of them. */
const MAX_REMEMBERED = 256;
/** The relay is asked who is seated at most this often: not felt by one guest, and cheap in a flood. */
const LOOK_EVERY_MS = 250;
/**
 * Shares of people who hold no seat that raise no alarm: who comes and goes before being answered
 * leaves one behind.
 */
export const MAX_UNSEATED = 3;

/** What a door needs and whom it tells. */
export interface DoorDeps {
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** Removes an envelope from the relay soon. */
  remove(id: string): void;
  /** Reads the relay soon. */
  requestRead(): void;
  /** Asks the relay who is seated. */
  look(): Promise<RoomView>;
}

/** The door of one epoch. */
export class Door {
  readonly #deps: DoorDeps;
  readonly #timers = new Set<Timer>();
  readonly #knocks = new Set<string>();
  readonly #remembered = new Set<string>();
  #seated: string | undefined;
  /** True once the relay was asked about those who came together. */
  #isFresh = false;
  #lookedAt: number | undefined;
  #lookTimer: Timer | undefined;
  #unseated = 0;
  #isRolledBack = false;
  #intruder: string | undefined;

  constructor(deps: DoorDeps) {
    this.#deps = deps;
  }

  /** How much is remembered; bounded. */
  get size(): number {
    return this.#knocks.size + this.#remembered.size + this.#timers.size;
  }

  /** Stops every timer. */
  close(): void {
    this.#lookTimer?.cancel();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** Hears a knock. With `isCrowded` there is more on the relay than one read returns. */
  knock({ id, seq, head, token }: Envelope, isCrowded: boolean): void {
    if (this.#remembered.has(id)) return this.#deps.remove(id);
    if (seq !== 0 || head.length > 0 || token !== "") {
      // The relay's own hand leaves knocks, and leaves them empty.
      this.#forget(id);
      return this.#deps.alarms.raise("forged");
    }
    if (!this.#knocks.has(id)) {
      this.#deps.alarms.raise("third-party");
      if (!isCrowded && this.#knocks.size < MAX_KNOCKS) {
        this.#knocks.add(id);
        return this.#later(KNOCK_STAYS_MS, () => this.#forget(id));
      }
    } else if (!isCrowded) {
      return;
    }
    this.#forget(id);
  }

  /** Removes what was heard. Until that is done a read may still bring it. */
  #forget(id: string): void {
    this.#knocks.delete(id);
    this.remember(id);
    this.#deps.remove(id);
  }

  /** Begins to judge handshake messages that came together, all of them before now. */
  opens(): void {
    this.#isFresh = false;
  }

  /** True for a handshake message that was dealt with: its sender got no answer and repeated it. */
  isEcho(id: string): boolean {
    return this.#remembered.has(id);
  }

  /** Remembers a document as dealt with. */
  remember(id: string): void {
    this.#remembered.add(id);
    for (const oldest of this.#remembered) {
      if (this.#remembered.size <= MAX_REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
  }

  /**
   * Whether the guest's seat is held under this nonce: only then is a share worth an answer, for
   * anybody can write shares.
   *
   * @returns undefined when it cannot be told now; a read is asked for when it can.
   */
  async isSeated(nonce: Uint8Array): Promise<boolean | undefined> {
    const token = encodeBase64Url(nonce);
    if (token === this.#seated) return true;
    if (this.#isFresh) return false;
    const now = this.#deps.clock.monotonic();
    const waitMs = this.#lookedAt === undefined ? 0 : this.#lookedAt + LOOK_EVERY_MS - now;
    if (waitMs > 0) {
      this.#lookTimer ??= this.#deps.clock.after(waitMs, () => {
        this.#lookTimer = undefined;
        this.#deps.requestRead();
      });
      return undefined;
    }
    this.#lookedAt = now;
    this.#seated = (await this.#deps.look()).peer?.token;
    this.#isFresh = true;
    return token === this.#seated;
  }

  /** A share came of somebody who holds no seat. */
  turnAway(): void {
    if (++this.#unseated > MAX_UNSEATED) this.#deps.alarms.raise("third-party");
  }

  /** The relay's count of changes fell. */
  rolledBack(): void {
    this.#isRolledBack = true;
    this.#deps.alarms.rollback();
  }

  /**
   * Checks the seats as the relay has them, asked for after the two had found each other: the room is
   * sealed then, and nobody but `peerToken` ever holds the other seat. Each is told once.
   *
   * @returns true when the other seat is the peer's.
   */
  check(view: RoomView, peerToken: string): boolean {
    if (!view.sealed && !this.#isRolledBack) this.rolledBack();
    const seated = view.peer?.token;
    if (seated === undefined || seated === peerToken) return seated !== undefined;
    if (seated !== this.#intruder) this.#deps.alarms.raise("third-party");
    this.#intruder = seated;
    return false;
  }

  #later(ms: number, action: () => void): void {
    const timer = this.#deps.clock.after(ms, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }
}
