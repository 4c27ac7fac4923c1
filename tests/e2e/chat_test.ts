/**
 * Two real programs, in their JSON mode, over every kind of relay.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { type TestRelay, type TestRelayKind, testRelayKinds } from "../support/test_relays.ts";
import type { Program } from "../support/program.ts";

/** Texts that some layer somewhere is known to break. */
const HARD_TEXTS = [
  " spaces around ",
  "two\nlines\r\nand a \t tab",
  "\u0000\u001b[31mred\u0007\u009b",
  "e\u0301 \u202eright to left\u202c שלום 👩‍👩‍👧‍👦 🏳️‍🌈",
  "/exit",
  "exit",
  "//",
  '{"event":"closed","remaining":0}',
  "\u2028\u2029\ufeff",
  "世".repeat(5_461),
  "x".repeat(16_384),
];

const kinds = await testRelayKinds();
const SERVERS = { sanitizeOps: false, sanitizeResources: false };

function test(
  what: string,
  run: (relay: TestRelay) => Promise<void>,
  on: readonly TestRelayKind[] = kinds,
): void {
  for (const kind of on) {
    Deno.test({
      name: `over ${kind.name}: ${what}`,
      ignore: kind.ignore,
      // The first test of a kind starts its server, which outlives it.
      ...SERVERS,
      fn: () => kind.run(run),
    });
  }
}

/** Both seated and introduced. */
async function pair(relay: TestRelay): Promise<{ alice: Program; bob: Program; code: string }> {
  const alice = relay.start(["new", "--name", "Alice"]);
  const { code } = await alice.event("invite");
  const bob = relay.start(["join", code, "--name", "Bob"]);
  await Promise.all([alice.event("ready"), bob.event("ready")]);
  return { alice, bob, code };
}

async function leave(program: Program) {
  await program.tell({ command: "exit" });
  const { code, stderr } = await program.over();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return program.all("closed").at(-1)!;
}

/** No alarm was raised, and nothing came twice or out of order. */
function assertCalm(...programs: Program[]): void {
  for (const program of programs) {
    assertEquals(program.all("alarm"), []);
    assertEquals(program.all("error"), []);
    const seqs = program.all("message").map(({ seq }) => seq);
    assertEquals(seqs, seqs.map((_, i) => i + 1));
  }
}

