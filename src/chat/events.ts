/**
 * What a running chat tells its interfaces. The JSON interface prints these as they are
 * (docs/JSON.md), the others draw them. No key material and no unauthenticated text is ever in one.
 *
 * @module
 */
import type { Failure, FailureCode } from "../errors.ts";
import type { Operations } from "../relay/relay.ts";

/** Presence of the other person, by authenticated goodbye and by lease. */
export type Presence = "here" | "away" | "left" | "vanished";

/** The alarms; docs/JSON.md says what each means. */
export type AlarmKind =
  | "third-party"
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
  /** The sentence for the person. */
  readonly message: string;
  /** `gap`: sequence numbers of the missing texts, first and last. */
  readonly first?: number;
  readonly last?: number;
}

/** Everything a chat says. */
export type ChatEvent =
  | {
    readonly event: "relay";
    readonly state: "up" | "reconnecting" | "down";
    readonly kind: "mongodb" | "sqlite" | "memory";
    readonly watch: "stream" | "poll" | "file";
    readonly retryInMs?: number;
    /** Why it is not up. */
    readonly cause?: Failure;
  }
  | { readonly event: "invite"; readonly code: string }
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
    /** True when it came after an alarm had called it missing. */
    readonly late?: true;
  }
  | { readonly event: "queued"; readonly id: string }
  | { readonly event: "sent"; readonly id: string; readonly seq: number }
  | { readonly event: "delivered"; readonly id: string; readonly seq: number }
  | {
    readonly event: "presence";
    readonly peer: Presence;
    /** After "left": texts of ours that the peer had not seen, and of theirs that never came. */
    readonly unseen?: number;
    readonly missing?: number;
  }
  | Alarm
  | {
    readonly event: "timer";
    /** Seconds a text stays after it was shown; 0: until the end. */
    readonly seconds: number;
    readonly by: "you" | "peer";
  }
  | { readonly event: "expired"; readonly from: "you" | "peer"; readonly seq: number }
  | { readonly event: "burnt"; readonly by: "you" | "peer" }
  | {
    readonly event: "closed";
    readonly remaining: number | null;
    readonly reason: CloseReason;
  }
  | {
    readonly event: "error";
    readonly code: FailureCode;
    readonly message: string;
    readonly hint: string;
    readonly fatal: boolean;
  };

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
  /** The other one's name, once both know each other. */
  readonly peer: string | undefined;
  readonly presence: Presence | undefined;
  /** The words of `/verify`. */
  readonly words: readonly string[] | undefined;
  /** The invite code, while it still opens the room. */
  readonly code: string | undefined;
  /** Seconds a text stays after it was shown; 0: until the end. */
  readonly timerSeconds: number;
  /** Texts accepted and not yet on the relay. */
  readonly queued: number;
  /** Milliseconds since something authenticated came from the other one. */
  readonly heardAgoMs: number | undefined;
  /** Milliseconds since the relay was opened; undefined before. */
  readonly openForMs: number | undefined;
  readonly operations: Operations;
}

/** What a person can do in a running chat. */
export interface Controls {
  /**
   * Sends a text, exactly as it is. Its fate is told by events that carry `id`.
   *
   * @throws {Failure} for what cannot be sent; nothing was queued then.
   */
  send(text: string, id: string): void;
  /**
   * Opens the room anew, under a fresh code, for a peer who is gone or has not come yet.
   *
   * @throws {Failure} while somebody is here.
   */
  invite(): Promise<void>;
  /**
   * Proposes that texts vanish so many seconds after they were shown, on both sides; 0: never.
   *
   * @throws {Failure} where there is nobody to agree, or for no such time.
   */
  setTimer(seconds: number): void;
  /** Asks the peer's program to forget everything too, then leaves. */
  burn(): Promise<void>;
  /** Leaves, in bounded time; a second call waits for the first. */
  leave(reason?: CloseReason): Promise<void>;
  /**
   * Leaves once what was begun has come to something: for the end of a script's input, which is no
   * haste. The room is open by then, or the code was right, or it failed and the status says so.
   */
  finish(): Promise<void>;
  /** What there is to know at the moment. */
  overview(): Overview;
}
