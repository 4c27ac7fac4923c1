import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ChatEvent } from "../../../src/chat/events.ts";
import { RelayConnection } from "../../../src/chat/retry.ts";
import { Failure, RelayUnavailable } from "../../../src/errors.ts";
import type { Listener, Relay, Seat } from "../../../src/relay/relay.ts";
import { FakeClock } from "../../support/clock.ts";
import { seededRandom } from "../../support/random.ts";

const never = new AbortController().signal;

/** A connection that is up, and all that it reports from then on. */
function connected(parts: Partial<Relay> = {}) {
  const clock = new FakeClock();
  const said: ChatEvent[] = [];
  let watcher: Listener | undefined;
  let reconnects = 0;
  const connection = new RelayConnection({
    relay: {
      kind: "sqlite",
      watch: (_, listener) => watcher = listener,
      reconnect: () => Promise.resolve(void reconnects++),
      ...parts,
    } as Partial<Relay> as Relay,
    clock,
    random: seededRandom(1),
    emit: (event) => said.push(event),
  });
  connection.watch({} as Seat, { push: () => {}, wake: () => {}, down: () => {} }, never);
  const watch = watcher!;
  watch.state({ state: "up", watch: "stream" });
  said.length = 0;
  const states = () => said.map((event) => event.event === "relay" ? event.state : event.event);
  return { clock, connection, watch, said, states, reconnects: () => reconnects };
}

function outage(throttled = false): RelayUnavailable {
  const failure = new Failure("relay-timeout", { seconds: 9 });
  return new RelayUnavailable(failure, { throttled });
}

Deno.test("RelayConnection.run: repeats an outage with growing waits, the first time at once, and reports it until it is over", async () => {
  const { clock, connection, said, states } = connected();
  let failures = 11;
  const done = connection.run("post", () => {
    if (failures-- > 0) return Promise.reject(outage());
    return Promise.resolve("done");
  }, never);
  await clock.until(() => states().at(-1) === "up");
  assertEquals(await done, "done");
  const waits = said.flatMap((event) => event.event === "relay" ? [event.retryInMs ?? 0] : []);
  for (const [attempt, ms] of waits.slice(0, 10).entries()) {
    const ceiling = Math.min(5_000, 250 * 2 ** attempt);
    assert(ms >= Math.floor(ceiling / 2) && ms <= ceiling, `attempt ${attempt} waits ${ms} ms`);
  }
  assertEquals(states(), [...Array(10).fill("reconnecting"), "up"]);
  assertEquals(clock.pending, 0);
});

Deno.test("RelayConnection.hurry: ends the present wait, and waits stay short after it", async () => {
  const { clock, connection, said } = connected();
  const end = new AbortController();
  let attempts = 0;
  const run = connection.run("leave", () => {
    attempts++;
    return Promise.reject(outage());
  }, end.signal);
  while (attempts < 8) await clock.advance(5_000);
  const before = attempts;
  said.length = 0;
  connection.hurry();
  await clock.settle();
  assertEquals(attempts, before + 1);
  await clock.advance(1_000);
  const waits = said.flatMap((event) => event.event === "relay" ? [event.retryInMs ?? 0] : []);
  assert(waits.length >= 4 && waits.every((ms) => ms <= 250), `${waits}`);
  end.abort();
  await assertRejects(() => run);
  assertEquals(clock.pending, 0);
});

Deno.test("RelayConnection.run: waits four times as long after throttling", async () => {
  const { clock, connection, said } = connected();
  const end = new AbortController();
  const run = connection.run("read", () => Promise.reject(outage(true)), end.signal);
  await clock.settle();
  const [first] = said;
  assert(first?.event === "relay" && first.retryInMs! >= 500 && first.retryInMs! <= 1_000);
  end.abort();
  await assertRejects(() => run);
  assertEquals(clock.pending, 0);
});

Deno.test("RelayConnection.run: reports a slow operation while it is under way, and its end", async () => {
  const { clock, connection, states } = connected();
  const slow = Promise.withResolvers<string>();
  const done = connection.run("post", () => slow.promise, never);
  await clock.advance(2_999);
  assertEquals(states(), []);
  assert(connection.isUp);
  await clock.advance(1);
  assertEquals(states(), ["reconnecting"]);
  assert(!connection.isUp);
  slow.resolve("done");
  assertEquals(await done, "done");
  assertEquals(states(), ["reconnecting", "up"]);
  assertEquals(clock.pending, 0);
});

Deno.test("RelayConnection.run: reports up only when nothing is failing any more", async () => {
  const { clock, connection, watch, states } = connected();
  const end = new AbortController();
  const post = connection.run("post", () => Promise.reject(outage()), end.signal);
  watch.state({ state: "reconnecting", retryInMs: 1, cause: outage().failure });
  await clock.settle();
  watch.state({ state: "up", watch: "stream" });
  assertEquals(states(), ["reconnecting", "reconnecting"]);
  assert(!connection.isUp);
  end.abort();
  await assertRejects(() => post);
  await connection.run("read", () => Promise.resolve(), never);
  assertEquals(states().at(-1), "up");
});

