/**
 * The full screen on the real terminal, and an end that nobody has foreseen: `exit` leaves the process
 * at once, `throw` and `reject` are errors that nobody catches.
 *
 * @module
 */
import { systemClock } from "../../src/clock.ts";
import { notifierFor } from "../../src/terminal/notification.ts";
import { Output } from "../../src/terminal/output.ts";
import { TerminalInput } from "../../src/terminal/prompt.ts";
import { stdio } from "../../src/terminal/stdio.ts";
import { FullScreen } from "../../src/ui/tui/screen.ts";
import { RecordedControls } from "../support/controls.ts";
import { SCREEN_PARTS } from "../support/screen.ts";

const [how] = Deno.args;
const terminal = stdio({ output: new Output(Deno.stdout), isAnsi: true, maySuspend: false });
const ui = new FullScreen({
  ...SCREEN_PARTS,
  terminal,
  input: new TerminalInput(terminal),
  clock: systemClock,
  theme: "auto",
  notifier: notifierFor((name) => Deno.env.get(name)),
});
ui.hear({ event: "message", from: "Bob", text: "a secret", seq: 1, at: new Date().toISOString() });
// It happens when a key is pressed, long after the screen was drawn.
const controls = new RecordedControls();
controls.leave = () => {
  if (how === "exit") Deno.exit(7);
  queueMicrotask(() => {
    if (how === "throw") throw new Error("unforeseen");
  });
  if (how === "reject") void Promise.reject(new Error("unforeseen"));
  return Promise.resolve();
};
try {
  await ui.converse(controls, new AbortController().signal);
} catch (error) {
  await ui.close();
  console.log(`caught: ${(error as Error).message}`);
  Deno.exit(7);
}
