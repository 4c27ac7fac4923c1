/**
 * A program that runs in a worker as Whisper does with `--proxy` on this port, and tries to reach more
 * than the proxy, in the worker and around it: one JSON object of what was allowed.
 *
 * @module
 */
import { goOffline, onlyReaching } from "../../src/permissions/confine.ts";

const [port] = Deno.args;
const other = Deno.args[1];

/** What was allowed. */
async function tryAll(): Promise<Record<string, boolean>> {
  const tries: Record<string, () => unknown> = {
    "reach the proxy": () => connect(Number(port)),
    "reach another port of this computer": () => connect(Number(other)),
    "look up a name": () =>
      Deno.resolveDns("localhost", "A", { nameServer: { ipAddr: "127.0.0.1" } }),
    "open a port": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
    "ask for more": () => {
      const { state } = Deno.permissions.requestSync({ name: "net" });
      if (state !== "granted") throw new Error(state);
    },
    "run a program": () => new Deno.Command(Deno.execPath()).outputSync(),
    "load a library": () => Deno.dlopen("libc.so.6", {}),
  };
  const allowed: Record<string, boolean> = {};
  for (const [name, attempt] of Object.entries(tries)) {
    try {
      await attempt();
      allowed[name] = true;
    } catch (error) {
      // What is refused or fails for another reason than a permission was allowed to be tried.
      allowed[name] = !(error instanceof Deno.errors.NotCapable) && !(error instanceof Error &&
        /denied|prompt/.test(error.message));
    }
  }
  return allowed;
}

async function connect(port: number): Promise<void> {
  (await Deno.connect({ hostname: "127.0.0.1", port })).close();
}

if ("DedicatedWorkerGlobalScope" in globalThis) {
  (globalThis as unknown as Worker).postMessage(await tryAll());
} else {
  const worker = new Worker(import.meta.url, {
    type: "module",
    deno: { permissions: onlyReaching(`127.0.0.1:${port}`) },
  });
  goOffline();
  worker.onmessage = async ({ data }) => {
    const answer = { worker: data, around: await tryAll() };
    Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(answer)));
    Deno.exit();
  };
}