Deno.test("RelayConnection.run: throws at once what is permanent", async () => {
  const { clock, connection, states } = connected();
  const failure = new Failure("not-authorized");
  assertEquals(
    await assertRejects(() => connection.run("read", () => Promise.reject(failure), never)),
    failure,
  );
  assertEquals(states(), []);
  assertEquals(clock.pending, 0);
});

Deno.test("RelayConnection.run: retries the others at once when one gets through again", async () => {
  const { clock, connection, states } = connected();
  let isOut = true;
  const tries: string[] = [];
  const run = (name: string) =>
    connection.run(name, () => {
      tries.push(name);
      return isOut ? Promise.reject(outage()) : Promise.resolve();
    }, never);
  const both = [run("post"), run("renew")];
  await clock.advance(20_000);
  isOut = false;
  tries.length = 0;
  await clock.until(() => tries.length > 0);
  const recoveredAt = clock.monotonic();
  await clock.settle();
  await Promise.all(both);
  assertEquals([tries.length, clock.monotonic()], [2, recoveredAt]);
  assertEquals(states().at(-1), "up");
  assertEquals(clock.pending, 0);
});

Deno.test("RelayConnection.run: retries nothing early because of an operation that never failed", async () => {
  const { clock, connection } = connected();
  const end = new AbortController();
  let tries = 0;
  const refused = connection.run("post", () => {
    tries++;
    return Promise.reject(outage());
  }, end.signal);
  await clock.settle();
  for (let i = 0; i < 10; i++) await connection.run("read", () => Promise.resolve(), never);
  await clock.settle();
  assertEquals(tries, 2);
  end.abort();
  await assertRejects(() => refused);
  assertEquals(clock.pending, 0);
});

Deno.test("RelayConnection.run: repeats one failed attempt at once and in silence", async () => {
  const { clock, connection, states } = connected();
  const numbers: number[] = [];
  await connection.run("post", (_, { number }) => {
    numbers.push(number);
    return number === 0 ? Promise.reject(outage()) : Promise.resolve();
  }, never);
  assertEquals([numbers, states(), clock.monotonic()], [[0, 1], [], 0]);
});

Deno.test("RelayConnection.run: ends an attempt after 9 s, aborts its signal, and tries again", async () => {
  const { clock, connection } = connected();
  const signals: AbortSignal[] = [];
  const done = connection.run("post", (_, { signal, number }) => {
    signals.push(signal);
    return number === 0 ? new Promise<string>(() => {}) : Promise.resolve("done");
  }, never);
  await clock.advance(8_999);
  assertEquals(signals.map(({ aborted }) => aborted), [false]);
  await clock.until(() => signals.length === 2);
  assertEquals(await done, "done");
  assertEquals(signals.map(({ aborted }) => aborted), [true, false]);
  assertEquals(clock.pending, 0);
});

Deno.test("RelayConnection.run: does not repeat an attempt that nobody waits for", async () => {
  const { clock, connection } = connected();
  const end = new AbortController();
  let attempts = 0;
  const run = connection.run("post", () => {
    attempts++;
    end.abort(new RangeError("enough"));
    return Promise.reject(outage());
  }, end.signal);
  await assertRejects(() => run, RangeError, "enough");
  await clock.advance(60_000);
  assertEquals(attempts, 1);
});

/** Fails for `ms` with an attempt each second or so. */
async function failFor(ms: number, { clock, connection }: ReturnType<typeof connected>) {
  const end = new AbortController();
  const run = connection.run("read", () => Promise.reject(outage()), end.signal).catch(() => {});
  await clock.advance(ms);
  end.abort();
  await run;
}

Deno.test("RelayConnection: replaces a client that gets nothing through for 30 s, and not before", async () => {
  const stage = connected();
  await failFor(29_900, stage);
  assertEquals(stage.reconnects(), 0);
  await failFor(5_100, stage);
  assertEquals(stage.reconnects(), 1);
  // Unless something gets through, the next one is as far away.
  await failFor(24_000, stage);
  assertEquals(stage.reconnects(), 1);
  await failFor(12_000, stage);
  assertEquals(stage.reconnects(), 2);
});

