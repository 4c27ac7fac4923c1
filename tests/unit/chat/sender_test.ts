import { assertEquals, assertThrows } from "@std/assert";
import { Sender } from "../../../src/chat/sender.ts";
import { Failure } from "../../../src/errors.ts";
import { knock } from "../../../src/relay/envelope.ts";
import { type Envelope, MAX_BATCH } from "../../../src/relay/relay.ts";
import { FakeClock } from "../../support/clock.ts";
import { talkAtOnce } from "../protocol/support.ts";

/** The host's sender over a relay that answers when the test says so. */
function setUp() {
  const { host, guest } = talkAtOnce(1);
  const told: string[] = [];
  const posts: { envelopes: readonly Envelope[]; answer: PromiseWithResolvers<void> }[] = [];
  let posted = Promise.withResolvers<void>();
  const clock = new FakeClock();
  const sender = new Sender({
    clock,
    onSent: (id, seq) => told.push(`sent ${id} ${seq}`),
    onDelivered: (id, seq) => told.push(`delivered ${id} ${seq}`),
  });
  const connection = {
    post(_: unknown, envelopes: readonly Envelope[]) {
      const answer = Promise.withResolvers<void>();
      posts.push({ envelopes, answer });
      posted.resolve();
      posted = Promise.withResolvers();
      return answer.promise;
    },
  };
  const link = {
    conversation: host,
    connection,
    seat: { room: "room", epoch: "epoch", role: "host", token: "token" } as const,
    signal: new AbortController().signal,
    onPosted: () => {},
    onFailure: (error: unknown) => told.push(`failed ${(error as Error).message}`),
  };
  const connect = () => {
    sender.attach(link);
    sender.open();
  };
  const say = (...ids: string[]) => ids.forEach((id) => sender.send(id, id));
  const nextPost = () => posted.promise;
  const close = () => {
    host.close();
    guest.close();
  };
  return { clock, sender, link, connect, told, posts, say, nextPost, close };
}

const receipt = (shown: number, missing: [number, number][] = []) => ({ shown, missing });

Deno.test("Sender.send: posts what is sent in one turn as one batch, and what follows as the next", async () => {
  const { sender, connect, told, posts, say, nextPost, close } = setUp();
  connect();
  const first = nextPost();
  say("a", "b");
  sender.sendControl({ kind: "receipt" });
  await first;
  const second = nextPost();
  say("c");
  assertEquals([posts.length, sender.queued, sender.undelivered], [1, 3, 3]);
  posts[0]!.answer.resolve();
  await second;
  posts[1]!.answer.resolve();
  await sender.idle();
  assertEquals(posts.map(({ envelopes }) => envelopes.map(({ seq }) => seq)), [[1, 2, 3], [4]]);
  assertEquals(told, ["sent a 1", "sent b 2", "sent c 3"]);
  assertEquals([sender.queued, sender.unacknowledged], [0, 3]);
  close();
});

Deno.test("Sender.undelivered: counts a message from when it is queued, while it is encrypted as well", async () => {
  const { sender, connect, posts, say, nextPost, close } = setUp();
  connect();
  let isPosted = false;
  const posted = nextPost().then(() => isPosted = true);
  say("a");
  for (; !isPosted; await new Promise((next) => setImmediate(next))) {
    assertEquals([sender.queued, sender.undelivered], [1, 1]);
  }
  await posted;
  assertEquals([sender.queued, sender.undelivered], [1, 1]);
  posts[0]!.answer.resolve();
  await sender.idle();
  assertEquals([sender.queued, sender.undelivered], [0, 1]);
  close();
});

Deno.test("Sender.prepend: posts an envelope before the next payload, and drops it without a session", async () => {
  const { sender, connect, posts, say, nextPost, close } = setUp();
  const envelope = (id: string): Envelope => ({ ...knock(id), from: "host" });
  connect();
  sender.prepend(envelope("left behind"));
  sender.detach();
  sender.prepend(envelope("too late"));
  connect();
  sender.prepend(envelope("first"));
  const post = nextPost();
  say("a");
  await post;
  assertEquals(posts.map(({ envelopes }) => envelopes.map(({ seq }) => seq)), [[0, 1]]);
  assertEquals(posts[0]!.envelopes[0]!.id, "first");
  posts[0]!.answer.resolve();
  await sender.idle();
  close();
});

