import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { RelayUnavailable, untranslated } from "../../../../src/errors.ts";
import type { Relay } from "../../../../src/relay/relay.ts";
import { MemoryRelay } from "../../../../tests/support/memory_relay.ts";
import { ReconnectingRelay } from "../../../../src/relay/mongodb/reconnecting_relay.ts";
import { envelope, fresh, randomName, Recorder } from "../../../contract/harness.ts";
import { FakeClock } from "../../../support/clock.ts";

/** A server whose clients can be cut off from it, one by one. */
class Stage {
  readonly clock = new FakeClock();
  readonly server = new MemoryRelay({ clock: this.clock });
  readonly opened: { relay: Relay; isCut: boolean; isClosed: boolean }[] = [];
  canOpen = true;
  readonly relay = new ReconnectingRelay(this.open(), {
    clock: this.clock,
    open: () => this.canOpen ? Promise.resolve(this.open()) : Promise.reject(unreachable()),
  });

  open(): Relay {
    const relay = this.server.client();
    const client = { relay, isCut: false, isClosed: false };
    this.opened.push(client);
    // Every operation of a client that is cut off finds the server out of reach.
    return new Proxy(relay, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (name === "close") client.isClosed = true;
        const isOperation = !["watch", "operations", "close"].includes(String(name));
        if (!client.isCut || !isOperation) return value.bind(target);
        return () => Promise.reject(unreachable());
      },
    });
  }

  /** One failing operation each second. */
  async fail(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await this.relay.read(NOBODY).catch(() => {});
      await this.clock.advance(1_000);
    }
  }
}

const NOBODY = {
  room: randomName(16),
  epoch: randomName(8),
  role: "host",
  token: randomName(16),
} as const;

function unreachable(): RelayUnavailable {
  return new RelayUnavailable(untranslated("relay-unreachable", "Out of reach.", "Wait."));
}

Deno.test("renewed: a client that gets nothing through for 30 s is replaced, watches and all", async () => {
  const stage = new Stage();
  const created = await stage.relay.create(NOBODY.room, fresh());
  assert("seat" in created);
  const recorder = new Recorder();
  const end = new AbortController();
  stage.relay.watch(created.seat, recorder, end.signal);
  await recorder.up();
  stage.opened[0]!.isCut = true;
  await stage.fail(29);
  assertEquals(stage.opened.length, 1);
  await stage.fail(3);
  assertEquals(stage.opened.map(({ isClosed }) => isClosed), [true, false]);
  // The seat is held by its token, whichever client asks.
  assert(await stage.relay.renew(created.seat));
  const guest = stage.server.client();
  const claim = await guest.claim(NOBODY.room, randomName(16));
  assert("seat" in claim);
  const sent = envelope("guest", 1);
  await guest.post(claim.seat, [sent]);
  await recorder.until(() => recorder.pushed.some(({ id }) => id === sent.id));
  assertEquals(recorder.pushed.length, 1, "one watch, not two");
  assert(
    (stage.relay.operations()["create"] ?? 0) === 1,
    "what the first had asked still counts",
  );
  end.abort();
  await stage.relay.close();
});

Deno.test("renewed: one operation that succeeds is enough to go on with a client", async () => {
  const stage = new Stage();
  stage.opened[0]!.isCut = true;
  await stage.fail(25);
  stage.opened[0]!.isCut = false;
  await stage.relay.read(NOBODY);
  stage.opened[0]!.isCut = true;
  await stage.fail(25);
  assertEquals(stage.opened.length, 1);
  await stage.relay.close();
});

Deno.test("renewed: a server that cannot be opened anew is tried again after as long", async () => {
  const stage = new Stage();
  stage.opened[0]!.isCut = true;
  stage.canOpen = false;
  await stage.fail(40);
  stage.canOpen = true;
  await stage.fail(10);
  assertEquals(stage.opened.length, 1);
  await stage.fail(15);
  assertEquals(stage.opened.length, 2);
  await stage.relay.close();
});

Deno.test("renewed: what was under way at the old client has an unknown outcome", async () => {
  const stage = new Stage();
  const first = stage.opened[0]!;
  const { promise, reject } = Promise.withResolvers<never>();
  first.relay.seal = () => promise;
  const sealing = stage.relay.seal(NOBODY);
  sealing.catch(() => {});
  first.isCut = true;
  await stage.fail(32);
  reject(untranslated("relay-lost", "The server was closed.", "Begin a new chat."));
  assertInstanceOf(await assertRejects(() => sealing), RelayUnavailable);
  await stage.relay.close();
});
