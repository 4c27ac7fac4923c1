/**
 * One running chat, from opening the relay to removing the last document.
 *
 * ## Lifecycle
 *
 * A chat has one {@link State}, and {@link TRANSITIONS} lists every change of it:
 *
 * - `opening`: the relay is opened, and a seat is taken (or, after `/invite`, the room opened again).
 * - `waiting`: the host holds the room open for a guest.
 * - `handshaking`: a guest and a host prove to each other that they know the code.
 * - `connected`: both names are known, and messages flow.
 * - `leaving`: what was sent goes out, then the goodbye, then the seat is given up.
 * - `closed`: the exit status is known, and nothing happens any more.
 *
 * ## Sequences
 *
 * Join: `Room.enter` takes a seat; `HandshakeDriver` exchanges share, share, tag, tag, and the host seals
 * the room before it sends its tag; `Session` starts the conversation and sends its profile; the peer's
 * profile makes it `ready`, and `Sender.open` lets the queued messages go.
 *
 * Message: `Chat.send` queues it in the `Sender`, which seals and posts it in a batch (`sent`). The
 * peer's `Sync` gets it pushed or reads it, its `Receiver` orders and opens it, its interface displays it
 * and calls `displayed`; the acknowledgement rides on the next payload (`delivered`).
 *
 * Leave: `Sender` is emptied, `bye` is posted, keys are wiped, and the relay is asked to give up the
 * seat; the second one to leave deletes the room and everything in it.
 *
 * Reconnect: `RelayConnection` (retry.ts) repeats what failed with growing waits and reports
 * `reconnecting` and `up`; a client through which nothing gets for 30 s is replaced.
 *
 * @module
 */
import { atMost, type Clock, type Random, sleep, type Timer } from "../clock.ts";
import { untilAborted } from "../deadline.ts";
import { asFailure, EXIT, Failure } from "../errors.ts";
import type { FileStore } from "../files/store.ts";
import { formatCode } from "../protocol/invite_code.ts";
import { MAX_TIMER_SECONDS, type Payload, type Reply } from "../protocol/payload.ts";
import type { Relay } from "../relay/relay.ts";
import { Alarms } from "./alarms.ts";
import { DisappearingMessages } from "./disappearing.ts";
import type {
  ChatEvent,
  CloseReason,
  Controls,
  FileControls,
  Listener,
  MessageRef,
  Overview,
  RelayDocuments,
  RoomKind,
  TakenBack,
} from "./events.ts";
import { FileTransfers } from "./files.ts";
import { RelayConnection } from "./retry.ts";
import { type Entered, type Entry, Room, roomKindOf } from "./room.ts";
import { assertSendable, Sender } from "./sender.ts";
import { Session } from "./session.ts";

/** What a chat is made of. */
export interface ChatOptions {
  /** The relay, or its opening under way. The chat closes it. */
  readonly relay: Promise<Relay>;
  /** Used once, so that nothing holds its password for the rest of the chat. */
  readonly entry: Entry;
  readonly name: string;
  readonly lingerMs: number;
  /** Where files are taken from and put; undefined: nowhere. */
  readonly files?: FileStore | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Listener;
  /** Called for each change of the lifecycle. */
  readonly onTransition?: (from: Phase, to: Phase) => void;
}

/** Milliseconds that leaving may take: asked for, and interrupted. */
const LEAVE_MS = 10_000;
const INTERRUPT_MS = 2_000;
/**
 * When the terminal closed, no person waits, and a relay that is away may be back after a retry; less
 * than the ten seconds after which process managers kill.
 */
const HANG_UP_MS = 8_000;
/** The last part of each of these is for giving up the seat, however long the goodbye takes; at most half. */
const RELEASE_MS = 3_000;
/** Interrupts this close together, in milliseconds, count as one: they don't skip the graceful leaving. */
const ONE_PRESS_MS = 500;
/** At the end of the input, what was begun has this long to get a result; opening a relay takes less. */
const FINISH_MS = 30_000;
/** How long a guest waits for the host to answer. */
const HANDSHAKE_MS = 60_000;
/** The request to erase the conversation is posted before leaving, in at most this time. */
const BURN_MS = 2_000;
/** Someone who lost the seat deletes what they posted, in at most this time. */
const WITHDRAW_MS = 2_000;
/** Leaving that takes longer than this is reported, with the time it may take. */
const REPORT_LEAVING_MS = 1_000;
/** Bounds the last reads, however many forgeries are on the relay. */
const CATCH_UP_MS = 1_000;

