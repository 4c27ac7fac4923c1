/**
 * What `src/relay/relay.ts` says about rooms, as a model of one page to compare relays with.
 *
 * @module
 */
import { LEASE_MS, type Refusal, type Role } from "../../src/relay/relay.ts";

/** A seat without its room, of which there is one. */
export interface RefSeat {
  readonly epoch: string;
  readonly role: Role;
  readonly token: string;
}

interface RefRoom {
  epoch: string;
  sealed: boolean;
  burnt: boolean;
  host: { token: string; until: number } | undefined;
  guest: { token: string; until: number } | undefined;
  expires: number;
}

/** One room, and the envelopes of its present epoch: identities by sender. */
export class Reference {
  #now = 0;
  #room: RefRoom | undefined;
  #envelopes: { id: string; from: Role | "stranger"; expires: number }[] = [];
  readonly #lingerMs: number;
  readonly #revives: boolean;

  /** `revives`: an expired room comes back for its holders until something removes it. */
  constructor(lingerMs: number, { revives }: { revives: boolean }) {
    this.#lingerMs = lingerMs;
    this.#revives = revives;
  }

  age(ms: number): void {
    this.#now += ms;
  }

  /** The living room. */
  get #living(): RefRoom | undefined {
    return this.#room && this.#room.expires > this.#now ? this.#room : undefined;
  }

  #revive({ epoch, role, token }: RefSeat): void {
    const room = this.#room;
    const isExpired = room !== undefined && room.expires <= this.#now;
    if (!this.#revives || !isExpired || room.epoch !== epoch || room[role]?.token !== token) return;
    room.expires = this.#now + this.#lingerMs;
    for (const envelope of this.#envelopes) envelope.expires = room.expires;
  }

  /** Removes what has expired. */
  #purge(): void {
    if (!this.#living) this.#room = undefined;
    this.#envelopes = this.#unexpired();
  }

  #lease(token: string) {
    return { token, until: this.#now + LEASE_MS };
  }

  #remove(): void {
    this.#room = undefined;
    this.#envelopes = [];
  }

  /** True while there is a room. */
  get isLiving(): boolean {
    return this.#living !== undefined;
  }

  /** True while the epoch of the seat is the room's. */
  isCurrent({ epoch }: RefSeat): boolean {
    return this.#living?.epoch === epoch;
  }

  /** True once the room is in another epoch than the seat's. */
  isOver({ epoch }: RefSeat): boolean {
    return this.#living !== undefined && this.#living.epoch !== epoch;
  }

  /** True while the seat is held. */
  isHeld(seat: RefSeat): boolean {
    return this.#held(seat) !== undefined;
  }

  #held({ epoch, role, token }: RefSeat): RefRoom | undefined {
    const room = this.#living;
    return room?.epoch === epoch && room[role]?.token === token ? room : undefined;
  }

  create(token: string, epoch: string): RefSeat | "taken" {
    const room = this.#living;
    if (room) {
      return room.host?.token === token ? { epoch: room.epoch, role: "host", token } : "taken";
    }
    this.#remove();
    const expires = this.#now + this.#lingerMs;
    const host = this.#lease(token);
    this.#room = { epoch, sealed: false, burnt: false, host, guest: undefined, expires };
    return { epoch, role: "host", token };
  }

  claim(token: string, knock: string): RefSeat | Refusal {
    const room = this.#living;
    if (!room) return "absent";
    const isMine = room.guest?.token === token;
    if (isMine && !room.host) {
      this.#remove();
      return "absent";
    }
    const isTaken = room.guest !== undefined && room.guest.until > this.#now;
    const refused = isMine
      ? undefined
      : room.burnt
      ? "burnt"
      : room.sealed
      ? "sealed"
      : isTaken
      ? "full"
      : undefined;
    if (refused) {
      this.#store({ id: knock, from: "stranger" });
      return refused;
    }
    if (!room.host) return "absent";
    room.guest = this.#lease(token);
    return { epoch: room.epoch, role: "guest", token };
  }

  renew(seat: RefSeat): { sealed: boolean; peer?: string; isHere?: boolean } | undefined {
    this.#revive(seat);
    this.#purge();
    const room = this.#held(seat);
    if (!room) return undefined;
    room[seat.role] = this.#lease(seat.token);
    room.expires = this.#now + this.#lingerMs;
    const peer = room[seat.role === "host" ? "guest" : "host"];
    return {
      sealed: room.sealed,
      ...peer && { peer: peer.token, isHere: peer.until > this.#now },
    };
  }

  close(seat: RefSeat, how: "sealed" | "burnt"): boolean {
    const room = this.#held(seat);
    if (room) room[how] = true;
    return room !== undefined;
  }

  vacate(seat: RefSeat, guest: string): void {
    const room = this.#held(seat);
    if (room && !room.sealed && room.guest?.token === guest) room.guest = undefined;
  }

  reopen(seat: RefSeat, next: { token: string; epoch: string }): RefSeat | undefined {
    const opened: RefSeat = { ...next, role: "host" };
    if (this.#held(opened)) return opened;
    const room = this.#held(seat);
    if (!room) return undefined;
    const { epoch, token } = next;
    const [host, expires] = [this.#lease(token), this.#now + this.#lingerMs];
    Object.assign(room, { epoch, host, guest: undefined, sealed: false, burnt: false, expires });
    this.#envelopes = [];
    return opened;
  }

  post(seat: RefSeat, id: string): void {
    this.#revive(seat);
    if (this.isCurrent(seat)) this.#store({ id, from: seat.role });
  }

  #store(envelope: { id: string; from: Role | "stranger" }): void {
    if (this.#envelopes.some(({ id }) => id === envelope.id)) return;
    this.#envelopes.push({ ...envelope, expires: this.#now + this.#lingerMs });
  }

  read({ role }: RefSeat): string[] {
    return this.#unexpired().filter(({ from }) => from !== role).map(({ id }) => id).sort();
  }

  #unexpired() {
    return this.#envelopes.filter(({ expires }) => expires > this.#now);
  }

  /** Documents of the room. */
  get remaining(): number {
    return this.#living ? 1 + this.#unexpired().length : 0;
  }

  /** Removes a room whose seats are both free or lapsed. */
  removeIfDeserted(): void {
    const seats = [this.#room?.host, this.#room?.guest];
    if (seats.every((seat) => !seat || seat.until <= this.#now)) this.#remove();
  }

  leave(seat: RefSeat): { last: boolean; remaining: number } {
    this.#purge();
    const room = this.#held(seat);
    const peer = room?.[seat.role === "host" ? "guest" : "host"];
    const last = room !== undefined && !(peer && peer.until > this.#now);
    if (last) this.#remove();
    else if (room) room[seat.role] = undefined;
    return { last, remaining: this.remaining };
  }
}
