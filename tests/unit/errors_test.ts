import { assert, assertEquals } from "@std/assert";
import { EXIT, type FailureCode, RelayUnavailable, untranslated } from "../../src/errors.ts";

/** The statuses that are promised to scripts; a change of one breaks them. */
const PROMISED: Record<FailureCode, number> = {
  "bug": 1,
  "usage": 2,
  "too-long": 2,
  "bad-line": 2,
  "no-peer": 2,
  "relay-unreachable": 3,
  "relay-denied": 3,
  "relay-auth": 3,
  "relay-uri": 3,
  "relay-tls": 3,
  "relay-quota": 3,
  "relay-storage": 3,
  "room-full": 4,
  "room-sealed": 4,
  "wrong-code": 5,
  "code-burnt": 6,
  "no-room": 6,
  "evicted": 7,
  "relay-lost": 8,
  "protocol": 9,
  "fernet": 10,
  "output": 11,
  "interrupted": 130,
};

Deno.test("errors: every failure ends the program with the status that is promised", () => {
  for (const [code, status] of Object.entries(PROMISED)) {
    const failure = untranslated(code as FailureCode, "It failed.", "Try again.");
    assertEquals(failure.status, status, code);
    assert(Object.values(EXIT).some((known) => known === status));
  }
  assertEquals(EXIT.ok, 0);
});

Deno.test("errors: a failure is an error with a hint and its cause", () => {
  const cause = new Error("why");
  const failure = untranslated("usage", "Cannot start: x.", "Do y.", { cause });
  assert(failure instanceof Error);
  assertEquals(
    [failure.name, failure.message, failure.hint, failure.cause],
    ["Failure", "Cannot start: x.", "Do y.", cause],
  );
});

Deno.test("errors: a relay that is away says what to tell when it stays away", () => {
  const failure = untranslated("relay-unreachable", "The relay does not answer.", "Wait.");
  const away = new RelayUnavailable(failure);
  assertEquals([away.message, away.throttled, away.failure], [failure.message, false, failure]);
  assert(new RelayUnavailable(failure, { throttled: true }).throttled);
});
