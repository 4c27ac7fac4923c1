/**
 * A program with the permissions of Whisper that confines itself as Whisper does, and then tries what
 * it should not be able to do: one JSON object of what was allowed.
 *
 * Arguments: the port of a server on this computer, and what Whisper would get.
 *
 * @module
 */
import { env } from "../../src/environment.ts";
import { readStart } from "../../src/cli/start.ts";
import { Failure } from "../../src/errors.ts";
import { confine, filesOf, goOffline } from "../../src/permissions/confine.ts";

const [port, folder, ...args] = Deno.args;
const { command, config } = readStart(args, env);
if (command instanceof Failure) throw command;
confine(filesOf(command, { env, configPath: config.path }));

const own = `${Deno.env.get("XDG_RUNTIME_DIR")}/whisper`;
const tries: Record<string, () => unknown> = {
  "make its folder": () => Deno.mkdirSync(own, { recursive: true }),
  "write in its folder": () => Deno.writeTextFileSync(`${own}/file`, "text"),
  "read in its folder": () => Deno.readTextFileSync(`${own}/file`),
  "read a named file": () => Deno.readTextFileSync(`${folder}/named`),
  "write a named file": () => Deno.writeTextFileSync(`${folder}/named`, "text"),
  "read another file": () => Deno.readTextFileSync(`${folder}/another`),
  "write another file": () => Deno.writeTextFileSync(`${folder}/another`, "text"),
  "list another folder": () => [...Deno.readDirSync(folder!)],
  "read a variable of Whisper's": () => Deno.env.get("WHISPER_NAME"),
  "read another variable": () => Deno.env.get("PATH"),
  "read all variables": () => Deno.env.toObject(),
  "run a program": () => new Deno.Command(Deno.execPath()).outputSync(),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
  "ask for more": () => {
    const { state } = Deno.permissions.requestSync({ name: "read", path: folder! });
    if (state !== "granted") throw new Error(state);
  },
  "reach this computer": () => connect("127.0.0.1", Number(port)),
  // 192.0.2.0/24 is for documentation: nobody is there (RFC 5737).
  "reach another host": () => connect("192.0.2.1", 27_017, { unanswered: true }),
  "open a port to others": () => Deno.listen({ hostname: "0.0.0.0", port: 0 }).close(),
  "reach this computer offline": () => {
    goOffline();
    return connect("127.0.0.1", Number(port));
  },
  "open a port offline": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
};

/** Connects; `unanswered`: it suffices that it is allowed to try. */
async function connect(hostname: string, port: number, options: { unanswered?: boolean } = {}) {
  if (options.unanswered) {
    const { state } = await Deno.permissions.query({ name: "net", host: `${hostname}:${port}` });
    if (state !== "granted") throw new Error(state);
    return;
  }
  (await Deno.connect({ hostname, port })).close();
}

const allowed: Record<string, boolean> = {};
for (const [name, attempt] of Object.entries(tries)) {
  try {
    await attempt();
    allowed[name] = true;
  } catch {
    allowed[name] = false;
  }
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(allowed)));
