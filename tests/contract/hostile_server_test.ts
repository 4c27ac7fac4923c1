/**
 * A server that answers with error texts which a terminal could act on: none of it comes through in
 * a failure, in a finding of the doctor, or in its lines.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { examineAll } from "../../src/doctor/doctor.ts";
import { jsonReport, plainReport } from "../../src/doctor/report.ts";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import { examine } from "../../src/relay/open.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import { rawOf } from "../../src/terminal/terminal_text.ts";
import { describeFailure } from "../../src/ui/messages/failures.ts";
import { type Answer, HOSTILE_TEXT, withFakeServer } from "../support/fake_mongod.ts";
import { int64, Raw } from "../support/raw_writer.ts";
import { randomName } from "./relay_contract.ts";

const deps = { clock: systemClock, random: systemRandom };

/** Everything that a terminal or a reader of lines could take for more than a letter. */
const ACTING = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

const refusal = (code: number): Answer => ({
  ...{ ok: 0, errmsg: HOSTILE_TEXT, code, codeName: HOSTILE_TEXT },
});

/** Codes of each kind of rule, and one that no rule knows. */
const CODES = [8, 13, 18, 85, 121, 166, 8000, 11000, 11600, 14031, 99_999];

for (const code of CODES) {
  Deno.test(`relay: repeats nothing a terminal acts on, of an error ${code} of the server`, () =>
    withFakeServer(() => refusal(code), async (uri) => {
      const relay = await openMongoRelay({ uri }, deps);
      const wish = { token: randomName(16), epoch: randomName(8), lingerMs: 60_000 };
      try {
        await relay.create(randomName(16), wish);
        throw new Error("It was not refused");
      } catch (error) {
        const failure = error instanceof RelayUnavailable ? error.failure : error;
        assert(failure instanceof Failure, Deno.inspect(error));
        assert(failure.code !== "bug");
        const { message, hint } = describeFailure(failure);
        assertEquals(ACTING.exec(`${message} ${hint}`), null, JSON.stringify(message));
        assertEquals(ACTING.exec(String((failure.cause as Error).message)), null);
      } finally {
        await relay.close();
      }
    }));
}

Deno.test("relay: names the view behind a refusal in words that no rule knows", () =>
  withFakeServer((command) => {
    if ("createIndexes" in command) return { ok: 1 };
    if ("listCollections" in command) return page({ name: "rooms", type: "view", options: {} });
    return refusal(99_999);
  }, async (uri) => {
    const relay = await openMongoRelay({ uri }, deps);
    const wish = { token: randomName(16), epoch: randomName(8), lingerMs: 60_000 };
    try {
      const failure = await assertRejects(() => relay.create(randomName(16), wish), Failure);
      assertEquals(failure.reason, "foreign-collection");
      assertStringIncludes(describeFailure(failure).message, '"rooms": it is a view');
    } finally {
      await relay.close();
    }
  }));

/** The one page of a cursor, and what else any answer has. */
function page(...firstBatch: readonly Answer[]): Answer {
  const id = new Raw(0x12, int64(0n));
  return { ok: 1, n: 0, cursor: { id, ns: "whisper.rooms", firstBatch }, localTime: new Date() };
}

/** What a server says of itself, as hostile as it can be. */
function boast(command: Record<string, unknown>, type: string): Answer {
  if ("buildInfo" in command) return { ok: 1, version: HOSTILE_TEXT };
  if ("connectionStatus" in command) {
    return { ok: 1, authInfo: { authenticatedUsers: [], authenticatedUserPrivileges: [] } };
  }
  if ("listCollections" in command) {
    return page({ name: HOSTILE_TEXT, type, options: {} });
  }
  if ("listIndexes" in command) return page({ name: HOSTILE_TEXT, key: { a: 1 }, unique: true });
  return page();
}

const ANSWERS: readonly (readonly [string, (command: Record<string, unknown>) => Answer])[] = [
  ["refuses", () => refusal(99_999)],
  ["has a strange view", (command) => boast(command, "view")],
  ["has a strange index", (command) => boast(command, "collection")],
];

for (const [what, answer] of ANSWERS) {
  Deno.test(`doctor: prints nothing a terminal acts on, of a server that ${what}`, () =>
    withFakeServer(answer, async (uri) => {
      const lines: string[] = [];
      for (
        const report of [
          plainReport((text) => lines.push(rawOf(text)), false),
          jsonReport((value) => lines.push(JSON.stringify(value))),
        ]
      ) {
        await examineAll({
          here: [],
          relay: () => examine({ kind: "mongodb", uri }, deps),
          clock: systemClock,
          signal: new AbortController().signal,
        }, report);
      }
      for (const line of lines) {
        assertEquals(ACTING.exec(line.replaceAll("\n", "")), null, JSON.stringify(line));
      }
      assertEquals(lines.some((line) => line.startsWith("forged line")), false);
    }));
}
