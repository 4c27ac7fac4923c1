/**
 * What is too much at once for a bad network or a small disk gets there in parts.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import type { Envelope } from "../../src/relay/relay.ts";
import { assertAllHeard, assertCalm, Harness } from "../scenario/harness.ts";
import { intercept, type Interceptor } from "../scenario/hostile.ts";

Deno.test("portions: delivers a burst in order and once when the relay takes only part of it", async () => {
  const harness = new Harness();
  let most = Infinity;
  const sizes: number[] = [];
  const interceptor: Interceptor = (operation, args, proceed) => {
    if (operation !== "post") return proceed();
    const { length } = args[1] as Envelope[];
    sizes.push(length);
    if (length <= most) return proceed();
    const failure = new Failure("relay-timeout", { seconds: 9 });
    return Promise.reject(new RelayUnavailable(failure));
  };
  const { alice, bob } = await harness.pair({
    host: { through: (relay) => intercept(interceptor, relay) },
  });
  most = 5;
  sizes.length = 0;
  alice.say(...Array.from({ length: 200 }, (_, i) => `text ${i}`));
  await harness.until(() => bob.heard.length === 200 && alice.all("delivered").length === 200);
  assertAllHeard(alice, bob);
  assertCalm(alice, bob);
  assert(Math.max(...sizes) >= 50, "a whole portion is tried first");
  assertEquals(alice.all("sent").length, 200);
  await harness.end();
});

Deno.test("portions: sends a burst as a whole again soon after an outage", async () => {
  const harness = new Harness();
  let failures = 0;
  let posts = 0;
  const interceptor: Interceptor = (operation, _, proceed) => {
    if (operation !== "post") return proceed();
    posts++;
    if (failures-- <= 0) return proceed();
    const failure = new Failure("relay-timeout", { seconds: 9 });
    return Promise.reject(new RelayUnavailable(failure));
  };
  const { alice, bob } = await harness.pair({
    host: { through: (relay) => intercept(interceptor, relay) },
  });
  failures = 12;
  posts = 0;
  alice.say(...Array.from({ length: 256 }, (_, i) => `text ${i}`));
  await harness.until(() => bob.heard.length === 256);
  // One, two, four ... and a few for what else is said.
  assert(posts - 12 <= 12, `${posts - 12} posts`);
  assertAllHeard(alice, bob);
  assertCalm(alice, bob);
  await harness.end();
});
