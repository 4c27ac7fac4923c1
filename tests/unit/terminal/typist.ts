/**
 * A program that asks for lines on its real standard input, for standard_input_test.ts: `done` ends
 * it, and a closed terminal ends it with status 7.
 *
 * @module
 */
import { TerminalInput } from "../../../src/terminal/prompt.ts";
import { standardInput } from "../../../src/terminal/standard_input.ts";

// Whoever lives on after the terminal still has to tidy up.
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", () => {});
const input = new TerminalInput(standardInput({ prompts: "stdout", isAnsi: true }));
while (true) {
  const line = await input.readLine({ prompt: "line? ", hidden: Deno.args[0] === "hidden" });
  if (line === null) Deno.exit(7);
  input.print(`read ${JSON.stringify(line)}`);
  if (line === "done") Deno.exit(0);
}