/** The relay, opened, and the room on it. */
interface OpenRoom {
  readonly relay: Relay;
  readonly connection: RelayConnection;
  readonly room: Room;
  /** By the monotonic clock. */
  readonly openedAt: number;
}

/** Where a chat is in its life. */
type State =
  | { readonly phase: "opening"; readonly open?: OpenRoom }
  | {
    readonly phase: "waiting" | "handshaking" | "connected";
    readonly open: OpenRoom;
    readonly session: Session;
  }
  | {
    readonly phase: "leaving";
    readonly open: OpenRoom | undefined;
    readonly session: Session | undefined;
    readonly done: Promise<void>;
  }
  | { readonly phase: "closed"; readonly done: Promise<void> };

/** Why a chat ends, the error that it failed with, and the milliseconds that leaving may take. */
interface Ending {
  readonly reason: CloseReason;
  readonly error?: unknown;
  readonly withinMs: number;
}

/** A phase of the lifecycle. */
export type Phase = State["phase"];

/** What may follow each phase. */
export const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  opening: ["opening", "waiting", "handshaking", "leaving"],
  waiting: ["handshaking", "opening", "leaving"],
  handshaking: ["waiting", "connected", "opening", "leaving"],
  connected: ["opening", "leaving"],
  leaving: ["closed"],
  closed: [],
};

/** One chat. */
export class Chat implements Controls {
  readonly #options: Omit<ChatOptions, "entry">;
  readonly #roomKind: RoomKind;
  readonly #alarms: Alarms;
  readonly #sender: Sender;
  readonly #disappearing: DisappearingMessages;
  readonly #files: FileTransfers;
  #entry: Entry | undefined;
  #state: State = { phase: "opening" };
  /** Ends the taking of a seat. */
  readonly #stop = new AbortController();
  /** Ends leaving, when its time is over or it is interrupted. */
  readonly #forceStop = new AbortController();
  /** The invite code, as long as it lets someone in. */
  #code: string | undefined;
  #handshakeTimer: Timer | undefined;
  /** When the person, not the system, first asked to leave; by the monotonic clock. */
  #askedToLeaveAt: number | undefined;
  /** Resolves when the room is open for a guest, or the handshake with its host is done. */
  readonly #entered = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<number>();
  #inviting: Promise<void> | undefined;
  /** Messages that were accepted and will never be displayed to a peer. */
  #undelivered = 0;
  /** The conversation was erased: what still arrives would bring a part of it back. */
  #isBurnt = false;
  #failure: Failure | undefined;

