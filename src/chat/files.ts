/**
 * The files of one chat, both ways: offers, what became of them, and the movement of their bytes. It
 * drives the state machines of `src/files/transfer.ts` against the disk and the sender of the chat.
 *
 * One file is sent at a time, the others wait in the order in which they were accepted. Of what the peer
 * sends, nothing is stored that was not accepted, and no more waits in memory than a window.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import type { Clock, Timer } from "../clock.ts";
import { Failure } from "../errors.ts";
import { safeFileName } from "../files/names.ts";
import type { FileSource, FileStore, FileTarget } from "../files/store.ts";
import { Pace } from "../files/pace.ts";
import { MAX_WINDOW, Receiving, Sending } from "../files/transfer.ts";
import { CHUNK_BYTES } from "../limits.ts";
import type { Body, CancelReason, FileBody } from "../protocol/payload.ts";
import type { FileControls, FileEvent, Listener } from "./events.ts";

/** Offers of ours that the peer has not answered, at most; further files wait with us. */
const MAX_OPEN_OFFERS = 8;
/** Offers of the peer that may wait for an answer; a program that keeps to its own limit needs half. */
const MAX_PEER_OFFERS = 16;
/** Files of ours that wait, at most. */
const MAX_QUEUED = 10_000;
/** Numbers of files that are over, to answer what still comes about them. */
const MAX_REMEMBERED = 256;
/** Chunks that wait to be written, at most: a window, and what a repetition adds. 16 MB. */
const MAX_WAITING = 4 * MAX_WINDOW;
/**
 * Chunks are answered when so many are new, or so long after the answer before: an answer and the removal
 * before it cost a round of work on every node, as a batch of chunks does.
 */
const ANSWER_CHUNKS = 32;
const ANSWER_APART_MS = 50;
/** A batch of chunks comes in parts, so far apart at most. */
const ANSWER_DELAY_MS = 20;
/** Of the chunks of a file that is over, one in so many is answered: a window of them has two. */
const ANSWER_EVERY = 32;
/** A transfer that stands still asks what is missing, after this time and then twice as long each time. */
const STALL_MS = 20_000;
const MAX_STALL_MS = 320_000;
/** For this time after a message of ours another one is likely, and files make way for it. */
const TALKING_MS = 5_000;
/** Progress is reported this often at most. */
const PROGRESS_MS = 250;

/** What it needs and whom it tells. */
export interface FileTransfersDeps {
  readonly clock: Clock;
  readonly emit: Listener;
  /** Undefined where no files are sent or received. */
  readonly store: FileStore | undefined;
  /** Queues a payload among the texts. */
  send(body: Body): void;
  /** Takes chunks when nothing else waits; resolves when there is room for more, false when it is over. */
  sendBulk(bodies: readonly Body[]): Promise<boolean>;
  /** What was read is off the relay. */
  flushRemovals(): Promise<void>;
  /** A mistake in the program. */
  onFailure(error: unknown): void;
}

/** What both directions have. */
interface Transfer {
  /** Number on the wire. */
  readonly number: number;
  /** As the interfaces call it. */
  readonly id: string;
  readonly name: string;
  readonly size: number | undefined;
  readonly stall: Stall;
  progressAt: number;
}

interface Outgoing extends Transfer {
  readonly from: "you";
  readonly source: FileSource;
  readonly sending: Sending;
  readonly pace: Pace;
  readonly hash: Hash;
  /** Chunks in the hash. */
  hashed: number;
  hashedBytes: number;
  /** Bytes that the receiver has, as far as it has answered. */
  bytes: number;
  isPumping: boolean;
  /** Runs while the file makes way for messages. */
  rest: Timer | undefined;
}

interface Incoming extends Transfer {
  readonly from: "peer";
  readonly receiving: Receiving;
  readonly hash: Hash;
  target: FileTarget | undefined;
  isAccepted: boolean;
  /** Chunks that wait to be written. */
  waiting: Uint8Array[];
  /** The chunk that is written next. */
  writes: number;
  /** What the last `accept` said. */
  answered: number;
  answeredAt: number;
  isAnswering: boolean;
  /** Runs while further chunks are waited for, to be answered together. */
  answerTimer: Timer | undefined;
  /** Writes happen one after the other. */
  work: Promise<void>;
}