Deno.test("Sender.send: posts as many at once as a relay takes", async () => {
  for (const count of [MAX_BATCH - 1, MAX_BATCH, MAX_BATCH + 1]) {
    const { sender, connect, posts, say, nextPost, close } = setUp();
    connect();
    let post = nextPost();
    say(...Array.from({ length: count }, (_, i) => `${i}`));
    for (let left = count; left > 0; left -= MAX_BATCH) {
      await post;
      post = nextPost();
      posts.at(-1)!.answer.resolve();
    }
    await sender.idle();
    const sizes = posts.map(({ envelopes }) => envelopes.length);
    assertEquals(sizes, count > MAX_BATCH ? [MAX_BATCH, count - MAX_BATCH] : [count]);
    close();
  }
});

Deno.test("Sender.confirm: confirms what was displayed and not what is missing, each once", async () => {
  const { sender, connect, told, posts, say, nextPost, close } = setUp();
  connect();
  const post = nextPost();
  say("a", "b", "c", "d");
  await post;
  posts[0]!.answer.resolve();
  await sender.idle();
  told.length = 0;
  sender.confirm(receipt(3, [[2, 2]]));
  sender.confirm(receipt(3, [[2, 2]]));
  assertEquals(told, ["delivered a 1", "delivered c 3"]);
  assertEquals(sender.unacknowledged, 2);
  // It came late after all.
  sender.confirm(receipt(4));
  assertEquals(told.slice(2), ["delivered b 2", "delivered d 4"]);
  close();
});

Deno.test("Sender.confirm: reports delivered after sent when a receipt overtakes the relay", async () => {
  const { sender, connect, told, posts, say, nextPost, close } = setUp();
  connect();
  const post = nextPost();
  say("a");
  await post;
  sender.confirm(receipt(1));
  assertEquals(told, []);
  posts[0]!.answer.resolve();
  await sender.idle();
  assertEquals(told, ["sent a 1", "delivered a 1"]);
  close();
});

Deno.test("Sender: reports a post that fails for good, and calls nothing sent", async () => {
  const { sender, connect, told, posts, say, nextPost, close } = setUp();
  connect();
  const post = nextPost();
  say("a");
  await post;
  posts[0]!.answer.reject(new Error("for good"));
  await sender.idle();
  assertEquals(told, ["failed for good"]);
  assertEquals([sender.queued, sender.detach()], [1, { undelivered: [], unsent: ["a"] }]);
  close();
});

Deno.test("Sender: queues messages from the first, and sends them when the peer is known", async () => {
  const { sender, link, told, posts, say, nextPost, close } = setUp();
  say("a", "b");
  sender.sendControl({ kind: "ping" });
  assertEquals([sender.queued, sender.undelivered, posts.length], [2, 2, 0]);
  const first = nextPost();
  sender.attach(link);
  sender.sendControl({ kind: "receipt" });
  await first;
  // What the program itself says goes out before the peer is known; no message does.
  assertEquals(posts[0]!.envelopes.length, 1);
  posts[0]!.answer.resolve();
  await sender.idle();
  assertEquals([sender.queued, posts.length], [2, 1]);
  let isDrained = false;
  const drained = sender.drained().then(() => isDrained = true);
  const second = nextPost();
  sender.open();
  await second;
  assertEquals(isDrained, false);
  posts[1]!.answer.resolve();
  await drained;
  assertEquals(told, ["sent a 1", "sent b 2"]);
  close();
});

Deno.test("Sender.detach: keeps what waited for any peer, and drops what was meant for this one", async () => {
  const { sender, link, connect, say, posts, nextPost, close } = setUp();
  say("early");
  sender.attach(link);
  assertEquals(sender.detach(), { undelivered: [], unsent: [] });
  assertEquals(sender.queued, 1);
  const post = nextPost();
  connect();
  await post;
  posts[0]!.answer.resolve();
  await sender.idle();
  const lost = nextPost();
  say("on its way");
  await lost;
  say("queued");
  assertEquals(sender.detach(), { undelivered: ["early"], unsent: ["on its way", "queued"] });
  assertEquals([sender.queued, sender.undelivered], [0, 0]);
  // What was under way for the last session changes nothing any more.
  posts[1]!.answer.resolve();
  await sender.idle();
  assertEquals([sender.queued, sender.undelivered], [0, 0]);
  close();
});

