import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ChatEvent } from "../../../src/chat/events.ts";
import { Link } from "../../../src/chat/link.ts";
import { RelayUnavailable, untranslated } from "../../../src/errors.ts";
import type { Relay } from "../../../src/relay/relay.ts";
import { FakeClock } from "../../support/clock.ts";
import { seededRandom } from "../../support/random.ts";

/** A link that is up, and all that it says from then on. */
function linked() {
  const clock = new FakeClock();
  const said: ChatEvent[] = [];
  const link = new Link({
    relay: { kind: "memory" } as Relay,
    clock,
    random: seededRandom(1),
    emit: (event) => said.push(event),
  });
  link.watchState({ state: "up", watch: "stream" });
  said.length = 0;
  const states = () => said.map((event) => event.event === "relay" ? event.state : event.event);
  return { clock, link, said, states };
}

function outage(throttled = false): RelayUnavailable {
  const failure = untranslated("relay-unreachable", "The relay is out.", "Wait.");
  return new RelayUnavailable(failure, { throttled });
}

const never = new AbortController().signal;

Deno.test("link: an outage is repeated with growing patience, and told until it is over", async () => {
  const { clock, link, said, states } = linked();
  let failures = 10;
  const done = link.run("post", () => {
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

Deno.test("link: a throttled operation waits four times as long", async () => {
  const { clock, link, said } = linked();
  const end = new AbortController();
  const run = link.run("read", () => Promise.reject(outage(true)), end.signal);
  await clock.settle();
  const [first] = said;
  assert(first?.event === "relay" && first.retryInMs! >= 500 && first.retryInMs! <= 1_000);
  end.abort();
  await assertRejects(() => run);
  assertEquals(clock.pending, 0);
});

Deno.test("link: an operation that takes long is told while it is under way, and once it is over", async () => {
  const { clock, link, states } = linked();
  const slow = Promise.withResolvers<string>();
  const done = link.run("post", () => slow.promise, never);
  await clock.advance(2_999);
  assertEquals(states(), []);
  assert(link.isUp);
  await clock.advance(1);
  assertEquals(states(), ["reconnecting"]);
  assert(!link.isUp);
  slow.resolve("done");
  assertEquals(await done, "done");
  assertEquals(states(), ["reconnecting", "up"]);
  assertEquals(clock.pending, 0);
});

Deno.test("link: it is up again only when nothing is in trouble any more", async () => {
  const { clock, link, states } = linked();
  const end = new AbortController();
  const post = link.run("post", () => Promise.reject(outage()), end.signal);
  link.watchState({ state: "reconnecting", retryInMs: 1, cause: outage().failure });
  await clock.settle();
  link.watchState({ state: "up", watch: "stream" });
  assertEquals(states(), ["reconnecting", "reconnecting"]);
  assert(!link.isUp);
  end.abort();
  await assertRejects(() => post);
  await link.run("read", () => Promise.resolve(), never);
  assertEquals(states().at(-1), "up");
});

Deno.test("link: what does not pass is thrown at once", async () => {
  const { clock, link, states } = linked();
  const failure = untranslated("relay-denied", "No.", "Ask.");
  assertEquals(
    await assertRejects(() => link.run("read", () => Promise.reject(failure), never)),
    failure,
  );
  assertEquals(states(), []);
  assertEquals(clock.pending, 0);
});

Deno.test("link: once one operation gets through again, the others are tried at once", async () => {
  const { clock, link, states } = linked();
  let isOut = true;
  const tries: string[] = [];
  const run = (name: string) =>
    link.run(name, () => {
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

Deno.test("link: an operation that was never in trouble hurries nobody", async () => {
  const { clock, link } = linked();
  const end = new AbortController();
  let tries = 0;
  const refused = link.run("post", () => {
    tries++;
    return Promise.reject(outage());
  }, end.signal);
  await clock.settle();
  for (let i = 0; i < 10; i++) await link.run("read", () => Promise.resolve(), never);
  await clock.settle();
  assertEquals(tries, 1);
  end.abort();
  await assertRejects(() => refused);
  assertEquals(clock.pending, 0);
});
