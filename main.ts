/**
 * The program: arguments and signals in, an exit status out.
 *
 * @module
 */
import { env } from "./src/environment.ts";
import { STOP_SIGNALS, StopRequests } from "./src/app/stop_requests.ts";
import { readStart } from "./src/cli/start.ts";
import { versionText } from "./src/cli/version.ts";
import { Failure } from "./src/errors.ts";
import {
  confine,
  filesOf,
  goOffline,
  mayReach,
  onlyHost,
  onlyReaching,
} from "./src/permissions/confine.ts";

/** 128 and the number of SIGINT, as in a shell. */
const INTERRUPTED = 130;
/** Milliseconds for the worker to restore the terminal when the process ends at once. */
const RESTORING_MS = 200;

// "deno task chat -- new" passes the hyphens on.
const given = "DedicatedWorkerGlobalScope" in globalThis
  ? JSON.parse(globalThis.name) as string[]
  : Deno.args;
const args = given[0] === "--" ? given.slice(1) : given;
if (args.length === 1 && args[0] === "--version") {
  // Before anything else is loaded: installers and scripts ask for it alone.
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(versionText()));
    Deno.exit();
  } catch {
    // The way of all other commands says what is wrong with the output.
  }
}
/**
 * Signals that end nothing, and the events that interfaces listen to: after a stop by job control the
 * shell has changed the terminal, and a window has another size.
 */
const NOTED = new Map<Deno.Signal, string>([["SIGCONT", "continue"], ["SIGWINCH", "resize"]]);
/** What the worker tells the program around it: that its own modules are loaded, or the exit status. */
type FromWorker = { readonly loaded: true } | { readonly status: number };
/** What the program tells its worker: the name of a signal, or that the process ends now. */
type ToWorker = { readonly signal: Deno.Signal } | { readonly exit: true };

if ("DedicatedWorkerGlobalScope" in globalThis) await work();
else await start();

/** The whole program; behind a proxy, all of it but the signals. */
async function start(): Promise<void> {
  const start = readStart(args, env);
  const command = start.command instanceof Failure ? undefined : start.command;
  const host = onlyHost(command);
  const stop = new StopRequests(() => performance.now());
  // Without the permission for the proxy itself, connecting to it is refused in Whisper's own words.
  if (host !== undefined && mayReach(host)) return behindProxy(host, stop);
  // Before the packages are loaded: they cannot reach the files of others.
  confine(filesOf(command, { env, configPath: start.config.path, linkPath: start.linkPath }));
  onSignals((signal) => {
    if (stop.onSignal(signal)) Deno.exit(INTERRUPTED);
  });
  const { run } = await import("./src/app.ts");
  Deno.exit(await run(start, stop.signal));
}

/** Runs the program in a worker that can reach one host, and gives up everything here. */
function behindProxy(host: string, stop: StopRequests): void {
  const worker = new Worker(import.meta.url, {
    type: "module",
    name: JSON.stringify(args),
    deno: { permissions: onlyReaching(host) },
  });
  goOffline();
  const tell = (message: ToWorker) => worker.postMessage(message);
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    if ("status" in data) Deno.exit(data.status);
    // Deno loads the modules of a worker with the permissions of its parent.
    confine({ own: [], named: [] });
  });
  for (const [signal, event] of NOTED) addEventListener(event, () => tell({ signal }));
  onSignals((signal) => {
    if (!stop.onSignal(signal)) return tell({ signal });
    tell({ exit: true });
    setTimeout(() => Deno.exit(INTERRUPTED), RESTORING_MS);
  });
}

/** The program, in the worker of {@link behindProxy}. */
async function work(): Promise<void> {
  // Deno's types know the global scope of the main thread alone.
  const scope = globalThis as unknown as Worker;
  scope.postMessage({ loaded: true } satisfies FromWorker);
  const start = readStart(args, env);
  const command = start.command instanceof Failure ? undefined : start.command;
  confine(filesOf(command, { env, configPath: start.config.path, linkPath: start.linkPath }));
  const stop = new StopRequests(() => performance.now());
  const answer = (status: number) => {
    // Restores the terminal, as Deno.exit does.
    dispatchEvent(new Event("unload"));
    scope.postMessage({ status } satisfies FromWorker);
  };
  scope.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
    const event = "signal" in data ? NOTED.get(data.signal) : undefined;
    if ("exit" in data) answer(INTERRUPTED);
    else if (event !== undefined) dispatchEvent(new Event(event));
    else stop.onSignal(data.signal);
  });
  const { run } = await import("./src/app.ts");
  answer(await run(start, stop.signal));
}

/** Reports the signals that end the program, and dispatches an event for each of the others. */
function onSignals(report: (signal: Deno.Signal) => void): void {
  for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, () => report(signal));
  if (Deno.build.os === "windows") return;
  for (const [signal, event] of NOTED) {
    Deno.addSignalListener(signal, () => dispatchEvent(new Event(event)));
  }
}
