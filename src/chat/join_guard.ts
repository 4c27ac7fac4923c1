/**
 * Guards the room against everyone who is not one of the two: knocks of those who were refused,
 * handshake messages of others, and seats that are not as the two left them.
 *
 * Anybody who may write to the relay can cause these by the thousand; so all that is remembered has a
 * bound, and the relay is asked at most every {@link LOOK_EVERY_MS}.
 *
 * @module
 */
import { encodeBase64Url } from "../base64url.ts";
import type { Clock, Timer } from "../clock.ts";
import type { Envelope, RoomView } from "../relay/relay.ts";
import type { Alarms } from "./alarms.ts";
import { SeenIds } from "./receiver.ts";

/** A knock stays this long, for the other seat to see it too; a poll takes at most 3 s. */
const KNOCK_STAYS_MS = 5_000;
/** Knocks that stay at a time; one of a flood need not wait for the other seat to see it. */
export const MAX_KNOCKS = 64;
/** Documents dealt with that are remembered, to recognize a duplicate: a page of them. */
const MAX_SEEN = 256;
/** The relay is asked who is seated at most this often: not felt by one guest, and cheap in a flood. */
const LOOK_EVERY_MS = 250;
/**
 * Shares without a seat that raise no alarm: a guest who gives up before being answered leaves one
 * behind.
 */
export const MAX_UNSEATED = 3;
/** Guests who were answered and gave their seat up that raise no alarm: a bad network loses a few. */
export const MAX_ABANDONED = 8;

/** Dependencies and callbacks of a guard. */
export interface JoinGuardDeps {
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** Removes an envelope from the relay soon. */
  remove(id: string): void;
  /** Reads the relay soon. */
  requestRead(): void;
  /** Asks the relay who is seated. */
  look(): Promise<RoomView>;
}

/** The guard of one epoch. */
export class JoinGuard {
  readonly #deps: JoinGuardDeps;
  /** By id: the timer that removes each. */
  readonly #knocks = new Map<string, Timer>();
  readonly #seen = new SeenIds(MAX_SEEN);
  #seated: string | undefined;
  /** True once the relay was asked about the present batch. */
  #isFresh = false;
  #lookedAt: number | undefined;
  #lookTimer: Timer | undefined;
  #unseated = 0;
  #abandoned = 0;
  #isRolledBack = false;
  #intruder: string | undefined;

  constructor(deps: JoinGuardDeps) {
    this.#deps = deps;
  }

  /** How much is remembered; bounded. */
  get size(): number {
    return this.#knocks.size + this.#seen.size;
  }

  /** Stops every timer. */
  close(): void {
    this.#lookTimer?.cancel();
    for (const timer of this.#knocks.values()) timer.cancel();
    this.#knocks.clear();
  }

  /** Takes a knock. With `isCrowded` there is more on the relay than one read returns. */
  onKnock({ id, seq, head, token }: Envelope, isCrowded: boolean): void {
    if (this.#seen.has(id)) return this.#deps.remove(id);
    if (seq !== 0 || head.length > 0 || token !== "") {
      // Knocks are left by the relay itself, and are empty.
      this.#forget(id);
      return this.#deps.alarms.raise("forged");
    }
    if (!this.#knocks.has(id)) {
      this.#deps.alarms.raise("third-party");
      if (!isCrowded && this.#knocks.size < MAX_KNOCKS) {
        const timer = this.#deps.clock.after(KNOCK_STAYS_MS, () => this.#forget(id));
        this.#knocks.set(id, timer);
        return;
      }
    } else if (!isCrowded) {
      return;
    }
    this.#forget(id);
  }

  /** Removes a knock. Until that is done a read may still bring it. */
  #forget(id: string): void {
    this.#knocks.get(id)?.cancel();
    this.#knocks.delete(id);
    this.remember(id);
    this.#deps.remove(id);
  }

  /** Handshake messages that came together follow, all of them written before now. */
  beginBatch(): void {
    this.#isFresh = false;
  }

  /** True for a document that was dealt with: its sender got no answer and repeated it. */
  isDuplicate(id: string): boolean {
    return this.#seen.has(id);
  }

  /** Remembers a document as dealt with. */
  remember(id: string): void {
    this.#seen.add(id);
  }

  /**
   * Whether the guest's seat is held under this nonce: only then a guest's message is worth an answer,
   * for anybody can write one.
   *
   * @param beside runs while the relay is asked, if it has to be.
   * @returns undefined when it cannot be told now; a read is asked for when it can.
   */
  async isSeated(
    nonce: Uint8Array,
    beside?: () => Promise<void>,
  ): Promise<boolean | undefined> {
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
    const [view] = await Promise.all([this.#deps.look(), beside?.()]);
    this.#seated = view.peer?.token;
    this.#isFresh = true;
    return token === this.#seated;
  }

  /** A share came from someone who holds no seat. */
  rejectUnseated(): void {
    if (++this.#unseated > MAX_UNSEATED) this.#deps.alarms.raise("third-party");
  }

  /** A guest was answered, and the seat has another holder by now. */
  onAbandoned(): void {
    if (++this.#abandoned > MAX_ABANDONED) this.#deps.alarms.raise("crowded");
  }

  /** The relay's count of changes fell. */
  onRollback(): void {
    this.#isRolledBack = true;
    this.#deps.alarms.rollback();
  }

  /**
   * Checks the seats as the relay has them, asked for after the two had found each other: the room is
   * sealed then, and nobody but `peerToken` ever holds the other seat. Each deviation is reported once.
   *
   * @returns true when the other seat is the peer's.
   */
  checkSeats(view: RoomView, peerToken: string): boolean {
    if (!view.sealed && !this.#isRolledBack) this.onRollback();
    const seated = view.peer?.token;
    if (seated === undefined || seated === peerToken) return seated !== undefined;
    if (seated !== this.#intruder) this.#deps.alarms.raise("third-party");
    this.#intruder = seated;
    return false;
  }
}
