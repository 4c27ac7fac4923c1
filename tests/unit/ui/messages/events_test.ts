import { assertEquals } from "@std/assert";
import { whoLines } from "../../../../src/ui/messages/events.ts";
import { RecordedControls } from "../../../support/controls.ts";

Deno.test("whoLines: names the time to the second", () => {
  const now = new Date(2026, 0, 5, 14, 2, 36).getTime();
  const overview = { ...new RecordedControls().now, name: "Alice", peer: "Bob" };
  const [, line] = whoLines(
    { ...overview, presence: "here", heardAgoMs: 5_000, isRelayUp: true },
    now,
  );
  assertEquals(
    line,
    "Bob: here, last active at 14:02:31, 5 seconds ago. Presence is what the relay says.",
  );
});
