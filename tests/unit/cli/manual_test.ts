import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ALL_COMMANDS, ALL_FLAGS, flagSyntax } from "../../../src/cli/command_table.ts";
import { manualPage } from "../../../src/cli/manual.ts";
import { EXIT } from "../../../src/errors.ts";

/** Escapes undone and fonts left out, as a reader sees it. */
function shown(page: string): string {
  return page.replaceAll(/\\f[BIR]/g, "").replaceAll("\\-", "-").replaceAll("\\e", "\\");
}

Deno.test("manualPage: has every command, flag, variable and status", () => {
  const page = shown(manualPage());
  for (const { usage, example, help } of ALL_COMMANDS.values()) {
    for (const part of [`whisper ${usage}`, example, help]) assertStringIncludes(page, part);
  }
  for (const [name, { env }] of ALL_FLAGS) {
    assertStringIncludes(page, `\n${env ? env : ""}`);
    assert(page.includes(flagSyntax(name)), name);
  }
  for (const status of Object.values(EXIT)) assertStringIncludes(page, `\n.TP\n${status}\n`);
});

Deno.test("manualPage: begins lines with a dot only for known requests", () => {
  const known = /^\.(?:TH|SH|TP|IP|br)(?: |$)/;
  for (const line of manualPage().split("\n")) {
    if (/^[.']/.test(line)) assert(known.test(line), line);
    assertEquals(line.includes("\t"), false);
  }
});
