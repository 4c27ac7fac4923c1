/**
 * What two people agree on while they talk: how long texts stay, and to forget everything.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../src/errors.ts";
import { assertCalm, Bench } from "./bench.ts";

Deno.test("timer: it holds on both sides once the other has agreed, and texts expire on both", async () => {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  bob.chat.setTimer(30);
  await bench.until(() => alice.all("timer").length === 1 && bob.all("timer").length === 1);
  assertEquals(alice.all("timer"), [{ event: "timer", seconds: 30, by: "peer" }]);
  assertEquals(bob.all("timer"), [{ event: "timer", seconds: 30, by: "you" }]);
  alice.say("gone in a moment");
  await bench.until(() => alice.all("delivered").length === 1);
  await bench.advance(29_000);
  assertEquals([...alice.all("expired"), ...bob.all("expired")], []);
  await bench.advance(1_001);
  assertEquals(alice.all("expired"), [{ event: "expired", from: "you", seq: 1 }]);
  assertEquals(bob.all("expired"), [{ event: "expired", from: "peer", seq: 1 }]);
  assertCalm(alice, bob);
  await bench.end();
});

Deno.test("timer: of two proposals that cross, the host's holds on both sides", async () => {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  alice.chat.setTimer(60);
  bob.chat.setTimer(5);
  await bench.advance(1_000);
  assertEquals(alice.chat.overview().timerSeconds, 60);
  assertEquals(bob.chat.overview().timerSeconds, 60);
  await bench.end();
});

Deno.test("timer: it is turned off like it is turned on", async () => {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  alice.chat.setTimer(30);
  await bench.advance(1_000);
  bob.chat.setTimer(0);
  await bench.advance(1_000);
  assertEquals([alice, bob].map(({ chat }) => chat.overview().timerSeconds), [0, 0]);
  alice.say("this stays");
  await bench.advance(60_000);
  assertEquals([...alice.all("expired"), ...bob.all("expired")], []);
  await bench.end();
});

Deno.test("timer: there is nobody to agree with before somebody has come", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  assertThrows(() => alice.chat.setTimer(30), Failure, "Nobody is here");
  assertThrows(() => alice.chat.setTimer(1.5), Failure, "no time for a timer");
  await bench.end();
});

Deno.test("burn: both sides are told and leave, and nothing is left", async () => {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  alice.say("forget this");
  await bench.until(() => bob.heard.length === 1);
  void alice.chat.burn();
  await bench.until(() => alice.status !== undefined && bob.status !== undefined);
  assertEquals(alice.all("burnt"), [{ event: "burnt", by: "you" }]);
  assertEquals(bob.all("burnt"), [{ event: "burnt", by: "peer" }]);
  assertEquals([alice, bob].map((p) => p.all("closed")[0]!.reason), ["burnt", "burnt"]);
  assertEquals(bench.remaining, 0);
  assertCalm(alice, bob);
  await bench.end();
});
