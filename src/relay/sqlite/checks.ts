/**
 * The steps in which `whisper doctor` looks at the local relay: whether two terminals of this user
 * would meet. A room of its own is made for it, and removed.
 *
 * @module
 */
import { encodeBase64Url } from "../../base64url.ts";
import { atMost } from "../../clock.ts";
import { type Check, type Examination, type Finding, found, latencyOf } from "../check.ts";
import type { Envelope, Relay, Seat } from "../relay.ts";
import { openSqliteRelay, type SqliteOptions } from "./sqlite_relay.ts";
import { defaultDatabasePath, directoryOf } from "./place.ts";

/** How often an envelope goes from one terminal to the other. */
const ROUNDS = 10;
/** The shortest linger there is, should we be killed on the way. */
const LINGER_MS = 60_000;
/** The watch takes a millisecond or two; this is for a machine that is asleep. */
const TIMEOUT_MS = 5_000;

/** The steps; nothing is looked at before they are taken. */
export class SqliteExamination implements Examination {
  readonly checks: readonly Check[];
  readonly #deps: SqliteOptions;
  #host: Relay | undefined;
  #guest: Relay | undefined;
  /** In the order in which they were taken, and are left: the second is the last one out. */
  readonly #seats: [Relay, Seat][] = [];

  constructor(deps: SqliteOptions) {
    this.#deps = deps;
    this.checks = [
      { name: "folder", run: () => this.#folder() },
      { name: "room", run: () => this.#room() },
      { name: "latency", run: (signal) => this.#latency(signal) },
      { name: "left", run: () => this.#leave() },
    ];
  }

  async close(): Promise<void> {
    try {
      await this.#leave();
    } finally {
      await this.#guest?.close();
      await this.#host?.close();
    }
  }

  async #folder(): Promise<Finding> {
    this.#host = await openSqliteRelay(this.#deps);
    this.#guest = await openSqliteRelay(this.#deps);
    const folder = directoryOf(
      this.#deps.path ?? defaultDatabasePath((name) => Deno.env.get(name)),
    );
    return found("folder", { path: folder });
  }

  async #room(): Promise<Finding> {
    const room = this.#name(16);
    const token = this.#name(16);
    const made = await this.#host!.create(room, {
      token,
      epoch: this.#name(8),
      lingerMs: LINGER_MS,
    });
    if ("refused" in made) throw new Error("A random name was taken");
    this.#seats.push([this.#host!, made.seat]);
    const claim = await this.#guest!.claim(room, this.#name(16));
    if ("refused" in claim) throw new Error(`The free seat was refused: ${claim.refused}`);
    this.#seats.push([this.#guest!, claim.seat]);
    return found("room", {});
  }

  async #latency(signal: AbortSignal): Promise<Finding> {
    const [[host, seat], [guest, other]] = this.#seats as [[Relay, Seat], [Relay, Seat]];
    const ended = new AbortController();
    const seen = new Set<string>();
    let arrived = () => {};
    const see = (envelopes: readonly Envelope[]) => {
      for (const { id } of envelopes) seen.add(id);
      arrived();
    };
    const isUp = Promise.withResolvers<void>();
    const listener = {
      push: see,
      wake: () => void guest.read(other).then(({ envelopes }) => see(envelopes), () => {}),
      state: ({ state }: { state: string }) => state === "up" && isUp.resolve(),
    };
    guest.watch(other, listener, AbortSignal.any([signal, ended.signal]));
    const rounds: number[] = [];
    try {
      if (!await this.#soon(isUp.promise)) return found("late-notice", {}, "warning");
      for (let seq = 1; seq <= ROUNDS; seq++) {
        const id = this.#name(16);
        const came = new Promise<void>((resolve) => arrived = () => seen.has(id) && resolve());
        const began = this.#deps.clock.monotonic();
        const envelope = { id, from: "host", seq, attempt: 0, head: new Uint8Array(1), token: "" };
        await host.post(seat, [envelope as Envelope]);
        arrived();
        if (!await this.#soon(came)) return found("late-notice", {}, "warning");
        rounds.push(this.#deps.clock.monotonic() - began);
      }
    } finally {
      ended.abort();
    }
    return found("latency", latencyOf(rounds));
  }

  async #leave(): Promise<Finding> {
    let documents = 0;
    for (let next; (next = this.#seats.shift());) {
      const [relay, seat] = next;
      documents = (await relay.leave(seat)).remaining ?? 0;
    }
    return documents === 0 ? found("left", {}) : found("left-over", { documents }, "warning");
  }

  /** False when it takes longer than it may. */
  async #soon(promise: Promise<void>): Promise<boolean> {
    let isDone = false;
    await atMost(this.#deps.clock, TIMEOUT_MS, promise.then(() => isDone = true));
    return isDone;
  }

  #name(bytes: number): string {
    return encodeBase64Url(this.#deps.random(bytes));
  }
}
