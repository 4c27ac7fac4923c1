/**
 * The events of a running chat, in codes and facts; their sentences are in `src/ui/messages/`. The JSON
 * interface prints both (docs/JSON.md), the others display them. None ever contains key material or
 * unauthenticated text.
 *
 * @module
 */
import type { Failure } from "../errors.ts";
import type { RefuseReason } from "../protocol/payload.ts";
import type { WordHalves } from "../protocol/verification.ts";
import type { Operations, StoredDocument } from "../relay/relay.ts";

/** How the two agreed on the room: by an invite code, or by a name beforehand. */
export type RoomKind = "code" | "name";

/** Presence of the peer: `left` is authenticated, the others are what the relay says of its lease. */
export type Presence = "here" | "away" | "left" | "vanished";

/** The alarms; docs/JSON.md says what each means. */
export type AlarmKind =
  | "third-party"
  | "crowded"
  | "guess"
  | "forged"
  | "altered"
  | "replayed"
  | "gap"
  | "rollback";

/** One alarm, with what is known and no key material. */
export interface Alarm {
  readonly event: "alarm";
  readonly kind: AlarmKind;
  /** How many such documents or attempts this alarm stands for. */
  readonly count: number;
  /**
   * `gap`: sequence numbers of the missing messages, first and last. Without them only what carries no
   * text is missing.
   */
  readonly first?: number;
  readonly last?: number;
  /** `guess`: wrong codes that may still be tried before the code is no longer valid. */
  readonly attemptsLeft?: number;
}

/** A file, on its way in either direction. */
export interface FileEvent {
  readonly event: "file";
  readonly state:
    | "offered"
    | "accepted"
    | "progress"
    /** Stored here, complete and right. */
    | "received"
    /** Stored there, as the peer's program says. */
    | "delivered"
    | "refused"
    | "canceled"
    | "failed";
  /** Who sends it. */
  readonly from: "you" | "peer";
  /** The id that `send` was given for one's own file; for the peer's, the id to accept it by. */
  readonly id: string;
  /** Of the peer's files a name that is safe; with `received` the one that the file has now. */
  readonly name: string;
  /** Bytes; null for a stream whose end is not known. */
  readonly size: number | null;
  /** Bytes that have arrived, as far as this side knows. */
  readonly bytes: number;
  /** `failed`: why. */
  readonly failure?: Failure;
  /** `canceled`: who did it. */
  readonly by?: "you" | "peer";
  /** `refused`: why; `declined` by a person, the others by the peer's program or this one. */
  readonly reason?: RefuseReason;
}

/** Names a message of the present session. */
export interface MessageRef {
  readonly from: "you" | "peer";
  readonly seq: number;
}

/** A message of one's own that was taken back. */
export interface TakenBack {
  readonly id: string;
  readonly text: string;
  /** The message that it was to answer. */
  readonly reply?: MessageRef;
}

/** Who has confirmed the verification words; undefined where nothing was said yet. */
export interface Verification {
  /** Whether the words that one heard were the same. */
  readonly you: boolean | undefined;
  /** What the peer says of the words that they heard, authenticated. */
  readonly peer: boolean | undefined;
}

/** Every event of a chat. */
export type ChatEvent =
  | {
    readonly event: "relay";
    readonly state: "up" | "reconnecting" | "down";
    readonly kind: "mongodb" | "sqlite";
    readonly watch: "stream" | "poll" | "file";
    readonly retryInMs?: number;
    /** Why it is not up. */
    readonly cause?: Failure;
  }
  | { readonly event: "invite"; readonly code: string }
  /** The invite code no longer lets anybody in: too many wrong guesses. */
  | { readonly event: "code-burnt" }
  | {
    readonly event: "waiting";
    readonly for: "guest" | "host" | "handshake" | "goodbye";
    /** Milliseconds after which this wait ends by itself. */
    readonly atMostMs?: number;
  }
  | { readonly event: "ready"; readonly peer: string; readonly verify: readonly string[] }
  | {
    readonly event: "message";
    readonly from: string;
    readonly text: string;
    readonly seq: number;
    readonly at: string;
    /** True when it came after an alarm had reported it missing. */
    readonly late?: true;
    /** The message that it answers; it may be unknown here, or gone. */
    readonly reply?: MessageRef;
  }
  | { readonly event: "queued"; readonly id: string }
  /** A message that was queued was taken back by its author: it is not sent. */
  | ({ readonly event: "taken-back" } & TakenBack)
  | { readonly event: "sent"; readonly id: string; readonly seq: number }
  | { readonly event: "delivered"; readonly id: string; readonly seq: number }
  | {
    readonly event: "presence";
    readonly peer: Presence;
    /** With "left": messages of ours that were not displayed there, and of theirs that never came. */
    readonly unseen?: number;
    readonly missing?: number;
  }
  | Alarm
  | {
    readonly event: "timer";
    /** Seconds a message stays after it was displayed; 0: until the end. */
    readonly seconds: number;
    readonly by: "you" | "peer";
  }
  | {
    readonly event: "verified";
    readonly by: "you" | "peer";
    /** Whether the words that they heard were the same. */
    readonly same: boolean;
    /** True when both have confirmed: only then the session is verified. */
    readonly both: boolean;
  }
  | { readonly event: "expired"; readonly from: "you" | "peer"; readonly seq: number }
  | { readonly event: "burnt"; readonly by: "you" | "peer" }
  /** The session with this peer is over: its keys are gone, and nothing of it can arrive any more. */
  | {
    readonly event: "session-ended";
    readonly peer: string;
    /** Ids of messages that are on the relay and were never displayed to the peer. */
    readonly undelivered: readonly string[];
  }
  /** Messages that never reached the relay, and never will. */
  | { readonly event: "queue-dropped"; readonly ids: readonly string[] }
  | {
    readonly event: "closed";
    /** Documents of this room on the relay; null where they could not be counted. */
    readonly remaining: number | null;
    readonly reason: CloseReason;
    /** Messages that were accepted and never displayed to the peer. */
    readonly undelivered: number;
  }
  | FileEvent
  | { readonly event: "error"; readonly failure: Failure; readonly fatal: boolean };

