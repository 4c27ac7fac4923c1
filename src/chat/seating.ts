/**
 * The seat in a room of the relay: taking it, opening the room anew, giving it up. A seat whose taking
 * was still under way when the person left is given up as well: its answer may be on the way.
 *
 * @module
 */
import { encodeBase64Url } from "@std/encoding/base64url";
import type { Random } from "../clock.ts";
import type { Claim, RoomId, Seat } from "../relay/relay.ts";
import type { Attempt, RelayConnection } from "./retry.ts";

/** What it needs. */
export interface SeatingDeps {
  readonly connection: RelayConnection;
  readonly random: Random;
  readonly lingerMs: number;
  /** Aborted when the chat is over. */
  readonly signal: AbortSignal;
}

/** The one seat of a chat. */
export class Seating {
  readonly #deps: SeatingDeps;
  #seat: Seat | undefined;
  /** Never rejects. */
  #taking: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(deps: SeatingDeps) {
    this.#deps = deps;
  }

  /** The seat, once there is one. */
  get seat(): Seat | undefined {
    return this.#seat;
  }

  /** Makes a room and takes its host seat; undefined where there is one of that name. */
  async create(room: RoomId): Promise<Seat | undefined> {
    const { lingerMs } = this.#deps;
    const wanted = { ...this.#draw(), lingerMs };
    const created = await this.#take(
      "create",
      ({ relay, signal }) => relay.create(room, wanted, { signal }),
    );
    return "seat" in created ? created.seat : undefined;
  }

  /** Asks for the guest seat of a room. */
  claim(room: RoomId): Promise<Claim> {
    const { token } = this.#draw();
    return this.#take("claim", ({ relay, signal }) => relay.claim(room, token, { signal }));
  }

  /** Opens a new epoch of the room; undefined when the seat is lost. */
  async reopen(): Promise<Seat | undefined> {
    const held = this.#seat!;
    const next = this.#draw();
    const answer = await this.#take("invite", async ({ relay, signal }) => {
      const seat = await relay.reopen(held, next, { signal });
      return seat ? { seat } : {};
    });
    return "seat" in answer ? answer.seat : undefined;
  }

  /** From here on no seat is taken for anything but giving it up. Resolves when none is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#taking;
  }

  /**
   * Gives the seat up, however often it takes.
   *
   * @returns documents of the room that are left on the relay.
   */
  async giveUp(signal: AbortSignal): Promise<number> {
    const { connection } = this.#deps;
    const seat = this.#seat!;
    const leave = ({ relay, signal }: Attempt) => relay.leave(seat, { signal });
    return (await connection.run("leave", leave, signal)).remaining;
  }

  #draw(): { token: string; epoch: string } {
    const { random } = this.#deps;
    return { token: encodeBase64Url(random(16)), epoch: encodeBase64Url(random(8)) };
  }

  async #take<T extends object>(
    name: string,
    operation: (attempt: Attempt) => Promise<T | T & { readonly seat: Seat }>,
  ): Promise<T | T & { readonly seat: Seat }> {
    const { connection, signal } = this.#deps;
    const taking = connection.run(name, operation, signal).then((answer) => {
      if ("seat" in answer) this.#seat = answer.seat;
      return answer;
    });
    this.#taking = taking.catch(() => {});
    const answer = await taking;
    if (this.#isClosed) throw new DOMException("The chat is over", "AbortError");
    return answer;
  }
}
