/**
 * The exit statuses of the program, and the public failure codes that end with each (docs/JSON.md).
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
  output: 11,
  file: 12,
  interrupted: 130,
} as const;

/** Every failure code with the exit status of a process that ends with it. */
export const STATUS = {
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
  "output": EXIT.output,
  "file": EXIT.file,
  "no-peer": EXIT.usage,
  "interrupted": EXIT.interrupted,
} as const;

/** A stable name for one way to fail; `error` events carry it. */
export type FailureCode = keyof typeof STATUS;
