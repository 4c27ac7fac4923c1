import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Failure } from "../../../src/errors.ts";
import { JsonInterface } from "../../../src/ui/json.ts";
import { RecordedControls } from "../../support/controls.ts";

/** Feeds `lines` to the interface and returns what it wrote. */
async function feed(lines: readonly string[], controls = new RecordedControls()) {
  // deno-lint-ignore no-explicit-any -- what JSON makes of it
  const written: any[] = [];
  const rest = [...lines];
  const ui = new JsonInterface({
    readLine: () => Promise.resolve(rest.shift() ?? null),
    write: (value) => written.push(JSON.parse(JSON.stringify(value))),
    written: () => Promise.resolve(true),
  });
  await ui.converse(controls, new AbortController().signal);
  await ui.close();
  return { asked: controls.asked, written };
}

Deno.test("JsonInterface: passes lines to the chat in order", async () => {
  const { asked, written } = await feed([
    '{"send":"one","id":"a"}',
    "",
    '{"send":"two"}',
    '{"send":"/exit"}',
    '{"command":"timer","value":"5m"}',
    '{"command":"timer","value":30}',
    '{"command":"invite"}',
    '{"command":"quit"}',
  ]);
  assertEquals(asked, [
    'send "one" a',
    'send "two" #1',
    'send "/exit" #2',
    "timer 300",
    "timer 30",
    "invite",
    "leave exit",
    "finish",
  ]);
  assertEquals(written, []);
});

Deno.test("JsonInterface: answers questions by events", async () => {
  const controls = new RecordedControls();
  const words = ["a", "b"];
  controls.now = {
    ...controls.now,
    peer: "Bob",
    presence: "here",
    words,
    wordHalves: { read: ["a"], listen: ["b"] },
    verification: { you: undefined, peer: true },
    heardAgoMs: 5,
    openForMs: 9,
  };
  const { written } = await feed(
    ["who", "verify", "relay", "help"].map((command) => JSON.stringify({ command })),
    controls,
  );
  assertEquals(written.slice(0, 3), [
    { event: "who", name: "Alice", peer: "Bob", presence: "here", heardAgoMs: 5 },
    { event: "verify", words, read: ["a"], listen: ["b"], you: null, peer: true },
    { event: "operations", operations: {}, openForMs: 9, queued: 0 },
  ]);
  assertEquals(written[3].event, "help");
  const names = written[3].commands.map(({ command }: { command: string }) => command);
  assertEquals(names.includes("say"), false);
  // What the help names, a line can ask for.
  for (const command of names) {
    const asked = await feed([JSON.stringify({ command, value: "1m", path: "a.txt" })]);
    assertEquals(asked.written.filter(({ code }) => code === "bad-line"), [], command);
  }
});

Deno.test("JsonInterface: reports a text that cannot be sent with its id", async () => {
  const controls = new RecordedControls();
  controls.failure = new Failure("message-too-long", { bytes: 20_000, maxBytes: 16_384 });
  const { written } = await feed(['{"send":"x","id":"7"}'], controls);
  assertEquals(written, [{
    event: "error",
    code: "too-long",
    message: "Message is too long: 20000 bytes, and 16384 is the most.",
    hint: "Send it in parts.",
    fatal: false,
    id: "7",
  }]);
});

Deno.test("JsonInterface: reports any other line as an error and does nothing", async () => {
  const noRequest = fc.oneof(
    fc.json(),
    fc.string().filter((text) => !text.includes("\n")),
    fc.constantFrom(
      '{"send":1}',
      '{"command":1}',
      '{"send":"a","command":"exit"}',
      '{"send":"a","id":1}',
    ),
    fc.constant(JSON.stringify({ send: "x".repeat(1_000_000) })),
    fc.constantFrom('{"command":"say"}', '{"command":"clear"}', '{"command":"who","value":{}}'),
    fc.constant(JSON.stringify({ send: "a", id: "x".repeat(1_025) })),
  ).filter((line) => line.trim() !== "");
  await fc.assert(fc.asyncProperty(noRequest, async (line) => {
    const { asked, written } = await feed([line]);
    assertEquals(asked, ["finish"]);
    assertEquals(written.map(({ event, code }) => ({ event, code })), [{
      event: "error",
      code: "bad-line",
    }]);
  }));
});

Deno.test("JsonInterface: takes a line with a byte order mark at its beginning", async () => {
  const { asked, written } = await feed(['\ufeff{"send":"a"}', '{"send":"b"}']);
  assertEquals([asked.length, written], [3, []]);
});

