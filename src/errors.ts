/**
 * The failures that a person acts on: a code for programs, a sentence of what happened, a hint of
 * what to do, and the exit status of the process that ends with it.
 *
 * @module
 */

/** Exit statuses of the program (documented in docs/JSON.md). */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  relay: 3,
  full: 4,
  wrongCode: 5,
  usedCode: 6,
  evicted: 7,
  relayLost: 8,
  protocol: 9,
  fernet: 10,
  interrupted: 130,
} as const;

/** Every failure code with the exit status of a process that ends with it. */
const STATUS = {
  "bug": EXIT.bug,
  "usage": EXIT.usage,
  "too-long": EXIT.usage,
  "bad-line": EXIT.usage,
  "relay-unreachable": EXIT.relay,
  "relay-denied": EXIT.relay,
  "relay-auth": EXIT.relay,
  "relay-uri": EXIT.relay,
  "relay-tls": EXIT.relay,
  "relay-quota": EXIT.relay,
  "relay-storage": EXIT.relay,
  "room-full": EXIT.full,
  "room-sealed": EXIT.full,
  "wrong-code": EXIT.wrongCode,
  "code-burnt": EXIT.usedCode,
  "no-room": EXIT.usedCode,
  "evicted": EXIT.evicted,
  "relay-lost": EXIT.relayLost,
  "protocol": EXIT.protocol,
  "fernet": EXIT.fernet,
  "no-peer": EXIT.usage,
  "interrupted": EXIT.interrupted,
} as const;

/** A stable name for one way to fail; `error` events carry it. */
export type FailureCode = keyof typeof STATUS;

/** A failure with a sentence for the person and a next step. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** What programs branch on. */
  readonly code: FailureCode;
  /** One sentence: what to do next. */
  readonly hint: string;

  constructor(code: FailureCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  /** The exit status of a process that ends with this failure. */
  get status(): number {
    return STATUS[this.code];
  }
}

/**
 * The relay did not answer, or answered that it cannot now. Whether a write took effect is unknown.
 * Repeating the operation is safe (every mailbox operation is idempotent) and expected.
 */
export class RelayUnavailable extends Error {
  override readonly name = "RelayUnavailable";
  /** The relay asked for fewer operations. */
  readonly throttled: boolean;
  /** What to tell the person if it stays so. */
  readonly failure: Failure;

  constructor(failure: Failure, options: ErrorOptions & { throttled?: boolean } = {}) {
    super(failure.message, options);
    this.failure = failure;
    this.throttled = options.throttled ?? false;
  }
}
