/**
 * A chat that only writes down what it is asked for, to test interfaces without one.
 *
 * @module
 */
import type {
  CloseReason,
  Controls,
  FileControls,
  MessageRef,
  Overview,
  RelayDocuments,
  TakenBack,
} from "../../src/chat/events.ts";
import { assertSendable } from "../../src/chat/sender.ts";
import { Failure } from "../../src/errors.ts";

/** Records what an interface asks for. */
export class RecordedControls implements Controls {
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  /** Messages that were displayed. */
  readonly shown: number[] = [];
  /** What {@link overview} tells. */
  now: Overview = {
    name: "Alice",
    peer: undefined,
    presence: undefined,
    words: undefined,
    wordHalves: undefined,
    verification: { you: undefined, peer: undefined },
    code: undefined,
    timerSeconds: 0,
    queued: 0,
    heardAgoMs: undefined,
    openForMs: undefined,
    operations: {},
    isRelayUp: true,
  };
  /** Thrown by the next thing that is asked for. */
  failure: Failure | undefined;

  /** Messages that {@link takeBack} hands out, the newest last. */
  readonly queued: TakenBack[] = [];
  /** Called for each that is taken back, as a chat tells of it. */
  onTakenBack: (taken: TakenBack) => void = () => {};

  send(text: string, id: string, reply?: MessageRef): void {
    assertSendable(text);
    const answer = reply ? ` to ${reply.from} ${reply.seq}` : "";
    this.#ask(`send ${JSON.stringify(text)} ${id}${answer}`);
  }

  takeBack(id?: string): TakenBack | undefined {
    const index = this.queued.findLastIndex((one) => id === undefined || one.id === id);
    const [taken] = index < 0 ? [] : this.queued.splice(index, 1);
    if (taken) this.onTakenBack(taken);
    return taken;
  }

  verify(same: boolean): void {
    this.#ask(`verify ${same}`);
  }

  displayed(seq: number): void {
    this.shown.push(seq);
  }

  invite(passphrase?: string): Promise<void> {
    const asked = passphrase === undefined ? "invite" : `invite ${passphrase}`;
    return this.#askLater(asked);
  }

  setTimer(seconds: number): void {
    this.#ask(`timer ${seconds}`);
  }

  readonly files: FileControls = {
    send: (path, id) => this.#askLater(`send-file ${JSON.stringify(path)} ${id}`),
    accept: (id) => this.#askLater(`accept ${id}`),
    refuse: (id) => this.#ask(`refuse ${id}`),
    cancel: (id) => this.#askLater(`cancel ${id}`),
  };

  burn(): Promise<void> {
    return this.#askLater("burn");
  }

  leave(reason: CloseReason = "exit"): Promise<void> {
    return Promise.resolve(this.#ask(`leave ${reason}`));
  }

  finish(): Promise<void> {
    return Promise.resolve(this.#ask("finish"));
  }

  /** What {@link documents} tells. */
  stored: RelayDocuments = { kind: "sqlite", documents: [], more: 0 };

  documents(): Promise<RelayDocuments> {
    return Promise.resolve().then(() => this.stored);
  }

  overview(): Overview {
    return this.now;
  }

  #askLater(what: string): Promise<void> {
    return Promise.resolve().then(() => this.#ask(what));
  }

  #ask(what: string): void {
    this.asked.push(what);
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure;
  }
}
