/**
 * Two programs chat behind a proxy that dies and comes back, while the system calls of both are
 * watched: they connect to the proxy and to nothing else, and look up no name.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { CountingProxy } from "../support/counting_proxy.ts";
import { isInstalled } from "../support/installed.ts";
import { ownServersOrSkip, startReplicaSet } from "../support/mongod.ts";
import { Program } from "../support/program.ts";

const ROOT = new URL("../../", import.meta.url);
const ONION = "whispertest234567whispertest234567whispertest234567abcde.onion";
const MAIN = new URL("main.ts", ROOT).pathname;
const servers = await ownServersOrSkip();
const hasStrace = await isInstalled("strace");
const skip = servers.skip || (hasStrace ? "" : " (skipped: strace is missing)");

/** Files that a look-up of a name reads. */
const NAME_FILES = /"\/etc\/(?:resolv\.conf|hosts|nsswitch\.conf|host\.conf)"/;

function flags(): string[] {
  return ["flags", "flags.any"].flatMap((name) =>
    Deno.readTextFileSync(new URL(`src/permissions/${name}`, ROOT)).trim().split("\n")
  );
}

Deno.test({
  name: `proxy: a whole chat connects to the proxy alone, and looks up no name${skip}`,
  ignore: skip !== "",
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    const server = await startReplicaSet({ count: 1 });
    const { hostname, port } = new URL(`http://${server.nodes[0]!.host}`);
    await using proxy = new CountingProxy({ hosts: { [ONION]: { hostname, port: Number(port) } } });
    try {
      const uri = server.uri.replace(/@[^/]+\//, `@${ONION}:27017/`)
        .replace(/replicaSet=[^&]*/, "directConnection=true");
      const start = (name: string, ...words: string[]) =>
        new Program([...words, "--name", name, "--json", "--proxy", proxy.url], {
          command: [
            ...["strace", "-ff", "-e", "trace=network,openat", "-o", `${folder}/${name}`],
            ...[Deno.execPath(), "run", "--quiet", ...flags(), MAIN],
          ],
          env: { WHISPER_URI: uri, DENO_NO_UPDATE_CHECK: "1" },
        });
      await using alice = start("alice", "new");
      const { code } = await alice.event("invite");
      await using bob = start("bob", "join", code);
      await bob.event("ready");
      await alice.event("ready");
      await alice.tell({ send: "before", id: "1" });
      await bob.line(({ event, text }) => event === "message" && text === "before");

      proxy.stop();
      await alice.line(({ event, state }) => event === "relay" && state === "reconnecting");
      await alice.tell({ send: "meanwhile", id: "2" });
      await alice.line(({ event, id }) => event === "queued" && id === "2");
      proxy.start();
      await bob.line(({ event, text }) => event === "message" && text === "meanwhile");
      await bob.tell({ send: "after", id: "3" });
      await alice.line(({ event, text }) => event === "message" && text === "after");

      await bob.tell({ command: "exit" });
      assertEquals((await bob.over()).code, 0);
      await alice.tell({ command: "exit" });
      assertEquals((await alice.over()).code, 0);
      assertEquals(alice.all("closed")[0]?.remaining, 0);
    } finally {
      await server.stop();
    }

    const calls = [...Deno.readDirSync(folder)].flatMap(({ name }) =>
      Deno.readTextFileSync(`${folder}/${name}`).split("\n")
    );
    await Deno.remove(folder, { recursive: true });
    const connected = calls.filter((call) => /^connect\(.*AF_INET/.test(call));
    assert(connected.length > 0, "the trace tells");
    const isProxy = `sin_port=htons(${proxy.port}), sin_addr=inet_addr("127.0.0.1")`;
    assertEquals(connected.filter((call) => !call.includes(isProxy)), []);
    assertEquals(calls.filter((call) => /SOCK_DGRAM/.test(call) && /AF_INET/.test(call)), []);
    assertEquals(calls.filter((call) => NAME_FILES.test(call)), []);
    assertEquals(new Set(proxy.asked), new Set([`${ONION}:27017`]));
    assertEquals(new Set(proxy.logins).size, 2, "each chat has a login of its own");
  },
});

Deno.test({
  name: `proxy: is reached by name and by IPv6, with SOCKS5 and with HTTP${servers.skip}`,
  ignore: servers.ignore,
  fn: async () => {
    const server = await startReplicaSet({ count: 1 });
    try {
      for (const [address, host] of [["127.0.0.1", "localhost"], ["::1", "[::1]"]] as const) {
        for (const kind of ["socks5", "http"] as const) {
          await using proxy = new CountingProxy({ kind, address });
          const url = `${kind}://${host}:${proxy.port}`;
          await using doctor = new Program(["doctor", "--json", "--proxy", url], {
            command: [Deno.execPath(), "run", "--quiet", ...flags(), MAIN],
            env: { WHISPER_URI: server.uri, DENO_NO_UPDATE_CHECK: "1" },
          });
          assertEquals((await doctor.over()).code, 0, url);
          assertEquals(new Set(proxy.asked), new Set([server.nodes[0]!.host]), url);
        }
      }
    } finally {
      await server.stop();
    }
  },
});
