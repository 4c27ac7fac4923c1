/**
 * Any order of talking, waiting, failing and meddling: properties that hold of all of them. 80 runs,
 * or 20,000 under `SOAK=1`; a failure prints the seed and the shortest schedule that fails.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import type { Envelope, Relay } from "../../src/relay/relay.ts";
import { Harness, type Person, QUIET_MS } from "./harness.ts";
import { intercept, otherId, withHeadByte, withTokenChar } from "./hostile.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 20_000 : 80;

/** What an honest relay on a bad network may do to a post. */
const HARMLESS = ["none", "lost and repeated", "stored, the answer lost", "late", "twice"] as const;
/** What takes a message away. */
const TAKING = ["dropped", "token altered", "head altered", "much too late"] as const;
/** What adds something that is not true. */
const ADDING = ["altered copy", "forged copy", "reflected", "replayed"] as const;

type Interference = typeof HARMLESS[number] | typeof TAKING[number] | typeof ADDING[number];

interface Step {
  readonly who: 0 | 1;
  readonly texts: number;
  readonly interference: Interference;
  readonly waitMs: number;
}

const who = fc.constantFrom(0 as const, 1 as const);
const texts = fc.integer({ min: 1, max: 3 });
const waitMs = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 15_000 }));

interface Schedule {
  readonly seed: number;
  /** Over the first post of each, with which they come. */
  readonly entering: readonly [Interference, Interference];
  readonly steps: readonly Step[];
}

function schedules(interference: readonly Interference[]): fc.Arbitrary<Schedule> {
  const step = fc.record({ who, texts, waitMs, interference: fc.constantFrom(...interference) });
  const entering = fc.tuple(fc.constantFrom(...HARMLESS), fc.constantFrom(...HARMLESS));
  return fc.record({ seed: fc.nat(), entering, steps: fc.array(step, { maxLength: 15 }) });
}

/** A bad network or a hostile relay on one person's posts, as the current step says. */
class FaultInjector {
  interference: Interference = "none";
  /** Envelopes that were taken away. */
  taken = 0;
  readonly #harness: Harness;
  readonly #posted: Envelope[] = [];

  constructor(harness: Harness) {
    this.#harness = harness;
  }

  over(relay: Relay): Relay {
    return intercept((name, args, proceed) => {
      if (name !== "post" || this.interference === "none") return proceed();
      const interference = this.interference;
      this.interference = "none";
      const envelopes = args[1] as Envelope[];
      this.#posted.push(...envelopes);
      return this.#inject(interference, envelopes, proceed);
    }, relay);
  }