test("connects two people by a code, and leaves nothing behind", async (relay) => {
  const { alice, bob, code } = await pair(relay);
  await using _a = alice;
  await using _b = bob;
  assertMatch(code, /^\d{4}-[a-z]+-[a-z]+-[a-z]+$/);
  const [ready, other] = [await alice.event("ready"), await bob.event("ready")];
  assertEquals([ready.peer, other.peer], ["Bob", "Alice"]);
  assertEquals(ready.verify.length, 12);
  assertEquals(ready.verify, other.verify);
  for (const [i, text] of HARD_TEXTS.entries()) {
    const [from, to] = i % 2 === 0 ? [alice, bob] : [bob, alice];
    const seen = to.lines.length;
    await from.tell({ send: text, id: `t${i}` });
    const message = await to.line(({ event }) => event === "message", seen);
    assertEquals(message.text, text);
    assertEquals(message.from, i % 2 === 0 ? "Alice" : "Bob");
    assertMatch(message.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const { seq } = await from.line(({ event, id }) => event === "delivered" && id === `t${i}`);
    assertEquals(seq, message.seq);
    assertEquals(
      from.lines.filter(({ event, id }) => event === "sent" && id === `t${i}`).length,
      1,
    );
  }
  const first = await leave(alice);
  assertGreater(first.remaining, 0);
  assertEquals(
    (await bob.line(({ event, peer }) => event === "presence" && peer === "left")).unseen,
    0,
  );
  assertEquals((await leave(bob)).remaining, 0);
  assertEquals(await relay.count(), 0);
  assertCalm(alice, bob);
});

test("delivers a burst typed before the peer joined, in order", async (relay) => {
  await using alice = relay.start(["new", "--name", "Alice"]);
  const { code } = await alice.event("invite");
  const texts = Array.from({ length: 300 }, (_, i) => `text ${i}`);
  for (const text of texts) await alice.tell({ send: text, id: text });
  await using bob = relay.start(["join", code, "--name", "Bob"]);
  await alice.line(({ event, id }) => event === "delivered" && id === texts.at(-1));
  assertEquals(bob.all("message").map(({ text }) => text), texts);
  assertEquals(alice.all("delivered").map(({ id }) => id), texts);
  assertCalm(alice, bob);
  await leave(bob);
  assertEquals((await leave(alice)).remaining, 0);
});

test("refuses a third person and tells the two inside", async (relay) => {
  const { alice, bob, code } = await pair(relay);
  await using _a = alice;
  await using _b = bob;
  await using eve = relay.start(["join", code, "--name", "Eve"]);
  const { code: status } = await eve.over();
  assertEquals(status, 4);
  assertEquals((await eve.event("error")).fatal, true);
  for (const program of [alice, bob]) {
    assertEquals((await program.event("alarm")).kind, "third-party");
  }
  await leave(bob);
  assertEquals((await leave(alice)).remaining, 0);
  assertEquals(await relay.count(), 0);
});

test("burns the code after three wrong ones", async (relay) => {
  await using alice = relay.start(["new", "--name", "Alice"]);
  const { code } = await alice.event("invite");
  const [nameplate] = code.split("-");
  for (let guess = 1; guess <= 3; guess++) {
    await using eve = relay.start(["join", `${nameplate}-zoo-zoo-zoo`, "--name", "Eve"]);
    assertEquals((await eve.over()).code, 5);
    assertEquals((await eve.event("error")).code, "wrong-code");
    await alice.line(({ event, kind, count }) =>
      event === "alarm" && kind === "guess" && count === guess
    );
  }
  await using bob = relay.start(["join", code, "--name", "Bob"]);
  assertEquals((await bob.over()).code, 6);
  const before = alice.lines.length;
  await alice.tell({ command: "invite" });
  const fresh = await alice.line(({ event }) => event === "invite", before);
  await using carol = relay.start(["join", fresh.code, "--name", "Carol"]);
  assertEquals((await carol.event("ready")).peer, "Alice");
  await leave(carol);
  assertEquals((await leave(alice)).remaining, 0);
  assertEquals(await relay.count(), 0);
});

test("leaves cleanly on a signal and at the end of input", async (relay) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const { alice, bob } = await pair(relay);
    await using _a = alice;
    await using _b = bob;
    alice.kill(signal);
    assertEquals((await alice.over()).code, 0, signal);
    assertEquals(alice.all("closed").length, 1);
    await bob.line(({ event, peer }) => event === "presence" && peer === "left");
    await bob.end();
    assertEquals((await bob.over()).code, 0);
    assertEquals(bob.all("closed").at(-1)!.remaining, 0);
  }
  assertEquals(await relay.count(), 0);
});

test("lets a peer back in by a new code after a crash, and refuses the old one", async (relay) => {
  const { alice, bob, code } = await pair(relay);
  await using _a = alice;
  bob.kill("SIGKILL");
  await bob.over();
  await alice.tell({ send: "are you there?", id: "lost" });
  await alice.line(({ event, peer }) => event === "presence" && peer === "vanished");
  const before = alice.lines.length;
  await alice.tell({ command: "invite" });
  const fresh = await alice.line(({ event }) => event === "invite", before);
  await using eve = relay.start(["join", code, "--name", "Eve"]);
  assertEquals((await eve.over()).code, 5);
  await using back = relay.start(["join", fresh.code, "--name", "Bob"]);
  await back.event("ready");
  await back.tell({ send: "here again", id: "1" });
  assertEquals((await alice.event("message")).text, "here again");
  await leave(back);
  assertEquals((await leave(alice)).remaining, 0);
  assertEquals(await relay.count(), 0);
  // It waits for a real lease to expire; tests/scenario/epochs_test.ts has it under a fake clock.
}, kinds.slice(1, 2));