/** A file that was asked to be sent and is not offered yet. */
interface Queued {
  readonly id: string;
  readonly source: FileSource;
}

type OfKind<K extends FileBody["kind"]> = Extract<FileBody, { kind: K }>;

/** The files of one chat. */
export class FileTransfers implements FileControls {
  readonly #deps: FileTransfersDeps;
  #queue: Queued[] = [];
  readonly #outgoing = new Map<number, Outgoing>();
  readonly #incoming = new Map<number, Incoming>();
  /** What became of files that are over. */
  readonly #over = new Map<number, "delivered" | CancelReason>();
  /** The file whose chunks are being sent. */
  #current: Outgoing | undefined;
  #session: { readonly isHost: boolean } | undefined;
  /** When a message was sent last. */
  #textAt = -Infinity;
  #ownNumber = 0;
  #peerNumber = 0;
  /** Everything that runs, to be waited for at the end. */
  readonly #running = new Set<Promise<unknown>>();

  constructor(deps: FileTransfersDeps) {
    this.#deps = deps;
  }

  /** True while a file waits for an answer or moves. */
  get isBusy(): boolean {
    return this.#queue.length + this.#outgoing.size + this.#incoming.size > 0;
  }

  /** The peer is known: files may be offered. */
  begin(session: { readonly isHost: boolean }): void {
    this.#session = session;
    this.#ownNumber = session.isHost ? -1 : 0;
    this.#peerNumber = 0;
    this.#over.clear();
  }