  async #inject(
    interference: Interference,
    envelopes: Envelope[],
    proceed: () => unknown,
  ): Promise<void> {
    const harness = this.#harness;
    const plant = (which: readonly object[]) => which.forEach((one) => harness.plant({ ...one }));
    const later = (ms: number) => void harness.clock.after(ms, () => plant(envelopes));
    switch (interference) {
      case "lost and repeated":
        throw unavailable();
      case "stored, the answer lost":
        await proceed();
        throw unavailable();
      case "late":
        return later(1_000);
      case "twice":
        plant(envelopes);
        return void harness.clock.after(
          700,
          () => plant(envelopes.map((e) => ({ ...e, attempt: 1 }))),
        );
      case "dropped":
        return void (this.taken += envelopes.length);
      case "much too late":
        this.taken += envelopes.length;
        return later(9_000);
      case "token altered":
        this.taken += envelopes.length;
        return plant(envelopes.map((e) => withTokenChar(e, 77)));
      case "head altered":
        this.taken += envelopes.length;
        return plant(envelopes.map((e) => withHeadByte(e, 7)));
      case "altered copy":
        plant(envelopes.map((e) => withTokenChar(e, 99)));
        break;
      case "forged copy":
        plant(envelopes.map((e) => withHeadByte(e, 60)));
        break;
      case "reflected": {
        const other = { host: "guest", guest: "host", stranger: "stranger" } as const;
        plant(envelopes.map((e) => ({ ...e, id: otherId(e), from: other[e.from] })));
        break;
      }
      case "replayed":
        plant([{ ...this.#posted[0]!, id: otherId(this.#posted[0]!) }]);
    }
    await proceed();
  }
}

function unavailable(): RelayUnavailable {
  return new RelayUnavailable(new Failure("relay-timeout", { seconds: 9 }));
}

/** Runs a schedule to its end, without interference, and both leave. */
async function run(
  { seed, entering, steps }: Schedule,
  check: (reader: Person, writer: Person, taken: number) => void,
): Promise<void> {
  const harness = new Harness({ seed });
  const injectors = [new FaultInjector(harness), new FaultInjector(harness)] as const;
  for (const who of [0, 1] as const) injectors[who].interference = entering[who];
  const { alice, bob } = await harness.pair({
    host: { through: (relay) => injectors[0].over(relay) },
    guest: { through: (relay) => injectors[1].over(relay) },
  });
  const people = [alice, bob] as const;
  for (const [i, { who, texts, interference, waitMs }] of steps.entries()) {
    injectors[who].interference = interference;
    people[who].say(...Array.from({ length: texts }, (_, k) => `${who} ${i} ${k}`));
    await harness.advance(waitMs);
  }
  for (const injector of injectors) injector.interference = "none";
  await harness.advance(QUIET_MS);
  for (const person of people) person.say("the end");
  await harness.advance(QUIET_MS);
  check(bob, alice, injectors[0].taken);
  check(alice, bob, injectors[1].taken);
  await harness.end();
}

/** What holds whatever the relay does. */
function assertTrue(reader: Person, writer: Person, taken: number): void {
  const shown = reader.all("message");
  for (const { seq, text } of shown) assertEquals(text, writer.said[seq - 1], "not what was said");
  assertEquals(new Set(shown.map(({ seq }) => seq)).size, shown.length, "shown twice");
  const inTime = shown.filter(({ late }) => !late).map(({ seq }) => seq);
  assertEquals(inTime, inTime.toSorted((a, b) => a - b), "out of order");
  // Each text is shown in time or was called missing, never both; what was called so and came is late.
  const missing = reader.all("alarm").flatMap(({ first, last }) =>
    first === undefined ? [] : Array.from({ length: last! - first + 1 }, (_, i) => first + i)
  );
  assertEquals([...inTime, ...missing].toSorted((a, b) => a - b), writer.said.map((_, i) => i + 1));
  const late = shown.filter(({ late }) => late).map(({ seq }) => seq);
  assert(late.every((seq) => missing.includes(seq)), "late, and never called missing");
  assert(missing.length <= taken, "called missing, and nobody took it");
  // Delivered is what was shown, and nothing else.
  const delivered = writer.all("delivered").map(({ seq }) => seq).toSorted((a, b) => a - b);
  assertEquals(delivered, shown.map(({ seq }) => seq).toSorted((a, b) => a - b));
}

Deno.test("schedules: shows everything in order without alarms on a bad network", async () => {
  await fc.assert(
    fc.asyncProperty(schedules(HARMLESS), (schedule) =>
      run(schedule, (reader, writer) => {
        assertEquals(reader.heard, writer.said);
        assertEquals(reader.all("alarm"), []);
        assertTrue(reader, writer, 0);
      })),
    { numRuns: RUNS },
  );
});

Deno.test("schedules: shows nothing false and hides nothing missing on a hostile relay", async () => {
  await fc.assert(
    fc.asyncProperty(
      schedules([...HARMLESS, ...TAKING, ...ADDING]),
      (schedule) => run(schedule, assertTrue),
    ),
    { numRuns: RUNS },
  );
});

Deno.test("schedules: hides no message and reports forgeries when documents are added", async () => {
  await fc.assert(
    fc.asyncProperty(
      schedules([...HARMLESS, ...ADDING]),
      (schedule) =>
        run(schedule, (reader, writer) => {
          assertEquals(reader.heard, writer.said);
          assertTrue(reader, writer, 0);
          const kinds = Object.keys(reader.alarms);
          assert(
            kinds.every((kind) => ["altered", "forged", "replayed"].includes(kind)),
            `${kinds}`,
          );
        }),
    ),
    { numRuns: RUNS },
  );
});
