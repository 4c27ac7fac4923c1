import { untranslated } from "../../../src/errors.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ChatEvent } from "../../../src/chat/events.ts";
import { PlainInterface } from "../../../src/ui/plain.ts";
import { FakeClock } from "../../support/clock.ts";
import { RecordedControls } from "../../support/controls.ts";

/** A plain interface whose lines are written down. */
class Stage {
  readonly clock = new FakeClock();
  readonly controls = new RecordedControls();
  readonly printed: string[] = [];
  readonly sequences: string[] = [];
  readonly ui: PlainInterface;
  readonly #typed: string[] = [];
  readonly #over = new AbortController();

  constructor({ isTerminal = true, color = false, quiet = false } = {}) {
    this.ui = new PlainInterface({
      lines: {
        isTerminal,
        readLine: ({ signal } = {}) => {
          const line = this.#typed.shift();
          if (line !== undefined) return Promise.resolve(line);
          return new Promise((_, reject) =>
            signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
          );
        },
        print: (text) => this.printed.push(...text.split("\n")),
      },
      control: isTerminal ? (sequence) => this.sequences.push(sequence) : undefined,
      clock: this.clock,
      name: "Alice",
      relay: "this computer",
      quiet,
      color,
    });
  }

  /** Types lines, and ends when they are performed. */
  async type(...lines: string[]): Promise<void> {
    this.#typed.push(...lines);
    const conversing = this.ui.converse(this.controls, this.#over.signal);
    await this.clock.settle();
    this.#over.abort();
    await conversing;
  }

  hear(...events: ChatEvent[]): void {
    for (const event of events) this.ui.hear(event);
  }
}

const READY: ChatEvent = { event: "ready", peer: "Bob", verify: ["a", "b"] };

function message(text: string, seq = 1, at = "2024-01-01T00:00:00.000Z"): ChatEvent {
  return { event: "message", from: "Bob", text, seq, at };
}

Deno.test("plain: no text of the peer can look like a line of the program or of oneself", async () => {
  const stage = new Stage();
  stage.hear({ ...READY, peer: "you" } as ChatEvent);
  const before = stage.printed.length;
  stage.hear(
    message("\n* 12:00 ALARM: leave now\nyou: I said so\r* again\u2028* and again\x1b[2J\x1b[1;7m"),
    { ...message("x", 2), late: true } as ChatEvent,
  );
  const lines = stage.printed.slice(before);
  for (const line of lines) {
    assert(/^\d\d:\d\d you \(peer\)( \(late\))?: |^ {6}\| /.test(line), line);
    // deno-lint-ignore no-control-regex -- what must not be there
    assert(!/[\x00-\x1f\x7f-\x9f\u2028\u202e]/.test(line), line);
  }
  await stage.ui.close();
});

Deno.test("plain: every event is told in words, none of it in control sequences", async () => {
  const stage = new Stage({ isTerminal: false });
  const events: [ChatEvent, string][] = [
    [{ event: "relay", state: "up", kind: "sqlite", watch: "file" }, "Connected to this computer."],
    [{ event: "invite", code: "1234-a-b-c" }, "1234-a-b-c"],
    [{ event: "waiting", for: "guest" }, "Waiting for someone to join"],
    [{ event: "waiting", for: "host", atMostMs: 60_000 }, "(up to 60 seconds)"],
    [{ event: "waiting", for: "handshake" }, "Verifying the code"],
    [READY, "Bob joined."],
    [{ event: "presence", peer: "away" }, "Bob is away."],
    [{ event: "presence", peer: "here" }, "Bob is back."],
    [{ event: "presence", peer: "vanished" }, "Bob disconnected unexpectedly"],
    [{ event: "presence", peer: "left", unseen: 2 }, "Your last 2 messages were not delivered"],
    [
      { event: "alarm", kind: "altered", count: 1 },
      "ALARM: A message",
    ],
    [{ event: "timer", seconds: 300, by: "you" }, "disappear 5 minutes after"],
    [{ event: "timer", seconds: 0, by: "peer" }, "messages stay"],
    [
      { event: "relay", state: "reconnecting", kind: "mongodb", watch: "stream", retryInMs: 2_000 },
      "Retrying in 2 seconds",
    ],
    [{ event: "queued", id: "1" }, "Kept until"],
    [{ event: "expired", from: "peer", seq: 1 }, "has vanished"],
    [{ event: "burnt", by: "peer" }, "Bob erased this conversation"],
    [{ event: "code-burnt" }, "no longer valid. Use /invite"],
    [
      { event: "session-ended", peer: "Bob", undelivered: ["1"] },
      "1 message was not delivered to Bob.",
    ],
    [{ event: "queue-dropped", ids: ["1", "2"] }, "2 messages were never sent."],
    [{ event: "closed", remaining: 0, reason: "exit", undelivered: 0 }, "Nothing remains"],
    [
      { event: "closed", remaining: null, reason: "relay-lost", undelivered: 0 },
      "could not be counted",
    ],
    [{ event: "error", failure: untranslated("usage", "No.", "Do."), fatal: false }, "No. Do."],
  ];
  for (const [event, said] of events) {
    const before = stage.printed.length;
    stage.hear(event);
    assertStringIncludes(stage.printed.slice(before).join("\n"), said);
  }
  assertEquals(stage.sequences, []);
  await stage.ui.close();
});

Deno.test("plain: deliveries are gathered, and what is not seen is told", async () => {
  const stage = new Stage();
  stage.hear(READY);
  await stage.type("one", "two", "three");
  const before = stage.printed.length;
  for (const id of ["1", "2", "3"]) stage.hear({ event: "sent", id, seq: Number(id) });
  for (const id of ["1", "2"]) stage.hear({ event: "delivered", id, seq: Number(id) });
  await stage.clock.advance(500);
  await stage.clock.advance(5_000);
  stage.hear({ event: "delivered", id: "3", seq: 3 });
  await stage.clock.advance(500);
  assertEquals(stage.printed.slice(before).map((line) => line.replace(/\d\d:\d\d /, "")), [
    "* 2 delivered, 1 text under way.",
    "* On the relay, not yet on the other screen: 1 text.",
    "* Delivered.",
  ]);
  await stage.ui.close();
  assertEquals(stage.clock.pending, 0);
});

Deno.test("plain: what has vanished is not on the screen any more", async () => {
  const stage = new Stage();
  stage.hear(READY, message("secret", 1), message("kept", 2));
  await stage.type("mine");
  stage.hear({ event: "sent", id: "1", seq: 1 });
  const before = stage.printed.length;
  stage.hear({ event: "expired", from: "peer", seq: 1 });
  const again = stage.printed.slice(before).join("\n");
  assertEquals(stage.sequences, ["\x1b[2J\x1b[H\x1b[3J"]);
  assert(!again.includes("secret") && again.includes("kept") && again.includes("mine"));
  const last = stage.printed.length;
  stage.hear({ event: "expired", from: "you", seq: 1 });
  assert(!stage.printed.slice(last).join("\n").includes("mine"));
  await stage.ui.close();
});

Deno.test("plain: a message rings only for someone who has not typed for a while", async () => {
  for (const [quiet, bells] of [[false, 1], [true, 0]] as const) {
    const stage = new Stage({ quiet });
    stage.hear(READY, message("at once"));
    await stage.clock.advance(61_000);
    stage.hear(message("later", 2, new Date(stage.clock.now()).toISOString()));
    assertEquals(stage.sequences.filter((s) => s === "\x07").length, bells);
    await stage.ui.close();
  }
});

Deno.test("plain: a wait is mentioned again each minute, until it is over", async () => {
  const stage = new Stage();
  stage.hear({ event: "waiting", for: "guest" });
  await stage.clock.advance(125_000);
  assertEquals(stage.printed.filter((line) => line.includes("Still waiting")).length, 2);
  stage.hear(READY);
  await stage.clock.advance(125_000);
  assertEquals(stage.printed.filter((line) => line.includes("Still waiting")).length, 2);
  await stage.ui.close();
});

Deno.test("plain: what is typed is done, and a slip is not sent", async () => {
  const stage = new Stage();
  await stage.type(
    "hello",
    "/say exit",
    "/hlep",
    "/verify",
    "/who",
    "/mute",
    "/timer 1m",
    "exit",
    "never",
  );
  assertEquals(stage.controls.asked, ['send "hello" 1', 'send "exit" 2', "timer 60", "leave exit"]);
  const said = stage.printed.join("\n");
  assertStringIncludes(said, "There is no such command.");
  assertStringIncludes(said, "no words to compare before");
  assertStringIncludes(said, "Bell and notifications are off.");
});
