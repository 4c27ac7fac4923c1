/**
 * The program: arguments and signals in, an exit status out.
 *
 * @module
 */
import { versionText } from "./src/cli/version.ts";
import { confine } from "./src/permissions/confine.ts";

// "deno task chat -- new" passes the hyphens on.
const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
if (args.length === 1 && args[0] === "--version") {
  // Before anything else is loaded: installers and scripts ask for it alone.
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(versionText()));
  } catch {
    // Nobody reads it any more.
  }
  Deno.exit();
}
// First of all: what is loaded from here on finds the files of others closed.
confine({ args, env: (name) => Deno.env.get(name) });
const { run } = await import("./src/app.ts");

/** What asks the program to end. Windows has its own. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];
/** 128 and the number of SIGINT, as shells have it. */
const INTERRUPTED = 130;

const stop = new AbortController();
for (const signal of SIGNALS) {
  Deno.addSignalListener(signal, () => {
    // The first asks to leave cleanly, the second does not wait for that.
    if (stop.signal.aborted) Deno.exit(INTERRUPTED);
    stop.abort();
  });
}
Deno.exit(await run(args, stop.signal));