  async send(path: string, id: string): Promise<void> {
    const { store } = this.#deps;
    if (!store) throw new Failure("no-files-folder");
    const session = this.#session;
    if (!session) throw new Failure("no-peer-for-file");
    if (this.#queue.length >= MAX_QUEUED) throw new Failure("too-many-files");
    const source = await store.source(path);
    if (session !== this.#session) {
      await source.close();
      throw new Failure("no-peer-for-file");
    }
    this.#queue.push({ id, source });
    this.#offerNext();
  }

  /** A message is being sent. */
  onText(): void {
    this.#textAt = this.#deps.clock.monotonic();
  }

  async accept(id?: string): Promise<void> {
    const file = this.#find(this.#offers(), id);
    file.isAccepted = true;
    try {
      file.target = await this.#deps.store!.target!(file);
    } catch (error) {
      return this.#fail(file, "storage", error);
    }
    if (!this.#incoming.has(file.number)) return await file.target.discard();
    this.#report(file, "accepted");
    this.#deps.send({ kind: "accept", id: file.number, from: 1 });
    file.stall.restart();
  }

  refuse(id?: string): void {
    const file = this.#find(this.#offers(), id);
    this.#deps.send({ kind: "refuse", id: file.number, reason: "declined" });
    this.#drop(file, "canceled");
    this.#report(file, "refused");
  }

  async cancel(id?: string): Promise<void> {
    const queued = this.#queue.findIndex((one) => one.id === id);
    const waiting = this.#queue[queued];
    if (waiting) {
      this.#queue.splice(queued, 1);
      await waiting.source.close();
      return this.#reportUnoffered(waiting);
    }
    const moving = [...this.#incoming.values()].filter((one) => one.isAccepted);
    const all = [...this.#outgoing.values(), ...this.#incoming.values()];
    const file = this.#find([...this.#current ? [this.#current] : [], ...moving, ...all], id);
    this.#deps.send({ kind: "cancel", id: file.number, reason: "canceled" });
    this.#drop(file, "canceled");
    this.#report(file, "canceled", { by: "you" });
    await this.#settled();
  }

  /** Takes a payload of the peer. */
  onPayload(body: FileBody): void {
    switch (body.kind) {
      case "offer":
        return this.#onOffer(body);
      case "accept":
        return this.#onAccept(body);
      case "refuse":
        return this.#onRefuse(body);
      case "chunk":
        return this.#onChunk(body);
      case "end":
        return this.#onEnd(body);
      case "delivered":
        return this.#onDelivered(body);
      case "cancel":
        return this.#onCancel(body);
      default:
        return body satisfies never;
    }
  }

  /** The session is over: every file of it has failed, or was canceled by leaving. */
  async end(by: "you" | "peer"): Promise<void> {
    this.#session = undefined;
    const queued = this.#queue.splice(0);
    const files = [...this.#outgoing.values(), ...this.#incoming.values()];
    for (const file of files) {
      this.#drop(file, "canceled");
      const failure = new Failure("file-peer-left", { name: file.name });
      if (by === "you") this.#report(file, "canceled", { by });
      else this.#report(file, "failed", { failure });
    }
    for (const file of queued) {
      this.#reportUnoffered(file);
      this.#run(file.source.close());
    }
    await this.#settled();
  }

  // ------------------------------------------------------------------------------- sending

  #offerNext(): void {
    while (this.#session && this.#queue.length > 0) {
      const open = [...this.#outgoing.values()].filter(({ sending }) => !sending.isAccepted);
      if (open.length >= MAX_OPEN_OFFERS) return;
      const { id, source } = this.#queue.shift()!;
      const number = this.#ownNumber += 2;
      const { name, size } = source;
      const file: Outgoing = {
        from: "you",
        number,
        id,
        name,
        size,
        source,
        sending: new Sending(size),
        pace: new Pace(),
        hash: createHash("sha256"),
        hashed: 0,
        hashedBytes: 0,
        bytes: 0,
        isPumping: false,
        rest: undefined,
        stall: new Stall(this.#deps.clock, () => {
          if (!file.sending.isWaitingForAnswer) return;
          file.sending.repeatEnd();
          this.#pump();
        }),
        progressAt: -Infinity,
      };
      this.#outgoing.set(number, file);
      this.#deps.send({
        kind: "offer",
        id: number,
        name,
        size: size ?? 0,
        stream: size === undefined,
      });
      this.#report(file, "offered");
    }
  }

  #onAccept({ id, from }: OfKind<"accept">): void {
    const file = this.#outgoing.get(id);
    if (!file) return this.#answerUnknown(id, { isOwn: true });
    const isFirst = !file.sending.isAccepted;
    if (!file.sending.accept(from)) return;
    const now = this.#deps.clock.monotonic();
    const restMs = file.pace.onAccept(from, now, { isTalking: now - this.#textAt < TALKING_MS });
    file.rest?.cancel();
    const goOn = () => {
      file.rest = undefined;
      this.#pump();
    };
    file.rest = restMs > 0 ? this.#deps.clock.after(restMs, goOn) : undefined;
    file.source.release(file.sending.wanted);
    if (isFirst) {
      this.#report(file, "accepted");
      this.#offerNext();
    }
    file.bytes = Math.min((file.sending.wanted - 1) * CHUNK_BYTES, file.hashedBytes);
    if (file.bytes > 0) this.#reportProgress(file);
    this.#pump();
  }

  #onRefuse({ id, reason }: OfKind<"refuse">): void {
    const file = this.#outgoing.get(id);
    if (!file || file.sending.isAccepted) return;
    this.#drop(file, "canceled");
    this.#report(file, "refused", { reason });
    this.#offerNext();
  }

  #onDelivered({ id }: OfKind<"delivered">): void {
    const file = this.#outgoing.get(id);
    if (!file?.sending.mayBeDelivered) return;
    this.#drop(file, "delivered");
    file.bytes = file.hashedBytes;
    this.#report(file, "delivered");
    this.#offerNext();
  }

  /** Sends what is due of the current file; when it has nothing due, of the next that was accepted. */
  #pump(): void {
    this.#current ??= [...this.#outgoing.values()].find(({ sending }) => sending.isAccepted);
    const file = this.#current;
    if (!file || file.isPumping || file.rest) return;
    file.isPumping = true;
    this.#run(this.#sendChunks(file).catch((error) => this.#fail(file, "source", error)));
  }

