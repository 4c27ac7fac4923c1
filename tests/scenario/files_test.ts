import { assert, assertEquals } from "@std/assert";
import { CHUNK_BYTES } from "../../src/limits.ts";
import { MemoryFiles } from "../support/memory_files.ts";
import { assertCalm, Harness, type Person } from "./harness.ts";

const states = (person: Person) =>
  person.all("file").map(({ state }) => state).filter((state) => state !== "progress");

/** Bob has accepted a file of Alice's that is far from complete. */
async function inMidTransfer() {
  const harness = new Harness();
  const [from, to] = [new MemoryFiles(), new MemoryFiles()];
  from.sources.set("large", new Uint8Array(2_000 * CHUNK_BYTES));
  const { alice, bob } = await harness.pair({ host: { files: from }, guest: { files: to } });
  await alice.chat.files.send("large", "1");
  await harness.until(() => states(bob).includes("offered"));
  const gate = Promise.withResolvers<void>();
  to.gate = gate.promise;
  await bob.chat.files.accept();
  await harness.until(() => states(alice).includes("accepted"));
  await harness.settle();
  assertEquals([from.found, to.open], [1, 1]);
  const assertNothingLeft = () => {
    assertEquals([from.found, to.open, to.received.size], [0, 0, 0]);
    assertCalm(alice, bob);
  };
  return { harness, alice, bob, assertNothingLeft, goOn: gate.resolve };
}

Deno.test("burn: ends a file that moves on both sides, and leaves nothing of it", async () => {
  for (const burner of ["alice", "bob"] as const) {
    const { harness, alice, bob, assertNothingLeft, goOn } = await inMidTransfer();
    const people = { alice, bob };
    void people[burner].chat.burn();
    goOn();
    await harness.until(() => alice.status !== undefined && bob.status !== undefined);
    for (const person of [alice, bob]) {
      assert(["canceled", "failed"].includes(states(person).at(-1)!), states(person).join());
    }
    assertNothingLeft();
    assertEquals(harness.remaining, 0);
    await harness.end();
  }
});

Deno.test("invite: a file that moved when the peer vanished has failed, and leaves nothing", async () => {
  const { harness, alice, bob, assertNothingLeft, goOn } = await inMidTransfer();
  void bob.chat.leave("exit");
  goOn();
  await harness.until(() => bob.status !== undefined);
  await harness.until(() => alice.all("presence").at(-1)?.peer === "left");
  await alice.chat.invite();
  await harness.settle();
  assertEquals(states(alice).at(-1), "failed");
  assertEquals(alice.all("file").at(-1)!.failure?.reason, "file-peer-left");
  assertEquals(states(bob).at(-1), "canceled");
  assertNothingLeft();
  await alice.chat.leave("exit");
  assertEquals(harness.remaining, 0);
  await harness.end();
});
