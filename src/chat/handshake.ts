/**
 * The handshake of one epoch, driven against the relay: who is answered, what an unexpected document
 * means, and that the room is sealed before the guest is told that it is in.
 *
 * @module
 */
import { decodeBase64Url, encodeBase64Url } from "../base64url.ts";
import type { Clock, Random } from "../clock.ts";
import { Failure } from "../errors.ts";
import {
  beginAsGuest,
  beginAsHost,
  dropAbandoned,
  type GuestState,
  type HandshakeParams,
  type HandshakeResult,
  type HostState,
  type HostStep,
  MAX_GUESSES,
  stepGuest,
  stepHost,
  wipeGuest,
  wipeHost,
} from "../protocol/handshake.ts";
import {
  decodeHandshake,
  decodeOtherVersion,
  encodeHandshake,
  type HandshakeMessage,
  makeEnvelope,
  type OtherVersion,
  PROTOCOL_VERSION,
} from "../protocol/wire.ts";
import { type Envelope, otherSeat, type RoomView, type Seat } from "../relay/relay.ts";
import type { Alarms } from "./alarms.ts";
import type { Listener, RoomKind } from "./events.ts";
import type { JoinGuard } from "./join_guard.ts";
import type { RelayConnection } from "./retry.ts";

/** Dependencies and callbacks of a driver. */
export interface HandshakeDriverDeps {
  readonly connection: RelayConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly alarms: Alarms;
  readonly emit: Listener;
  readonly seat: Seat;
  readonly roomKind: RoomKind;
  readonly guard: JoinGuard;
  readonly signal: AbortSignal;
  /** Removes an envelope from the relay soon. */
  remove(id: string): void;
  /** Both have proved that they know the password. */
  onEstablished(result: HandshakeResult): void;
  /** The code no longer lets anybody in. */
  onCodeBurnt(): void;
  /** All is agreed. `last`: the last message of the handshake, to be posted before anything else. */
  onComplete(last?: Envelope): void;
}

/** An answer that is on the relay before it is known whether the guest is seated. */
interface AnsweredAhead {
  readonly step: HostStep;
  /** Takes it back: the guest is not seated. */
  revoke(): void;
}

type Phase =
  | { readonly phase: "host"; readonly state: HostState }
  | { readonly phase: "guest"; readonly state: GuestState; readonly hostNonce: Uint8Array }
  /** `peerToken`: of the peer's seat; `since`: by the monotonic clock. */
  | { readonly phase: "over"; readonly peerToken: string; readonly since: number };

/** Drives the handshake of one epoch, and judges what of its kind comes afterwards. */
export class HandshakeDriver {
  readonly #deps: HandshakeDriverDeps;
  #phase: Phase | undefined;
  /** When a guest's share was answered who has not been heard since, by the monotonic clock. */
  #answeredAt: number | undefined;

  constructor(deps: HandshakeDriverDeps) {
    this.#deps = deps;
  }

  /** Begins: the guest sends first, the host waits. `params` contain the password, and are not stored. */
  async start(params: HandshakeParams): Promise<void> {
    const { seat, random } = this.#deps;
    if (seat.role === "host") {
      this.#phase = { phase: "host", state: beginAsHost(params) };
    } else {
      const { state, send } = beginAsGuest(params, decodeBase64Url(seat.token), random);
      this.#phase = { phase: "guest", state, hostNonce: params.hostNonce };
      await this.#send(send!);
    }
  }