Deno.test("Sender.scheduleAck: sends one ack for many, and none beside a message", async () => {
  const { clock, sender, connect, say, posts, nextPost, close } = setUp();
  connect();
  const first = nextPost();
  for (let i = 0; i < 10; i++) sender.scheduleAck();
  await clock.advance(19);
  assertEquals(posts.length, 0);
  await clock.advance(1);
  await first;
  posts[0]!.answer.resolve();
  await sender.idle();
  assertEquals(posts.map(({ envelopes }) => envelopes.length), [1]);
  sender.scheduleAck();
  const second = nextPost();
  say("carries the ack");
  await second;
  posts[1]!.answer.resolve();
  await clock.advance(10_000);
  assertEquals(posts.map(({ envelopes }) => envelopes.length), [1, 1]);
  close();
});

Deno.test("Sender.scheduleAck: lets a lazy ack wait for a message, and not hold up another", async () => {
  const { clock, sender, connect, say, posts, nextPost, close } = setUp();
  connect();
  sender.scheduleAck({ lazily: true });
  await clock.advance(999);
  assertEquals(posts.length, 0);
  const first = nextPost();
  say("carries the ack");
  await first;
  posts[0]!.answer.resolve();
  await clock.advance(10_000);
  assertEquals(posts.map(({ envelopes }) => envelopes.length), [1]);
  sender.scheduleAck({ lazily: true });
  const second = nextPost();
  sender.scheduleAck();
  await clock.advance(20);
  await second;
  posts[1]!.answer.resolve();
  await clock.advance(10_000);
  assertEquals(posts.length, 2);
  close();
});

Deno.test("Sender.sendControl: lets a lazy payload go out with the next message, or after a second", async () => {
  const { clock, sender, connect, say, posts, nextPost, close } = setUp();
  connect();
  await sender.idle();
  sender.sendControl({ kind: "ping" }, { lazily: true });
  await clock.advance(999);
  assertEquals(posts.length, 0);
  const first = nextPost();
  say("takes it along");
  await first;
  assertEquals(posts[0]!.envelopes.length, 2);
  posts[0]!.answer.resolve();
  await sender.idle();
  const second = nextPost();
  sender.sendControl({ kind: "ping" }, { lazily: true });
  await clock.advance(1_000);
  await second;
  posts[1]!.answer.resolve();
  await sender.idle();
  assertEquals(posts.map(({ envelopes }) => envelopes.length), [2, 1]);
  close();
});

Deno.test("Sender.send: refuses more than 10,000 messages that wait for a peer", () => {
  const { sender, say, close } = setUp();
  for (let n = 0; n < 10_000; n++) say("waits");
  assertThrows(() => say("one too many"), Failure, "queue-full");
  assertEquals(sender.queued, 10_000);
  close();
});

Deno.test("Sender.takeBack: gives back what is queued, and nothing that is being encrypted or posted", async () => {
  const { sender, connect, told, posts, say, nextPost, close } = setUp();
  say("a", "b", "c");
  assertEquals(sender.takeBack("b"), { id: "b", text: "b", reply: undefined });
  assertEquals(sender.takeBack(), { id: "c", text: "c", reply: undefined });
  assertEquals(sender.queued, 1);
  const post = nextPost();
  connect();
  await post;
  // Encrypted: from now on an attempt to store it may succeed, whatever the relay answers.
  assertEquals(sender.takeBack("a"), undefined);
  say("d");
  assertEquals(sender.takeBack()?.id, "d");
  posts[0]!.answer.resolve();
  await sender.idle();
  assertEquals(told, ["sent a 1"]);
  assertEquals([posts.length, sender.queued], [1, 0]);
  close();
});

Deno.test("Sender.takeBack: lets those go on who wait until nothing is queued", async () => {
  const { sender, say, close } = setUp();
  say("a");
  let isDrained = false;
  const drained = sender.drained().then(() => isDrained = true);
  await Promise.resolve();
  assertEquals(isDrained, false);
  sender.takeBack();
  await drained;
  close();
});

Deno.test("Sender.sendControl: posts what is sent at the moment when a post ends", async () => {
  for (let moment = 0; moment < 20; moment++) {
    const { sender, connect, posts, say, nextPost, close } = setUp();
    connect();
    const first = nextPost();
    say("a");
    await first;
    posts[0]!.answer.resolve();
    const second = nextPost();
    for (let n = 0; n < moment; n++) await Promise.resolve();
    sender.sendControl({ kind: "receipt" });
    await second;
    assertEquals(posts.length, 2, `after ${moment} microtasks`);
    posts[1]!.answer.resolve();
    await sender.idle();
    close();
  }
});