Deno.test("JsonInterface: confirms a message as displayed when its line was written, and not before", async () => {
  const controls = new RecordedControls();
  let written = Promise.withResolvers<boolean>();
  const over = new AbortController();
  const ui = new JsonInterface({
    readLine: () => new Promise(() => {}),
    write: () => {},
    written: () => written.promise,
  });
  void ui.converse(controls, over.signal);
  const hear = (seq: number) => ui.hear({ event: "message", from: "Bob", text: "a", seq, at: "" });
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  hear(1);
  hear(2);
  await settle();
  assertEquals(controls.shown, []);
  written.resolve(true);
  await settle();
  assertEquals(controls.shown, [1, 2]);
  // A reader that is gone has taken nothing.
  written = Promise.withResolvers();
  hear(3);
  written.resolve(false);
  await settle();
  assertEquals(controls.shown, [1, 2]);
  // What a session could not confirm any more is not confirmed in the next.
  written = Promise.withResolvers();
  hear(4);
  ui.hear({ event: "session-ended", peer: "Bob", undelivered: [] });
  written.resolve(true);
  await settle();
  assertEquals(controls.shown, [1, 2]);
  over.abort();
});

Deno.test("JsonInterface: answers a line that it cannot read with the id that is in it", async () => {
  const long = "x".repeat(1_000_001);
  const { asked, written } = await feed([
    `{"send":"${long}","id":"end"`,
    `{"id":"start","send":"${long}`,
    '{"send":"a","id":"qu\\"ote",}',
    '{"send":"\udc80","id":"bytes"',
    '{"send":"no id"',
  ]);
  assertEquals(asked, ["finish"]);
  assertEquals(written.map(({ code, id }) => [code, id]), [
    ["bad-line", "end"],
    ["bad-line", "start"],
    ["bad-line", 'qu"ote'],
    ["bad-line", "bytes"],
    ["bad-line", undefined],
  ]);
  const problems = written.map(({ message }) => message.replace("Cannot read this line: ", ""));
  assertEquals(problems, [
    "it is too long.",
    "it is too long.",
    "it is not JSON.",
    "it is not valid UTF-8.",
    "it is not JSON.",
  ]);
});

Deno.test("JsonInterface: passes replies, verdicts and what is taken back to the chat", async () => {
  const controls = new RecordedControls();
  controls.queued.push({ id: "a", text: "one" }, { id: "b", text: "two" });
  const { asked, written } = await feed([
    '{"send":"yes","id":"r","reply":{"from":"peer","seq":3}}',
    '{"command":"verify","value":"same"}',
    '{"command":"verify","value":"different"}',
    '{"command":"verify","value":"maybe"}',
    '{"command":"edit","value":"a"}',
    '{"command":"edit"}',
    '{"command":"edit"}',
    ...["3", '"peer"', "[]", "{}", '{"from":"peer"}', '{"from":"me","seq":1}'].map((reply) =>
      `{"send":"x","id":"bad","reply":${reply}}`
    ),
    '{"send":"x","reply":{"from":"you","seq":0}}',
  ], controls);
  assertEquals(asked, ['send "yes" r to peer 3', "verify true", "verify false", "finish"]);
  assertEquals(controls.queued, []);
  assertEquals(written.slice(0, 2).map(({ code, message }) => [code, message]), [
    ["usage", "Say whether the words are the same."],
    ["usage", "No message is queued."],
  ]);
  assertEquals(written.slice(2).map(({ code, id }) => [code, id]), [
    ...Array(6).fill(["bad-line", "bad"]),
    ["bad-line", undefined],
  ]);
});

Deno.test("JsonInterface: shows the documents on the relay, field by field", async () => {
  const controls = new RecordedControls();
  controls.stored = {
    kind: "sqlite",
    documents: [{
      kind: "message",
      by: "you",
      fields: [{ name: "seq", value: "3", bytes: 1 }, { name: "odd", value: "?", bytes: 1 }],
    }],
    more: 0,
  };
  const { written } = await feed(['{"command":"relay","value":"documents"}'], controls);
  assertEquals(written, [{
    event: "documents",
    relay: "sqlite",
    documents: [{
      kind: "message",
      by: "you",
      fields: [
        { name: "seq", value: "3", bytes: 1, meaning: "its number; 0 is the handshake" },
        { name: "odd", value: "?", bytes: 1, meaning: "not written by Whisper" },
      ],
    }],
    more: 0,
  }]);
});

Deno.test("JsonInterface: tells of an outage once, however often it is tried to end it", () => {
  const states: string[] = [];
  const ui = new JsonInterface({
    readLine: () => Promise.resolve(null),
    write: (value) => states.push((value as { state: string }).state),
    written: () => Promise.resolve(true),
  });
  const cause = new Failure("relay-timeout", { seconds: 9 });
  const relay = { event: "relay", kind: "mongodb", watch: "stream" } as const;
  for (let outage = 0; outage < 2; outage++) {
    for (let i = 0; i < 20; i++) ui.hear({ ...relay, state: "reconnecting", retryInMs: i, cause });
    ui.hear({ ...relay, state: "up" });
  }
  assertEquals(states, ["reconnecting", "up", "reconnecting", "up"]);
});
