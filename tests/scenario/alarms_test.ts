/**
 * The alarms as the person meets them: all of them in one talk, each distinct, and nothing in any of
 * them that was not meant for eyes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { encodeBase64Url } from "../../src/base64url.ts";
import { alarmMessage } from "../../src/ui/messages/events.ts";
import type { Envelope } from "../../src/relay/relay.ts";
import { Harness, QUIET_MS } from "./harness.ts";
import { intercept, otherId, withHeadByte, withTokenChar } from "./hostile.ts";

Deno.test("alarms: reports every kind in its own words, without key material", async () => {
  const harness = new Harness();
  let tamper: ((envelope: Envelope) => object[]) | undefined;
  const alice = await harness.host({
    through: (relay) =>
      intercept((name, args, proceed) => {
        if (name !== "post" || !tamper) return proceed();
        const tampering = tamper;
        tamper = undefined;
        for (const one of (args[1] as Envelope[]).flatMap(tampering)) harness.plant(one);
        return Promise.resolve();
      }, relay),
  });
  const code = alice.code!;
  const slip = harness.join(code.replace(/[a-z]+$/, code.endsWith("abandon") ? "able" : "abandon"));
  await harness.until(() => slip.status !== undefined);
  const bob = harness.join(code);
  await harness.until(() => alice.isReady && bob.isReady);
  await harness.advance(QUIET_MS);
  const tamperings: ((envelope: Envelope) => object[])[] = [
    (e) => [withTokenChar(e, 20), e],
    (e) => [withHeadByte(e, 20), e],
    (e) => [e, { ...e, id: otherId(e) }],
    () => [],
  ];
  for (const [i, tampering] of tamperings.entries()) {
    tamper = tampering;
    alice.say(`text ${i}`);
    await harness.advance(QUIET_MS);
  }
  alice.say("the end");
  harness.join(code, { name: "Carol" });
  await harness.advance(QUIET_MS);
  harness.room.revision--;
  await harness.advance(QUIET_MS);
  assertEquals(alice.alarms, { guess: 1, "third-party": 1, rollback: 1 });
  assertEquals(bob.alarms, {
    altered: 1,
    forged: 1,
    replayed: 1,
    gap: 1,
    "third-party": 1,
    rollback: 1,
  });
  const messages = [...alice.all("alarm"), ...bob.all("alarm")].map((alarm) =>
    alarmMessage(alarm, "code")
  );
  assertEquals(new Set(messages).size, 7);
  for (const person of harness.people) {
    const told = JSON.stringify(person.events);
    for (const { room, epoch, envelope } of harness.relay.seen) {
      const { id, head, token } = envelope as Envelope;
      const bytes = head.length > 0 ? [head.toHex(), encodeBase64Url(head), `${head}`] : [];
      for (const secret of [room, epoch, id, ...token ? [token] : [], ...bytes]) {
        assert(!told.includes(secret), `an event holds ${secret}`);
      }
    }
  }
  await harness.end();
});
