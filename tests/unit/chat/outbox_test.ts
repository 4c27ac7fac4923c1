import { assertEquals } from "@std/assert";
import { Outbox } from "../../../src/chat/outbox.ts";
import { type Envelope, MAX_BATCH } from "../../../src/relay/relay.ts";
import { talkAtOnce } from "../protocol/support.ts";

/** The host's outbox over a relay that answers when the test says so. */
function setUp() {
  const { host, guest } = talkAtOnce(1);
  const told: string[] = [];
  const posts: { envelopes: readonly Envelope[]; answer: PromiseWithResolvers<void> }[] = [];
  let posted = Promise.withResolvers<void>();
  const outbox = new Outbox({
    conversation: host,
    post(envelopes) {
      const answer = Promise.withResolvers<void>();
      posts.push({ envelopes, answer });
      posted.resolve();
      posted = Promise.withResolvers();
      return answer.promise;
    },
    sent: (id, seq) => told.push(`sent ${id} ${seq}`),
    delivered: (id, seq) => told.push(`delivered ${id} ${seq}`),
    failed: (error) => told.push(`failed ${(error as Error).message}`),
    sealing: () => told.push("sealing"),
  });
  const say = (...ids: string[]) => ids.forEach((id) => outbox.add({ kind: "text", text: id }, id));
  const nextPost = () => posted.promise;
  const close = () => {
    host.close();
    guest.close();
  };
  return { outbox, told, posts, say, nextPost, close };
}

const receipt = (shown: number, missing: [number, number][] = []) => ({ shown, missing });

Deno.test("outbox: what is said in one turn is one post, and what is said meanwhile the next", async () => {
  const { outbox, told, posts, say, nextPost, close } = setUp();
  const first = nextPost();
  say("a", "b");
  outbox.add({ kind: "receipt" });
  await first;
  const second = nextPost();
  say("c");
  assertEquals([posts.length, outbox.queued, outbox.unseen], [1, 3, 3]);
  posts[0]!.answer.resolve();
  await second;
  posts[1]!.answer.resolve();
  await outbox.idle();
  assertEquals(posts.map(({ envelopes }) => envelopes.map(({ seq }) => seq)), [[1, 2, 3], [4]]);
  assertEquals(told, ["sealing", "sent a 1", "sent b 2", "sealing", "sent c 3"]);
  assertEquals([outbox.queued, outbox.unconfirmed], [0, 3]);
  close();
});

Deno.test("outbox: a text is unseen from when it is said, while it is encrypted as well", async () => {
  const { outbox, posts, say, nextPost, close } = setUp();
  let isPosted = false;
  const posted = nextPost().then(() => isPosted = true);
  say("a");
  for (; !isPosted; await new Promise((next) => setImmediate(next))) {
    assertEquals([outbox.queued, outbox.unseen], [1, 1]);
  }
  await posted;
  assertEquals([outbox.queued, outbox.unseen], [1, 1]);
  posts[0]!.answer.resolve();
  await outbox.idle();
  assertEquals([outbox.queued, outbox.unseen], [0, 1]);
  close();
});

Deno.test("outbox: a post holds as many as a relay takes", async () => {
  for (const count of [MAX_BATCH - 1, MAX_BATCH, MAX_BATCH + 1]) {
    const { outbox, posts, say, nextPost, close } = setUp();
    let post = nextPost();
    say(...Array.from({ length: count }, (_, i) => `${i}`));
    for (let left = count; left > 0; left -= MAX_BATCH) {
      await post;
      post = nextPost();
      posts.at(-1)!.answer.resolve();
    }
    await outbox.idle();
    const sizes = posts.map(({ envelopes }) => envelopes.length);
    assertEquals(sizes, count > MAX_BATCH ? [MAX_BATCH, count - MAX_BATCH] : [count]);
    close();
  }
});

Deno.test("outbox: a receipt confirms what was shown and not what is missing, each once", async () => {
  const { outbox, told, posts, say, nextPost, close } = setUp();
  const post = nextPost();
  say("a", "b", "c", "d");
  await post;
  posts[0]!.answer.resolve();
  await outbox.idle();
  told.length = 0;
  outbox.confirm(receipt(3, [[2, 2]]));
  outbox.confirm(receipt(3, [[2, 2]]));
  assertEquals(told, ["delivered a 1", "delivered c 3"]);
  assertEquals(outbox.unconfirmed, 2);
  // It came late after all.
  outbox.confirm(receipt(4));
  assertEquals(told.slice(2), ["delivered b 2", "delivered d 4"]);
  close();
});

Deno.test("outbox: a receipt that overtakes the relay's answer still comes after it", async () => {
  const { outbox, told, posts, say, nextPost, close } = setUp();
  const post = nextPost();
  say("a");
  await post;
  outbox.confirm(receipt(1));
  assertEquals(told, ["sealing"]);
  posts[0]!.answer.resolve();
  await outbox.idle();
  assertEquals(told, ["sealing", "sent a 1", "delivered a 1"]);
  close();
});

Deno.test("outbox: a post that fails for good is told, and nothing is called sent", async () => {
  const { outbox, told, posts, say, nextPost, close } = setUp();
  const post = nextPost();
  say("a");
  await post;
  posts[0]!.answer.reject(new Error("for good"));
  await outbox.idle();
  assertEquals(told, ["sealing", "failed for good"]);
  assertEquals([outbox.queued, outbox.queuedIds.length], [1, 1]);
  close();
});
