import { assertEquals, assertMatch } from "@std/assert";
import { versionText } from "../../../src/cli/version.ts";
import { DRIVER_VERSION, VERSION } from "../../../src/version.ts";

Deno.test("versionText: names Whisper, Deno and the driver, a line each", () => {
  assertEquals(
    versionText({ deno: "2.9.6", target: "x86_64-unknown-linux-gnu", commit: undefined }),
    `whisper ${VERSION}\ndeno 2.9.6 (x86_64-unknown-linux-gnu)\nmongodb driver ${DRIVER_VERSION}\n`,
  );
  assertMatch(versionText({ deno: "d", target: "t", commit: "abc123" }), /\ncommit abc123\n$/);
  assertMatch(versionText(), /^whisper \d+\.\d+\.\d+\ndeno \d+\.\d+\.\d+ \(.+\)\nmongodb driver /);
});

Deno.test("versionText: names the driver that is pinned", async () => {
  const { default: { imports } } = await import("../../../deno.json", { with: { type: "json" } });
  assertEquals(imports.mongodb, `npm:mongodb@${DRIVER_VERSION}`);
});
