/**
 * The program: arguments and signals in, an exit status out.
 *
 * @module
 */
import { confine } from "./src/permissions/confine.ts";

// "deno task chat -- new" passes the hyphens on.
const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
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