Deno.test("RelayConnection.run: tries other clients, each for two seconds, while no server answers", async () => {
  let isCutOff = false;
  const tried: AbortSignal[] = [];
  const stage = connected({
    isCutOff: () => isCutOff,
    reconnect({ signal } = {}) {
      tried.push(signal!);
      // One that hangs, as all do behind a captive portal, until the third.
      return tried.length < 3 ? new Promise(() => {}) : Promise.resolve();
    },
  });
  let works = false;
  const read = () => works ? Promise.resolve() : new Promise<void>(() => {});
  const done = stage.connection.run(
    "read",
    (_, { number }) => number ? read() : Promise.reject(outage()),
    never,
  );
  await stage.clock.advance(6_000);
  assertEquals(tried.length, 0, "a server answers");
  isCutOff = true;
  await stage.clock.advance(2_300);
  assertEquals(tried.map(({ aborted }) => aborted), [false]);
  await stage.clock.advance(2_300);
  assertEquals(tried.map(({ aborted }) => aborted), [true, false]);
  await stage.clock.advance(2_300);
  assertEquals(tried.length, 3);
  works = true;
  isCutOff = false;
  await stage.clock.advance(20_000);
  await done;
  isCutOff = true;
  await stage.clock.advance(20_000);
  assertEquals(tried.length, 3, "nothing fails any more");
});

Deno.test("RelayConnection.run: tries again at once through a client that took the place of another", async () => {
  const { clock, connection } = connected();
  const replaced = Promise.withResolvers<never>();
  let attempts = 0;
  const done = connection.run("read", async (_, { number }) => {
    attempts++;
    if (number < 3) throw outage();
    if (number === 3) await replaced.promise;
  }, never);
  await clock.until(() => attempts === 4);
  replaced.reject(new RelayUnavailable(new Failure("relay-reconnected")));
  await done;
  assertEquals(attempts, 5);
});

Deno.test("RelayConnection.run: gives up the other client when the present one gets through", async () => {
  const tried: AbortSignal[] = [];
  const stage = connected({
    isCutOff: () => true,
    reconnect({ signal } = {}) {
      tried.push(signal!);
      return new Promise(() => {});
    },
  });
  const answer = Promise.withResolvers<void>();
  const done = stage.connection.run(
    "read",
    (_, { number }) => number ? answer.promise : Promise.reject(outage()),
    never,
  );
  await stage.clock.advance(3_000);
  assertEquals(tried.map(({ aborted }) => aborted), [false]);
  answer.resolve();
  await done;
  assertEquals(tried.map(({ aborted }) => aborted), [true]);
});

Deno.test("RelayConnection: one operation that gets through is enough to go on with a client", async () => {
  const stage = connected();
  await failFor(25_000, stage);
  await stage.connection.run("read", () => Promise.resolve(), never);
  await failFor(25_000, stage);
  assertEquals(stage.reconnects(), 0);
});

Deno.test("RelayConnection.post: sends less of what fails, more of what succeeds, and marks repeats", async () => {
  const calls: [size: number, attempt: number][] = [];
  const stored: number[] = [];
  const { clock, connection } = connected({
    post(_, batch) {
      calls.push([batch.length, batch[0]!.attempt]);
      if (batch.length > 4 && calls.length < 4) return Promise.reject(outage());
      stored.push(...batch.map(({ seq }) => seq));
      return Promise.resolve();
    },
  });
  const envelopes = Array.from({ length: 20 }, (_, i) => ({
    id: String(i),
    from: "host" as const,
    seq: i + 1,
    attempt: 0,
    head: new Uint8Array(0),
    token: "x".repeat(4_800),
  }));
  const done = connection.post({} as Seat, envelopes, never);
  await clock.until(() => stored.length === envelopes.length);
  await done;
  assertEquals(stored, envelopes.map(({ seq }) => seq));
  assertEquals(calls, [[9, 0], [1, 1], [2, 1], [4, 1], [9, 1], [4, 1]]);
});

Deno.test("RelayConnection.run: replaces a client that works but has lost a connection", async () => {
  let isCrippled = false;
  const { connection, reconnects } = connected({ isCrippled: () => isCrippled });
  await connection.run("read", () => Promise.resolve(), never);
  assertEquals(reconnects(), 0);
  isCrippled = true;
  await connection.run("read", () => Promise.resolve(), never);
  assertEquals(reconnects(), 1);
});

Deno.test("RelayConnection.isPushed: is false from the end of a watch until the next one is up", () => {
  const watchers: Listener[] = [];
  const connection = new RelayConnection({
    relay: {
      kind: "sqlite",
      watch: (_, listener) => void watchers.push(listener),
    } as Partial<Relay> as Relay,
    clock: new FakeClock(),
    random: seededRandom(1),
    emit: () => {},
  });
  const listener = { push: () => {}, wake: () => {}, down: () => {} };
  const rest = new AbortController();
  connection.watch({} as Seat, listener, rest.signal);
  watchers.at(-1)!.state({ state: "up", watch: "stream" });
  assert(connection.isPushed);
  rest.abort();
  assert(!connection.isPushed);
  connection.watch({} as Seat, listener, never);
  assert(!connection.isPushed);
  watchers.at(-1)!.state({ state: "up", watch: "stream" });
  assert(connection.isPushed);
});