  async #sendChunks(file: Outgoing): Promise<void> {
    try {
      // Asked again at the end, because an answer may have come meanwhile.
      while (
        this.#outgoing.has(file.number) && !file.rest && file.sending.due(file.pace.window)
      ) {
        const bodies = await this.#nextBodies(file);
        if (bodies.length === 0 || !this.#outgoing.has(file.number)) continue;
        if (!await this.#deps.sendBulk(bodies)) return;
      }
    } finally {
      file.isPumping = false;
    }
  }

  async #nextBodies(file: Outgoing): Promise<Body[]> {
    const { number: id, source, sending, pace } = file;
    const bodies: Body[] = [];
    while (bodies.length < pace.batch) {
      const due = sending.due(pace.window);
      if (due?.send === "chunk") {
        const bytes = await source.read(due.n);
        if (bytes.length < CHUNK_BYTES) {
          sending.foundEnd(bytes.length === 0 ? due.n - 1 : due.n);
        }
        if (bytes.length === 0) continue;
        if (due.n === file.hashed + 1) {
          file.hash.update(bytes);
          file.hashed++;
          file.hashedBytes += bytes.length;
        }
        // An answer may have moved the place while the chunk was read.
        if (!sending.chunkSent(due.n)) continue;
        pace.onSent(due.n, this.#deps.clock.monotonic());
        bodies.push({ kind: "chunk", id, n: due.n, bytes });
      } else if (due?.send === "end") {
        await source.check();
        sending.endSent();
        file.stall.restart();
        const size = file.hashedBytes;
        const sha256 = new Uint8Array(file.hash.copy().digest());
        bodies.push({ kind: "end", id, size, sha256 });
      } else break;
    }
    return bodies;
  }

  // ----------------------------------------------------------------------------- receiving

  #onOffer({ id, name, size, stream }: OfKind<"offer">): void {
    const { store, clock, send } = this.#deps;
    const isPeers = (id % 2 === 1) !== (this.#session?.isHost ?? false);
    if (!this.#session || !isPeers || id <= this.#peerNumber) return;
    this.#peerNumber = id;
    const file: Incoming = {
      from: "peer",
      number: id,
      id: String(id),
      name: safeFileName(name),
      size: stream ? undefined : size,
      receiving: new Receiving(stream ? undefined : size),
      hash: createHash("sha256"),
      target: undefined,
      isAccepted: false,
      waiting: [],
      writes: 1,
      answered: 1,
      answeredAt: -Infinity,
      isAnswering: false,
      answerTimer: undefined,
      work: Promise.resolve(),
      stall: new Stall(clock, () => this.#ask(file)),
      progressAt: -Infinity,
    };
    if (!store?.target) {
      send({ kind: "refuse", id, reason: "no-folder" });
      return this.#report(file, "refused", { reason: "no-folder" });
    }
    if (this.#offers().length >= MAX_PEER_OFFERS) {
      send({ kind: "refuse", id, reason: "busy" });
      return;
    }
    this.#incoming.set(id, file);
    this.#report(file, "offered");
  }

  #onChunk({ id, n, bytes }: OfKind<"chunk">): void {
    const file = this.#incoming.get(id);
    if (!file) return n % ANSWER_EVERY === 0 ? this.#answerUnknown(id) : undefined;
    // Nothing moves before it was accepted, and no honest sender has more under way than a window.
    if (!file.isAccepted || !file.target || file.receiving.next - file.writes >= MAX_WAITING) {
      return this.#rejectIncoming(file);
    }
    file.stall.restart();
    switch (file.receiving.chunk(n, bytes.length)) {
      case "ignore":
        return;
      case "ask":
        return this.#ask(file);
      case "store":
        return this.#store(file, bytes);
      default:
        return this.#rejectIncoming(file);
    }
  }

  #store(file: Incoming, bytes: Uint8Array): void {
    file.hash.update(bytes);
    if (file.waiting.push(bytes) > 1) return;
    // What comes at once is written at once, and answered once: an answer costs both sides a step of
    // the ratchet.
    this.#enqueue(file, async (target) => {
      const chunks = file.waiting.splice(0);
      await target.write(chunks);
      // Canceled while it was written.
      if (!this.#incoming.has(file.number)) return;
      file.writes += chunks.length;
      this.#reportProgress(file);
      this.#answerSoon(file);
    });
  }