/** Why a chat is over. */
export type CloseReason =
  | "exit"
  | "interrupted"
  | "burnt"
  | "evicted"
  | "refused"
  | "relay-lost"
  | "failed";

/** Receives every event, in order. */
export type Listener = (event: ChatEvent) => void;

/** A snapshot of a chat. */
export interface Overview {
  /** One's own name. */
  readonly name: string;
  /** The peer's name, once it is known. */
  readonly peer: string | undefined;
  readonly presence: Presence | undefined;
  /** The words of `/verify`. */
  readonly words: readonly string[] | undefined;
  /** The same words, in the half to read aloud and the half to listen for. */
  readonly wordHalves: WordHalves | undefined;
  readonly verification: Verification;
  /** The invite code, while it still opens the room. */
  readonly code: string | undefined;
  /** Seconds a message stays after it was displayed; 0: until the end. */
  readonly timerSeconds: number;
  /** Messages accepted and not yet on the relay. */
  readonly queued: number;
  /** Milliseconds since something authenticated came from the peer. */
  readonly heardAgoMs: number | undefined;
  /** Milliseconds since the relay was opened; undefined before. */
  readonly openForMs: number | undefined;
  readonly operations: Operations;
  /** False while the relay is out of reach: presence is not known then. */
  readonly isRelayUp: boolean;
}

/** A document of this room, as it lies on the relay. */
export interface RelayDocument extends StoredDocument {
  /** Who posted it, as the document says: of a message, one of the two, or someone who was refused. */
  readonly by: "you" | "peer" | "other" | undefined;
}

/** What lies on the relay for this session. */
export interface RelayDocuments {
  readonly kind: "mongodb" | "sqlite";
  readonly documents: readonly RelayDocument[];
  /** Messages that are there, too. */
  readonly more: number;
}

/** What the user may do with files. */
export interface FileControls {
  /**
   * Offers a file by its path. Events that carry `id` report what becomes of it.
   *
   * @throws {Failure} for what cannot be sent; nothing was offered then.
   */
  send(path: string, id: string): Promise<void>;
  /** Accepts a file of the peer by its id or name; undefined: the first that waits. */
  accept(id?: string): Promise<void>;
  /** Refuses one. */
  refuse(id?: string): void;
  /** Cancels a file of either side; undefined: the one that moves, or the first. */
  cancel(id?: string): Promise<void>;
}

/** What a person can do in a running chat. */
export interface Controls {
  /**
   * Sends a text, exactly as it is. Events that carry `id` report its delivery.
   *
   * @param reply the message that it answers.
   * @throws {Failure} for what cannot be sent; nothing was queued then.
   */
  send(text: string, id: string, reply?: MessageRef): void;
  /**
   * Takes a message that is still queued out of the queue: the one of that id, or the newest. An event
   * tells of it, too.
   *
   * @returns undefined where there is none: what is being sent may be on the relay already.
   */
  takeBack(id?: string): TakenBack | undefined;
  /**
   * Message `seq` of the present session is in front of the person: in the visible part of a screen, or
   * written in full where there is no screen. Only then its sender is told `delivered`, and its timer
   * starts. Repeating it is harmless; forget what was not displayed at `session-ended`.
   */
  displayed(seq: number): void;
  /**
   * Opens a new epoch of the room, for a peer who is gone or has not joined yet: under a new code, or, in
   * a room that was agreed on by name, under the `passphrase`, which the chat wiped once it was used.
   *
   * @throws {Failure} while the peer is here, and without a passphrase where one is needed.
   */
  invite(passphrase?: string): Promise<void>;
  /**
   * Proposes that messages disappear this many seconds after they were displayed, on both sides; 0: never.
   *
   * @throws {Failure} without a peer, or for an invalid time.
   */
  setTimer(seconds: number): void;
  /**
   * Tells both sides whether the words that the peer read aloud were the same.
   *
   * @throws {Failure} without a peer.
   */
  verify(same: boolean): void;
  /** Asks the peer's program to erase everything too, then leaves. */
  burn(): Promise<void>;
  /** Leaves, in bounded time; a second call waits for the first. */
  leave(reason?: CloseReason): Promise<void>;
  /**
   * Leaves as soon as what was begun has a result, for the end of a script's input: the room is
   * open by then, or the code was right, or it failed and the status says so.
   */
  finish(): Promise<void>;
  /** The files of both sides. */
  readonly files: FileControls;
  /**
   * The documents of this room as they lie on the relay, of both sides.
   *
   * @throws {Failure} where the relay cannot be asked now.
   */
  documents(): Promise<RelayDocuments>;
  /** The state at this moment. */
  overview(): Overview;
}
