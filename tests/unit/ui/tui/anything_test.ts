import { assert, assertEquals, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import type { ChatEvent } from "../../../../src/chat/events.ts";
import { view } from "../../../../src/ui/tui/view.ts";
import { type KeyAction, SEQUENCES } from "../../../../src/terminal/keys.ts";
import { type Action, reduce } from "../../../../src/ui/tui/update.ts";
import { textOf } from "../../../../src/terminal/editor.ts";
import { alarm, failureSaying, message, ready, Story, UP, withoutStyles } from "./states.ts";

/** Many more under SOAK. */
const RUNS = Deno.env.get("SOAK") ? 5_000 : 80;

const text = fc.string({ unit: "binary", maxLength: 40 });
const seq = fc.integer({ min: 1, max: 5 });
const id = seq.map(String);

const event: fc.Arbitrary<ChatEvent> = fc.oneof(
  fc.constant(UP),
  text.map((text): ChatEvent => ({
    ...UP,
    state: "reconnecting",
    retryInMs: 900,
    cause: failureSaying(text),
  })),
  text.map((text): ChatEvent => ({ ...UP, state: "down", cause: failureSaying(text) })),
  fc.constant<ChatEvent>({ event: "invite", code: "4821-river-candle-ocean" }),
  fc.constantFrom("guest", "host", "handshake", "goodbye").map((what): ChatEvent => ({
    event: "waiting",
    for: what as "guest",
  })),
  text.map(ready),
  fc.tuple(text, seq).map(([text, seq]) => message(text, seq)),
  fc.tuple(id, seq).map(([id, seq]): ChatEvent => ({ event: "sent", id, seq })),
  fc.tuple(id, seq).map(([id, seq]): ChatEvent => ({ event: "delivered", id, seq })),
  id.map((id): ChatEvent => ({ event: "queued", id })),
  fc.constantFrom("here", "away", "left", "vanished").map((peer): ChatEvent => ({
    event: "presence",
    peer: peer as "here",
  })),
  fc.constantFrom("third-party", "forged", "replayed").map((kind) => alarm(kind as "forged")),
  seq.map((seconds): ChatEvent => ({ event: "timer", seconds, by: "you" })),
  seq.map((seq): ChatEvent => ({ event: "expired", from: "peer", seq })),
  seq.map((seq): ChatEvent => ({ event: "expired", from: "you", seq })),
  fc.constant<ChatEvent>({ event: "burnt", by: "peer" }),
  text.map((text): ChatEvent => ({ event: "error", failure: failureSaying(text), fatal: false })),
  fc.array(id).map((ids): ChatEvent => ({ event: "queue-dropped", ids })),
  fc.tuple(text, fc.array(id)).map(([peer, undelivered]): ChatEvent => ({
    event: "session-ended",
    peer,
    undelivered,
  })),
);

const keys = Object.keys(SEQUENCES) as KeyAction[];
const action: fc.Arbitrary<Action> = fc.oneof(
  { arbitrary: event.map((event): Action => ({ action: "event", event })), weight: 4 },
  text.map((text): Action => ({ action: "input", input: { input: "text", text } })),
  fc.constantFrom(...keys).map((key): Action => ({
    action: "input",
    input: { input: "key", action: key },
  })),
  text.map((text): Action => ({ action: "input", input: { input: "paste", text: `${text}\n` } })),
  fc.tuple(fc.integer({ min: 10, max: 130 }), fc.integer({ min: 3, max: 45 })).map(
    ([columns, rows]): Action => ({ action: "noted", facts: { columns, rows } }),
  ),
  fc.tuple(id, text).map(([id, text]): Action => ({ action: "said", id, text })),
  fc.array(text, { minLength: 1, maxLength: 30 }).map((lines): Action => ({
    action: "told",
    weight: "news",
    lines,
  })),
  fc.tuple(id, text).map(([id, line]): Action => ({ action: "submitted", id, line })),
  fc.constant<Action>({ action: "cleared" }),
  fc.integer({ min: 0, max: 100_000 }).map((now): Action => ({
    action: "noted",
    facts: { now, wall: now },
  })),
);

Deno.test("frame: is full and free of controls with its cursor inside, on any input", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      let { state } = new Story();
      for (const action of actions) {
        state = reduce(state, action);
        const { rows, cursor } = view(state);
        assertEquals(rows.length, state.rows);
        // deno-lint-ignore no-control-regex -- none may be left but styles
        for (const row of rows) assertNotMatch(withoutStyles(row.raw), /[\x00-\x1f\x7f-\x9f]/);
        assert(cursor.row >= 0 && cursor.row < state.rows, `row ${cursor.row}`);
        assert(cursor.column >= 0 && cursor.column < state.columns, `column ${cursor.column}`);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("draft: stays as it is on any event", () => {
  fc.assert(
    fc.property(text, fc.array(event, { maxLength: 30 }), (typed, events) => {
      const story = new Story().do({ action: "input", input: { input: "text", text: typed } });
      const { draft } = story.state;
      story.hear(...events);
      // Noncharacters stand for pastes in a draft, so that none can be typed.
      assertEquals(textOf(story.state.draft), typed.replaceAll(/[\ufdd0-\ufdef]/g, "\ufffd"));
      assertEquals(story.state.draft.before, draft.before);
    }),
    { numRuns: RUNS },
  );
});