  #onEnd({ id, size, sha256 }: OfKind<"end">): void {
    const file = this.#incoming.get(id);
    if (!file) return this.#answerUnknown(id);
    if (!file.isAccepted || !file.target) return this.#rejectIncoming(file);
    file.stall.restart();
    switch (file.receiving.end(size)) {
      case "ignore":
        return;
      case "ask":
        return this.#ask(file);
      case "complete": {
        const isRight = file.hash.copy().digest().equals(sha256);
        if (!isRight) return this.#rejectIncoming(file);
        return this.#enqueue(file, (target) => this.#finish(file, target));
      }
      default:
        return this.#rejectIncoming(file);
    }
  }

  async #finish(file: Incoming, target: FileTarget): Promise<void> {
    const name = await target.finish();
    // It ended meanwhile, and both people were told that nothing of it was saved.
    if (!this.#incoming.has(file.number)) return await target.remove();
    this.#drop(file, "delivered");
    this.#deps.send({ kind: "delivered", id: file.number });
    this.#report({ ...file, name }, "received");
  }

  /** Does something with the file on the disk, after all that was to be done before. */
  #enqueue(file: Incoming, action: (target: FileTarget) => Promise<void>): void {
    const work = file.work.then(async () => {
      if (this.#incoming.has(file.number)) await action(file.target!);
    });
    file.work = work.catch((error) => this.#fail(file, "storage", error));
    this.#run(file.work);
  }

  #answerSoon(file: Incoming): void {
    if (file.writes - file.answered >= ANSWER_CHUNKS) return this.#answer(file);
    const now = this.#deps.clock.monotonic();
    const dueAt = Math.max(now + ANSWER_DELAY_MS, file.answeredAt + ANSWER_APART_MS);
    file.answerTimer ??= this.#deps.clock.after(dueAt - now, () => this.#answer(file));
  }

  /** Says how far the file has come, as soon as what was read is off the relay. */
  #answer(file: Incoming): void {
    file.answerTimer?.cancel();
    file.answerTimer = undefined;
    if (file.isAnswering) return;
    file.isAnswering = true;
    const answering = this.#deps.flushRemovals().then(() => {
      file.isAnswering = false;
      file.answeredAt = this.#deps.clock.monotonic();
      this.#sendAccept(file, file.writes);
    });
    this.#run(answering);
  }

  #sendAccept(file: Incoming, from: number): void {
    if (!this.#incoming.has(file.number) || from <= file.answered) return;
    file.answered = from;
    this.#deps.send({ kind: "accept", id: file.number, from });
  }

  /** Something is missing: the same number for the second time asks for a repetition. */
  #ask(file: Incoming): void {
    if (!this.#incoming.has(file.number)) return;
    this.#sendAccept(file, file.receiving.next);
    this.#deps.send({ kind: "accept", id: file.number, from: file.answered });
  }

  /** The peer's program sends what an honest one does not. */
  #rejectIncoming(file: Incoming): void {
    this.#fail(file, "damaged", new Failure("file-mismatch", { name: file.name }));
  }

  /** Offers of the peer that wait for an answer. */
  #offers(): Incoming[] {
    return [...this.#incoming.values()].filter(({ isAccepted }) => !isAccepted);
  }

  // ---------------------------------------------------------------------------------- both

  /** This side cannot go on with a file. */
  #fail(file: Outgoing | Incoming, reason: CancelReason, error: unknown): void {
    if (!(error instanceof Failure)) throw error;
    if (!this.#outgoing.has(file.number) && !this.#incoming.has(file.number)) return;
    this.#deps.send({ kind: "cancel", id: file.number, reason });
    this.#drop(file, reason);
    this.#report(file, "failed", { failure: error });
    this.#offerNext();
  }

  #onCancel({ id, reason }: OfKind<"cancel">): void {
    const file = this.#outgoing.get(id) ?? this.#incoming.get(id);
    if (!file) return;
    this.#drop(file, reason);
    const { name } = file;
    if (reason === "canceled") this.#report(file, "canceled", { by: "peer" });
    else {
      const failure = new Failure("file-peer-failed", { name, reason, from: file.from });
      this.#report(file, "failed", { failure });
    }
    this.#offerNext();
  }

  /** What still comes about a file that is over is told what became of it. */
  #answerUnknown(id: number, { isOwn = false } = {}): void {
    const end = this.#over.get(id) ?? "canceled";
    if (isOwn && end === "delivered") return;
    this.#deps.send(
      end === "delivered" ? { kind: "delivered", id } : { kind: "cancel", id, reason: end },
    );
  }

  #find<F extends Transfer>(files: readonly F[], id: string | undefined): F {
    const file = id === undefined
      ? files[0]
      : files.find((one) => one.id === id) ?? files.find(({ name }) => name === id);
    if (!file) throw new Failure("no-such-file");
    return file;
  }

  #drop(file: Outgoing | Incoming, end: "delivered" | CancelReason): void {
    file.stall.cancel();
    this.#over.set(file.number, end);
    if (this.#over.size > MAX_REMEMBERED) this.#over.delete(this.#over.keys().next().value!);
    if (file.from === "you") {
      file.rest?.cancel();
      this.#outgoing.delete(file.number);
      if (this.#current === file) this.#current = undefined;
      this.#run(file.source.close());
      queueMicrotask(() => this.#pump());
    } else {
      file.answerTimer?.cancel();
      this.#incoming.delete(file.number);
      // After what is being written.
      const { target } = file;
      if (target) this.#run(file.work.then(() => target.discard()));
    }
  }

  #report(
    file: Outgoing | Incoming,
    state: FileEvent["state"],
    more: Pick<FileEvent, "failure" | "reason" | "by"> = {},
  ): void {
    const { from, id, name, size = null } = file;
    const bytes = file.from === "you" ? file.bytes : file.receiving.bytes;
    this.#deps.emit({ event: "file", state, from, id, name, size, bytes, ...more });
  }

  /** A file that the peer has never heard of. */
  #reportUnoffered({ id, source }: Queued): void {
    const { name, size = null } = source;
    const file = { from: "you", by: "you", id, name, size, bytes: 0 } as const;
    this.#deps.emit({ event: "file", state: "canceled", ...file });
  }

  #reportProgress(file: Outgoing | Incoming): void {
    const now = this.#deps.clock.monotonic();
    if (now - file.progressAt < PROGRESS_MS) return;
    file.progressAt = now;
    this.#report(file, "progress");
  }

  #run(work: Promise<unknown>): void {
    const done = work.catch((error) => this.#deps.onFailure(error))
      .finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  /** Resolves when nothing runs any more: everything that was begun is removed. */
  async #settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}

/** A timer that goes off when nothing has happened for a while, and then ever more rarely. */
class Stall {
  readonly #clock: Clock;
  readonly #onStall: () => void;
  #ms = STALL_MS;
  /** When something happened last, or it went off. */
  #since = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, onStall: () => void) {
    this.#clock = clock;
    this.#onStall = onStall;
  }

  /** Something happened. It does with every chunk, so that a timer that runs is left alone. */
  restart(): void {
    this.#ms = STALL_MS;
    this.#since = this.#clock.monotonic();
    this.#timer ??= this.#start();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #start(): Timer {
    const dueIn = this.#since + this.#ms - this.#clock.monotonic();
    return this.#clock.after(dueIn, () => this.#onTimer());
  }

  #onTimer(): void {
    const now = this.#clock.monotonic();
    if (now - this.#since >= this.#ms) {
      this.#ms = Math.min(2 * this.#ms, MAX_STALL_MS);
      this.#since = now;
      this.#onStall();
    }
    // It may have ended the transfer.
    if (this.#timer) this.#timer = this.#start();
  }
}
