import { assert, assertEquals } from "@std/assert";
import { EXIT, Failure, type FailureCode, RelayUnavailable } from "../../src/errors.ts";
import { type Reason, REASONS } from "../../src/failure_reasons.ts";

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
  "file": 12,
  "interrupted": 130,
};

Deno.test("Failure: every reason ends the program with the status that its code promises", () => {
  const codes = new Set<string>();
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const failure = new Failure(reason as "bug");
    codes.add(failure.code);
    assertEquals(failure.status, PROMISED[failure.code], reason);
    assert(Object.values(EXIT).some((known) => known === failure.status), reason);
  }
  assertEquals(codes, new Set(Object.keys(PROMISED)));
  assertEquals(EXIT.ok, 0);
});

Deno.test("Failure: is an error with its reason, its facts and its cause", () => {
  const cause = new Error("why");
  const failure = new Failure("message-too-long", { bytes: 2, maxBytes: 1 }, { cause });
  assert(failure instanceof Error);
  assertEquals(
    [failure.name, failure.message, failure.reason, failure.facts, failure.cause],
    [
      "Failure",
      "message-too-long { bytes: 2, maxBytes: 1 }",
      "message-too-long",
      { bytes: 2, maxBytes: 1 },
      cause,
    ],
  );
});

Deno.test("RelayUnavailable: has the failure that a person is told when it persists", () => {
  const failure = new Failure("relay-timeout", { seconds: 9 });
  const away = new RelayUnavailable(failure);
  assertEquals([away.message, away.throttled, away.failure], [failure.message, false, failure]);
  assert(new RelayUnavailable(failure, { throttled: true }).throttled);
});
