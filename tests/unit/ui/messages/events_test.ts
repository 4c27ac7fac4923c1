import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileSentence } from "../../../../src/ui/messages/files.ts";
import { sentenceOf, whoLines } from "../../../../src/ui/messages/events.ts";
import { RecordedControls } from "../../../support/controls.ts";

const NAMES = { peer: "Bob", relay: "MongoDB", by: "code" } as const;

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

Deno.test("sentenceOf: says what a large file takes of a free cluster, to its sender alone", () => {
  const offer = { event: "file", state: "offered", id: "1", name: "a.iso", bytes: 0 } as const;
  const told = (from: "you" | "peer", size: number, isFreeCluster: boolean) =>
    sentenceOf({ ...offer, from, size }, { ...NAMES, isFreeCluster })!.text;
  const note = "A free Atlas cluster moves 10 GB in 7 days";
  assertStringIncludes(told("you", 1_000_000_000, true), note);
  const without = [
    told("you", 100_000_000, true),
    told("you", 1_000_000_000, false),
    told("peer", 1_000_000_000, true),
  ];
  assertEquals(without.filter((text) => text.includes(note)), []);
});

Deno.test("fileSentence: names the folder so that it cannot be read as another one", () => {
  const received = { event: "file", state: "received", from: "peer", id: "1" } as const;
  const where = (folder: string) =>
    fileSentence({ ...received, name: "a", size: 1, bytes: 1 }, "Bob", { folder })!.text
      .replace(/^.*unaltered\. /, "");
  assertEquals(where("."), "It is in this folder.");
  assertEquals(where(".."), "It is in ..");
  assertEquals(where("../in"), "It is in ../in.");
});
