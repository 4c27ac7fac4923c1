/**
 * The program: arguments and signals in, an exit status out.
 *
 * @module
 */
import { env } from "./src/app/environment.ts";
import { STOP_SIGNALS, StopRequests } from "./src/app/stop_requests.ts";
import { readStart } from "./src/cli/start.ts";
import { versionText } from "./src/cli/version.ts";
import { Failure } from "./src/errors.ts";
import { confine, filesOf } from "./src/permissions/confine.ts";

/** 128 and the number of SIGINT, as in a shell. */
const INTERRUPTED = 130;

// "deno task chat -- new" passes the hyphens on.
const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
if (args.length === 1 && args[0] === "--version") {
  // Before anything else is loaded: installers and scripts ask for it alone.
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(versionText()));
    Deno.exit();
  } catch {
    // The way of all other commands says what is wrong with the output.
  }
}
// Before the packages are loaded: they cannot reach the files of others.
const start = readStart(args, env);
const command = start.command instanceof Failure ? undefined : start.command;
confine(filesOf(command, { env, configPath: start.config.path, linkPath: start.linkPath }));
const stop = new StopRequests(() => performance.now());
for (const signal of STOP_SIGNALS) {
  Deno.addSignalListener(signal, () => {
    if (stop.onSignal(signal)) Deno.exit(INTERRUPTED);
  });
}
if (Deno.build.os !== "windows") {
  // After a stop by job control the shell has changed the terminal: the interface takes it over again.
  Deno.addSignalListener("SIGCONT", () => dispatchEvent(new Event("continue")));
}
const { run } = await import("./src/app.ts");
Deno.exit(await run(start, stop.signal));