test("connects two people in an agreed room in either order", async (relay) => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "correct horse battery staple\n");
    const args = ["chat", "--room", "garden", "--passphrase-file", file];
    await using alice = relay.start([...args, "--name", "Alice"]);
    await using bob = relay.start([...args, "--name", "Bob"]);
    assertEquals((await alice.event("ready")).peer, "Bob");
    await bob.event("ready");
    await using eve = relay.start([...args, "--name", "Eve"]);
    assertEquals((await eve.over()).code, 4);
    await bob.tell({ send: "hello", id: "1" });
    await bob.event("delivered");
    await leave(bob);
    assertEquals((await leave(alice)).remaining, 0);
    await Deno.writeTextFile(file, "staple battery horse correct\n");
    await using carol = relay.start([...args, "--name", "Carol"]);
    await carol.event("waiting");
    await Deno.writeTextFile(file, "correct horse battery staple\n");
    await using dave = relay.start([...args, "--name", "Dave"]);
    assertEquals((await dave.over()).code, 5);
    assertEquals((await leave(carol)).remaining, 0);
    assertEquals(await relay.count(), 0);
  } finally {
    await Deno.remove(file);
  }
});

test("applies a timer that both agreed on, and burning leaves nothing on either side", async (relay) => {
  const { alice, bob } = await pair(relay);
  await using _a = alice;
  await using _b = bob;
  await alice.tell({ command: "timer", value: "1s" });
  assertEquals((await bob.event("timer")).by, "peer");
  assertEquals((await alice.event("timer")).by, "you");
  await alice.tell({ send: "gone in a second", id: "1" });
  assertEquals((await bob.event("expired")).from, "peer");
  assertEquals((await alice.event("expired")).from, "you");
  await bob.tell({ command: "burn" });
  assertEquals((await alice.event("burnt")).by, "peer");
  assertEquals((await bob.over()).code, 0);
  assertEquals((await alice.over()).code, 0);
  const remaining = [alice, bob].map((program) => program.all("closed")[0]!.remaining);
  assertEquals(Math.min(...remaining), 0);
  assertEquals(await relay.count(), 0);
});

test("exits with status 0 when /invite and exit follow at once", async (relay) => {
  await using alice = relay.start(["new", "--name", "Alice"]);
  await alice.event("invite");
  await alice.tell('{"command":"invite"}\n{"command":"invite"}\n{"command":"exit"}');
  const { code, stderr } = await alice.over();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(alice.all("closed").at(-1)!.remaining, 0);
  assertEquals(await relay.count(), 0);
});

test("answers a malformed line with an error and nothing else", async (relay) => {
  const { alice, bob } = await pair(relay);
  await using _a = alice;
  await using _b = bob;
  const bad: [unknown, string][] = [
    ["not json", "bad-line"],
    ["[]", "bad-line"],
    ["null", "bad-line"],
    [{ send: 1 }, "bad-line"],
    [{ send: "x", id: 7 }, "bad-line"],
    [{ command: "dance" }, "bad-line"],
    [{ command: "timer", value: "soon" }, "usage"],
    [{ send: "" }, "usage"],
    [{ send: "x".repeat(16_385) }, "too-long"],
    [{ send: "\ud800" }, "usage"],
    ["x".repeat(2_000_000), "bad-line"],
  ];
  for (const [line, code] of bad) {
    const before = alice.lines.length;
    await alice.tell(line);
    const error = await alice.line(({ event }) => event === "error", before);
    assertEquals({ code: error.code, fatal: error.fatal }, { code, fatal: false });
  }
  await alice.tell({ send: "still here", id: "ok" });
  assertEquals((await bob.event("message")).text, "still here");
  await leave(alice);
  await leave(bob);
});

test("stores no text, name, code or key", async (relay) => {
  await using alice = relay.start(["new", "--name", "Rumpelstiltskin"]);
  const { code } = await alice.event("invite");
  await alice.tell({ send: "the password is swordfish", id: "1" });
  await using bob = relay.start(["join", code, "--name", "Schneewittchen"]);
  await bob.event("message");
  await bob.tell({ send: "swordfish it is", id: "2" });
  const dump = await relay.dump();
  assert(dump.length > 100);
  const [nameplate, ...words] = code.split("-");
  for (const secret of ["Rumpel", "Schnee", "swordfish", words.join("-"), `"${nameplate}"`]) {
    assert(!dump.includes(secret), `${secret} is stored`);
  }
  await leave(alice);
  await leave(bob);
});

for (const kind of kinds) {
  Deno.test({
    name: `over ${kind.name}: the relay stops`,
    ignore: kind.ignore,
    ...SERVERS,
    fn: () => kind.close(),
  });
}
