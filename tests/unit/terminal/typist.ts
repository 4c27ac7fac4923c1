/**
 * A program that asks for lines on its real standard input, for standard_input_test.ts: `done` ends
 * it, and a closed terminal ends it with status 7.
 *
 * @module
 */
import { TerminalInput } from "../../../src/terminal/prompt.ts";
import { Output } from "../../../src/terminal/output.ts";
import { stdio } from "../../../src/terminal/stdio.ts";

// What lives on after the terminal still has to clean up.
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", () => {});
const output = new Output(Deno.stdout);
const input = new TerminalInput(stdio({ output, isAnsi: true, maySuspend: false }));
while (true) {
  const line = await input.readLine({ prompt: "line? ", hidden: Deno.args[0] === "hidden" });
  if (line === null) Deno.exit(7);
  input.print(`read ${JSON.stringify(line)}`);
  await output.flush();
  if (line === "done") Deno.exit(0);
}