  /** True once someone has sent a share: waiting for the handshake to end is worth it. */
  get isUnderWay(): boolean {
    if (this.#phase?.phase !== "host") return this.#phase?.phase === "guest";
    const { state } = this.#phase;
    return state.state === "established" || (state.state === "open" && state.attempts.size > 0);
  }

  /** Whom it was agreed with, and when by the monotonic clock; undefined before. */
  get peer(): { readonly peerToken: string; readonly since: number } | undefined {
    return this.#phase?.phase === "over" ? this.#phase : undefined;
  }

  /** Takes a document with the sequence number of the handshake. */
  async handleMessage({ id, head, token }: Envelope): Promise<void> {
    const { guard, alarms, seat, remove } = this.#deps;
    if (guard.isDuplicate(id)) return remove(id);
    const message = decodeHandshake(head);
    const other = decodeOtherVersion(head);
    if (other && other.from !== seat.role && token === "") {
      remove(id);
      guard.remember(id);
      return await this.#onOtherVersion(other);
    }
    const isPeers = message?.type.startsWith(otherSeat(seat.role));
    if (!message || !isPeers || token !== "") {
      guard.remember(id);
      remove(id);
      return alarms.raise("forged");
    }
    let answered: AnsweredAhead | undefined;
    if (this.#isOpen) {
      const isSeated = await guard.isSeated(message.nonce, async () => {
        answered = await this.#answerAhead(message);
      });
      // It cannot be judged before the relay may be asked again who is seated.
      if (isSeated === undefined) return answered?.revoke();
      if (!isSeated) answered?.revoke();
    }
    remove(id);
    guard.remember(id);
    switch (this.#phase?.phase) {
      case "host":
        return await this.#stepHost(this.#phase, message, answered?.step);
      case "guest":
        return await this.#stepGuest(this.#phase, message);
      case "over":
        return this.#onLateHandshakeMessage(this.#phase, message);
    }
  }

  /**
   * Takes in the seats as the relay has them, asked for at `askedAt`.
   *
   * @throws {Failure} `host-left` for a guest.
   */
  onRoomView({ peer }: RoomView, askedAt: number): void {
    if (this.#phase?.phase === "guest" && !peer) {
      throw new Failure("host-left", { by: this.#deps.roomKind });
    }
    if (this.#answeredAt === undefined || this.#answeredAt > askedAt) return;
    if (this.#phase?.phase !== "host" || (peer && peer.leaseLeftMs > 0)) return;
    // A guest who was answered is gone before the handshake was done: the next one may come.
    this.#answeredAt = undefined;
    this.#deps.emit({ event: "waiting", for: "guest" });
  }

  /** Overwrites what is secret. */
  wipe(): void {
    if (this.#phase?.phase === "host") wipeHost(this.#phase.state);
    if (this.#phase?.phase === "guest") wipeGuest(this.#phase.state);
  }

  /** True for a host whose code lets someone in. */
  get #isOpen(): boolean {
    return this.#phase?.phase === "host" && this.#phase.state.state === "open";
  }

  /**
   * Answers the first share while the relay is asked whether its sender is seated: that saves a round
   * trip. The answer is public, and nothing is accepted from a sender without a seat.
   */
  async #answerAhead(message: HandshakeMessage): Promise<AnsweredAhead | undefined> {
    const { random, remove } = this.#deps;
    if (this.#phase?.phase !== "host" || this.#phase.state.state !== "open") return undefined;
    const { state } = this.#phase;
    if (message.type !== "guest-share" || state.attempts.size > 0) return undefined;
    const step = await stepHost(state, message, { random });
    if (!step.send) return undefined;
    const { id } = await this.#send(step.send);
    return {
      step,
      revoke: () => {
        dropAbandoned(step.state, new Uint8Array());
        remove(id);
      },
    };
  }

  /**
   * Takes a handshake message of another version of the protocol. Anyone who may write to the relay can
   * write one; like a forged refusal, it can only end a wait. A guest stops. A host says so, answers in
   * its own version, and waits for the next guest.
   */
  async #onOtherVersion({ version, nonce }: OtherVersion): Promise<void> {
    const { seat, guard, alarms, emit } = this.#deps;
    const failure = new Failure("other-protocol-version", { peer: version, own: PROTOCOL_VERSION });
    if (seat.role === "guest") {
      if (encodeBase64Url(nonce) !== seat.token) return;
      if (this.#phase?.phase === "guest") throw failure;
      return alarms.raise("forged");
    }
    if (!this.#isOpen || !await guard.isSeated(nonce)) return alarms.raise("forged");
    await this.#send({ type: "host-refusal", nonce });
    await this.#vacate(nonce);
    emit({ event: "error", failure, fatal: false });
    emit({ event: "waiting", for: "guest" });
  }

  /** A handshake message that came after the handshake, and is not a duplicate. */
  #onLateHandshakeMessage(
    { peerToken }: Phase & { phase: "over" },
    message: HandshakeMessage,
  ): void {
    const { alarms, seat } = this.#deps;
    const nonce = encodeBase64Url(message.nonce);
    if (seat.role === "guest") {
      // The host answered others before us.
      if (nonce === seat.token) alarms.raise("forged");
    } else if (message.type === "guest-share" && nonce !== peerToken) {
      alarms.raise("third-party");
    } else {
      alarms.raise("forged");
    }
  }

  async #stepHost(
    phase: Phase & { phase: "host" },
    message: HandshakeMessage,
    ahead: HostStep | undefined,
  ): Promise<void> {
    const { connection, seat, alarms, clock, random, guard, signal } = this.#deps;
    const isOpen = phase.state.state === "open";
    if (isOpen && !await guard.isSeated(message.nonce)) return guard.rejectUnseated();
    const before = isOpen ? dropAbandoned(phase.state, message.nonce) : phase.state;
    if (before !== phase.state) guard.onAbandoned();
    const step = ahead ?? await stepHost(before, message, { random });
    const { state, send } = step;
    if (signal.aborted) return wipeHost(state);
    // Duplicates were set aside before: an honest message changes the state.
    if (isOpen && state === before && !step.isCrowded) alarms.raise("forged");
    this.#phase = { ...phase, state };
    if (step.isCrowded) alarms.raise("crowded");
    if (state.state !== "established") return await this.#answer(step, { isSent: step === ahead });
    // Sealed before the guest is told: from here on the room is closed to everyone else.
    const sealed = await connection.run(
      "seal",
      (relay, attempt) => relay.seal(seat, attempt),
      signal,
    );
    if (!sealed) return;
    this.#deps.onEstablished(state.result);
    this.#phase = {
      phase: "over",
      peerToken: encodeBase64Url(message.nonce),
      since: clock.monotonic(),
    };
    this.#deps.onComplete(this.#envelope(send!));
  }

  /** Answers a share, or a guess. */
  async #answer({ send, guess }: HostStep, { isSent }: { isSent: boolean }): Promise<void> {
    const { connection, seat, alarms, clock, emit, signal } = this.#deps;
    if (send?.type === "host-share") {
      this.#answeredAt = clock.monotonic();
      emit({ event: "waiting", for: "handshake" });
    }
    if (guess && guess.count >= MAX_GUESSES) {
      await connection.run("burn", (relay, attempt) => relay.burn(seat, attempt), signal);
    }
    if (send && !isSent) await this.#send(send);
    if (!guess) return;
    await this.#vacate(guess.nonce);
    this.#answeredAt = undefined;
    alarms.guess(guess.count);
    if (guess.count >= MAX_GUESSES) this.#deps.onCodeBurnt();
    if (guess.count < MAX_GUESSES) emit({ event: "waiting", for: "guest" });
  }

  async #stepGuest(phase: Phase & { phase: "guest" }, message: HandshakeMessage): Promise<void> {
    const { seat, alarms, clock, signal } = this.#deps;
    const { state, send } = await stepGuest(phase.state, message);
    if (signal.aborted) return wipeGuest(state);
    if (state === phase.state && encodeBase64Url(message.nonce) === seat.token) {
      alarms.raise("forged");
    }
    this.#phase = { ...phase, state };
    if (state.state === "refused") throw new Failure("wrong-code", { by: this.#deps.roomKind });
    if (send) await this.#send(send);
    if (state.state !== "established") return;
    this.#deps.onEstablished(state.result);
    const peerToken = encodeBase64Url(phase.hostNonce);
    this.#phase = { phase: "over", peerToken, since: clock.monotonic() };
    this.#deps.onComplete();
  }

  /** Frees the guest's seat, if it is held under this nonce. */
  async #vacate(nonce: Uint8Array): Promise<void> {
    const { connection, seat, signal } = this.#deps;
    const token = encodeBase64Url(nonce);
    await connection.run("vacate", (relay, attempt) => relay.vacate(seat, token, attempt), signal);
  }

  #envelope(message: HandshakeMessage): Envelope {
    const { seat } = this.#deps;
    const head = encodeHandshake(message);
    return makeEnvelope(seat, { from: seat.role, seq: 0, head, token: "" });
  }

  async #send(message: HandshakeMessage): Promise<Envelope> {
    const { connection, seat, signal } = this.#deps;
    const envelope = this.#envelope(message);
    await connection.run("post", (relay, attempt) => relay.post(seat, [envelope], attempt), signal);
    return envelope;
  }
}