  constructor({ entry, ...options }: ChatOptions) {
    this.#options = options;
    this.#entry = entry;
    this.#roomKind = roomKindOf(entry);
    const { clock } = options;
    const emit = (event: ChatEvent) => this.#emit(event);
    this.#alarms = new Alarms({ clock, emit });
    this.#sender = new Sender({
      clock,
      onSent: (id, seq) => emit({ event: "sent", id, seq }),
      onDelivered: (id, seq) => {
        this.#disappearing.onDisplayed("you", seq);
        emit({ event: "delivered", id, seq });
      },
    });
    this.#files = new FileTransfers({
      clock,
      emit,
      store: options.files,
      send: (body) => this.#sender.sendControl(body),
      sendBulk: (bodies) => this.#sender.sendBulk(bodies),
      flushRemovals: () => this.#session?.flushRemovals() ?? Promise.resolve(),
      onFailure: (error) => this.#fail(error),
    });
    this.#disappearing = new DisappearingMessages({
      clock,
      emit,
      propose: (seconds, agreed) => {
        if (!this.#session?.peer) return false;
        this.#sender.sendControl({ kind: "timer", seconds, agreed });
        return true;
      },
      isHost: () => this.#open?.room.seat?.role === "host",
    });
  }

  /** Runs until the chat is over. Resolves with the exit status, never rejects. */
  async run(): Promise<number> {
    this.#begin().catch((error) => this.#fail(error));
    return await this.#over.promise;
  }

  /** Why the chat failed, once it is over. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  overview(): Overview {
    const { clock, name } = this.#options;
    const [open, session] = [this.#open, this.#session];
    const ago = (since: number | undefined) =>
      since === undefined ? undefined : clock.monotonic() - since;
    return {
      name,
      peer: session?.peer?.name,
      presence: session?.peer ? session.presence : undefined,
      words: session?.peer?.words,
      wordHalves: session?.peer?.wordHalves,
      verification: session?.verification ?? { you: undefined, peer: undefined },
      code: this.#code,
      timerSeconds: this.#disappearing.seconds,
      queued: this.#sender.queued,
      heardAgoMs: ago(session?.heardAt),
      openForMs: ago(open?.openedAt),
      operations: open?.relay.operations() ?? {},
      isRelayUp: open?.connection.isUp ?? false,
    };
  }

  get files(): FileControls {
    return this.#files;
  }

  send(text: string, id: string, ref?: MessageRef): void {
    assertSendable(text);
    if (this.#isEnding) throw new Failure("chat-leaving");
    const session = this.#session;
    this.#assertNotLeft();
    const reply = ref && session?.replyTo(ref);
    if (ref && !reply) throw new Failure("no-such-message");
    this.#files.onText();
    this.#sender.send(text, id, reply);
    session?.expectReceipt();
    if (!session?.peer || !this.#open?.connection.isUp) this.#emit({ event: "queued", id });
  }

  takeBack(id?: string): TakenBack | undefined {
    const unsent = this.#isEnding ? undefined : this.#sender.takeBack(id);
    if (!unsent) return undefined;
    const { reply, ...message } = unsent;
    const taken: TakenBack = { ...message, ...reply && { reply: sentReply(reply) } };
    this.#emit({ event: "taken-back", ...taken });
    return taken;
  }

  verify(same: boolean): void {
    const session = this.#session;
    if (!session?.peer || this.#isEnding) throw new Failure("no-words-yet");
    this.#assertNotLeft();
    session.verify(same);
  }

  async documents(): Promise<RelayDocuments> {
    const open = this.#open;
    const seat = open?.room.seat;
    if (!open || !seat || this.#isEnding) throw new Failure("no-room-yet");
    const { documents, more } = await open.connection.once(
      (relay, attempt) => relay.inspect(seat, attempt),
      this.#stop.signal,
    ).catch((cause) => {
      throw cause instanceof Failure ? cause : new Failure("documents-unreadable", {}, { cause });
    });
    const author = (from: string | undefined) => {
      if (from === undefined) return undefined;
      return from === seat.role ? "you" : from === "host" || from === "guest" ? "peer" : "other";
    };
    return {
      kind: open.relay.kind,
      documents: documents.map((one) => ({ ...one, by: author(one.from) })),
      more,
    };
  }

  displayed(seq: number): void {
    if (this.#session?.onDisplayed(seq)) this.#disappearing.onDisplayed("peer", seq);
  }

  invite(passphrase?: string): Promise<void> {
    return this.#inviting ??= this.#invite(passphrase).finally(() => this.#inviting = undefined);
  }

  async #invite(passphrase: string | undefined): Promise<void> {
    const state = this.#state;
    if (!("session" in state) || state.phase === "leaving") throw new Failure("no-room-yet");
    const { open, session } = state;
    const { peer, presence } = session;
    if (peer && (presence === "here" || presence === "away")) {
      throw new Failure("peer-present", { peer: peer.name });
    }
    // Before anything ends: a passphrase that is missing is asked for again.
    const reopen = open.room.prepareReopening(passphrase);
    this.#handshakeTimer?.cancel();
    this.#transition({ phase: "opening", open });
    await this.#files.end("peer");
    this.#endSession(session);
    this.#disappearing.reset();
    try {
      await this.#startSession(open, await reopen());
    } catch (error) {
      this.#fail(error);
    }
  }

  setTimer(seconds: number): void {
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_TIMER_SECONDS) {
      throw new Failure("invalid-timer");
    }
    if (!this.#disappearing.propose(seconds)) throw new Failure("no-peer-for-timer");
  }

  async burn(): Promise<void> {
    this.#onBurnt("you");
    const session = this.#session;
    if (session?.peer) {
      this.#sender.sendControl({ kind: "burn" });
      await atMost(this.#options.clock, BURN_MS, session.settle());
    }
    await this.leave("burnt");
  }

  /**
   * Leaves: what was queued goes out first, then the goodbye, then the seat, and with the last one
   * everything. Bounded in time; a second call waits for the first.
   */
  leave(reason: CloseReason = "exit"): Promise<void> {
    const now = this.#options.clock.monotonic();
    // A person who interrupts after asking to leave does not want to wait. Two quick presses are one.
    if (reason === "interrupted" && now - (this.#askedToLeaveAt ?? now) > ONE_PRESS_MS) {
      this.#forceStop.abort(new Failure("cleanup-interrupted"));
    }
    this.#askedToLeaveAt ??= now;
    return this.#end({ reason, withinMs: reason === "interrupted" ? INTERRUPT_MS : LEAVE_MS });
  }

  /**
   * Leaves because the terminal closed or the system asks for it. It comes several times and never
   * skips the graceful leaving, not even when a Ctrl+C of the person arrives after it.
   */
  hangUp(): Promise<void> {
    return this.#end({ reason: "interrupted", withinMs: HANG_UP_MS });
  }

  async finish(): Promise<void> {
    const { clock } = this.#options;
    const timeout = sleep(clock, FINISH_MS, this.#stop.signal).catch(() => {});
    await Promise.race([this.#entered.promise, this.#over.promise, timeout]);
    await this.leave("exit");
  }

  // ------------------------------------------------------------------------------ lifecycle

  get #open(): OpenRoom | undefined {
    return "open" in this.#state ? this.#state.open : undefined;
  }

  get #session(): Session | undefined {
    return "session" in this.#state ? this.#state.session : undefined;
  }

  get #isEnding(): boolean {
    return this.#state.phase === "leaving" || this.#state.phase === "closed";
  }

  #assertNotLeft(): void {
    const session = this.#session;
    if (!session?.peer || session.presence !== "left") return;
    throw new Failure("peer-left", { by: this.#roomKind });
  }

  #transition(next: State): void {
    const { phase } = this.#state;
    if (!TRANSITIONS[phase].includes(next.phase)) {
      throw new TypeError(`Cannot go from ${phase} to ${next.phase}`);
    }
    this.#state = next;
    this.#options.onTransition?.(phase, next.phase);
  }

  async #begin(): Promise<void> {
    const { clock, random, lingerMs } = this.#options;
    const relay = await this.#options.relay;
    const { signal } = this.#stop;
    signal.throwIfAborted();
    const emit = (event: ChatEvent) => this.#emit(event);
    const connection = new RelayConnection({ relay, clock, random, emit });
    const room = new Room({ connection, random, lingerMs, signal });
    const open: OpenRoom = { relay, connection, room, openedAt: clock.monotonic() };
    if (this.#isEnding) return;
    this.#transition({ phase: "opening", open });
    const entry = this.#entry!;
    this.#entry = undefined;
    await this.#startSession(open, await room.enter(entry));
  }

  async #startSession(open: OpenRoom, { seat, params, code }: Entered): Promise<void> {
    const { clock, random, name } = this.#options;
    if (this.#isEnding) return;
    this.#code = code && formatCode(code);
    const isHost = seat.role === "host";
    const session = new Session({
      connection: open.connection,
      clock,
      random,
      alarms: this.#alarms,
      sender: this.#sender,
      emit: (event) => this.#onSessionEvent(session, event),
      seat,
      roomKind: this.#roomKind,
      name,
      onControlMessage: (payload) => this.#onControlMessage(payload),
      onFile: (payload) => this.#files.onPayload(payload),
      onReady: () => this.#onReady(),
      onCodeBurnt: () => {
        this.#code = undefined;
        this.#emit({ event: "code-burnt" });
      },
      onFailure: (error) => this.#fail(error),
    });
    this.#transition({ phase: isHost ? "waiting" : "handshaking", open, session });
    if (isHost) {
      // Shown first: nobody can come before they were told, and what follows takes its time.
      if (this.#code) this.#emit({ event: "invite", code: this.#code });
      this.#emit({ event: "waiting", for: "guest" });
      this.#entered.resolve();
    } else {
      this.#emit({ event: "waiting", for: "host", atMostMs: HANDSHAKE_MS });
      this.#handshakeTimer = clock.after(
        HANDSHAKE_MS,
        () => this.#fail(new Failure("host-silent", { by: this.#roomKind })),
      );
    }
    await session.start(params);
  }

  #onSessionEvent(session: Session, event: ChatEvent): void {
    if (session !== this.#session || (this.#isBurnt && event.event === "message")) return;
    const state = this.#state;
    if (event.event === "waiting" && (state.phase === "waiting" || state.phase === "handshaking")) {
      const phase = event.for === "handshake" ? "handshaking" : "waiting";
      if (phase !== state.phase) this.#transition({ ...state, phase });
    }
    this.#emit(event);
    if (event.event === "presence" && event.peer === "left") void this.#files.end("peer");
  }

  #onReady(): void {
    this.#handshakeTimer?.cancel();
    this.#code = undefined;
    const state = this.#state;
    if (state.phase === "handshaking") this.#transition({ ...state, phase: "connected" });
    this.#entered.resolve();
    this.#sender.open();
    this.#files.begin({ isHost: this.#open?.room.seat?.role === "host" });
  }

  #onControlMessage(payload: Payload): void {
    if (payload.kind === "timer") this.#disappearing.onProposal(payload.seconds, payload.agreed);
    if (payload.kind === "burn") {
      // Before it is told: an interface that leaves because of it would give another reason.
      void this.leave("burnt");
      this.#onBurnt("peer");
    }
  }

  #onBurnt(by: "you" | "peer"): void {
    this.#isBurnt = true;
    this.#emit({ event: "burnt", by });
  }

  #fail(error: unknown): void {
    void this.#end({ reason: "failed", error, withinMs: INTERRUPT_MS });
  }

  #emit(event: ChatEvent): void {
    if (this.#state.phase !== "closed") this.#options.emit(event);
  }

  // -------------------------------------------------------------------------------- leaving

  #end(how: Ending): Promise<void> {
    if (this.#state.phase === "leaving" || this.#state.phase === "closed") return this.#state.done;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#transition({ phase: "leaving", open: this.#open, session: this.#session, done });
    void this.#leave(how).finally(resolve);
    return done;
  }

  async #leave({ reason, error, withinMs }: Ending): Promise<void> {
    const { clock } = this.#options;
    const [open, session] = [this.#open, this.#session];
    this.#handshakeTimer?.cancel();
    open?.connection.hurry();
    const failure = error === undefined ? undefined : asFailure(error);
    const deadline = this.#forceStop.signal;
    const timer = clock.after(withinMs, () => this.#forceStop.abort(new Failure("cleanup-failed")));
    await untilAborted(deadline, open?.room.close() ?? Promise.resolve()).catch(() => {});
    const report = this.#reportLeaving(open, withinMs);
    await this.#files.end("you");
    if (!failure && session && open?.room.seat) {
      const goodbyeMs = withinMs - Math.min(RELEASE_MS, withinMs / 2);
      await atMost(clock, goodbyeMs, untilAborted(deadline, this.#sayGoodbye(session)))
        .catch(() => {});
    }
    if (session) this.#endSession(session);
    this.#dropQueue(this.#sender.drop());
    const { remaining, lost } = await this.#release(open, failure, deadline);
    report?.cancel();
    timer.cancel();
    this.#stop.abort(new DOMException("The chat is over", "AbortError"));
    this.#disappearing.reset();
    this.#alarms.close();
    this.#close(reason, remaining, failure ?? lost);
    const closing = this.#closeRelay(open);
    // Do not block the exit on a relay that has already timed out.
    if (!lost) await closing;
    const interrupted = reason === "interrupted" && !open?.room.seat;
    this.#over.resolve(this.#failure?.status ?? (interrupted ? EXIT.interrupted : EXIT.ok));
  }

  #reportLeaving(open: OpenRoom | undefined, withinMs: number): Timer | undefined {
    if (!open?.room.seat) return undefined;
    const afterMs = open.connection.isUp ? REPORT_LEAVING_MS : 0;
    return this.#options.clock.after(
      afterMs,
      () => this.#emit({ event: "waiting", for: "goodbye", atMostMs: withinMs - afterMs }),
    );
  }

  async #sayGoodbye(session: Session): Promise<void> {
    const { clock } = this.#options;
    // Someone is joining: what was written to them beforehand is worth the wait.
    if (session.isShakingHands) await this.#sender.drained();
    const caughtUp = () => atMost(clock, CATCH_UP_MS, session.caughtUp());
    // What was sent to us at the same moment is shown first: the goodbye tells how far we have read.
    const isBehind = session.peer && !this.#open!.connection.isPushed;
    await Promise.all([session.settle(), isBehind && caughtUp()]);
    if (!session.peer || session.presence === "left") return;
    this.#sender.sendControl({ kind: "bye" });
    await session.settle();
    // And what came while it went out, although its sender can no longer be told. Not beside it: of two
    // who leave at the same moment, one at least has to see the goodbye of the other.
    await caughtUp();
    await session.settle();
  }

  /** Gives up the seat; after it was lost, deletes at least what was posted from it. */
  async #release(
    open: OpenRoom | undefined,
    failure: Failure | undefined,
    deadline: AbortSignal,
  ): Promise<{ remaining: number | null; lost?: Failure }> {
    // Without a seat nothing was put there.
    if (!open?.room.seat) return { remaining: 0 };
    try {
      if (failure?.code !== "evicted") return { remaining: await open.room.leave(deadline) };
      const { clock } = this.#options;
      await atMost(clock, WITHDRAW_MS, open.room.withdraw(deadline)).catch(() => {});
      return { remaining: null };
    } catch (error) {
      return {
        remaining: null,
        lost: error instanceof Failure ? error : new Failure("cleanup-failed"),
      };
    }
  }

  #close(reason: CloseReason, remaining: number | null, failure: Failure | undefined): void {
    const open = this.#open;
    this.#failure = failure;
    if (open?.room.seat || !failure) {
      this.#emit({
        event: "closed",
        remaining,
        reason: closeReason(reason, failure),
        undelivered: this.#undelivered,
      });
    }
    if (failure) {
      if (failure.code === "relay-lost") open?.connection.giveUp(failure);
      this.#emit({ event: "error", failure, fatal: true });
    }
    if (this.#state.phase === "leaving") {
      this.#transition({ phase: "closed", done: this.#state.done });
    }
  }

  /** Ends a session, and reports what was not delivered in it. */
  #endSession(session: Session): void {
    const { peer } = session;
    const { undelivered, unsent } = session.close();
    if (peer) this.#emit({ event: "session-ended", peer: peer.name, undelivered });
    this.#undelivered += undelivered.length;
    this.#dropQueue(unsent);
  }

  /** Reports messages that never reached the relay, now that they never will. */
  #dropQueue(ids: readonly string[]): void {
    if (ids.length > 0) this.#emit({ event: "queue-dropped", ids });
    this.#undelivered += ids.length;
  }

  async #closeRelay(open: OpenRoom | undefined): Promise<void> {
    // An opening still under way is closed when it ends; nobody waits for it.
    if (!open) return void this.#options.relay.then((relay) => relay.close()).catch(() => {});
    await open.relay.close().catch(() => {});
  }
}

/** Why a chat is over: as `asked`, unless it failed. */
function closeReason(asked: CloseReason, failure: Failure | undefined): CloseReason {
  switch (failure?.code) {
    case undefined:
      return asked;
    case "evicted":
    case "relay-lost":
      return failure!.code;
    case "wrong-code":
    case "no-room":
      return "refused";
    default:
      return "failed";
  }
}

/** The message that a reply of one's own names. */
function sentReply([isOwn, seq]: Reply): MessageRef {
  return { from: isOwn ? "you" : "peer", seq };
}
