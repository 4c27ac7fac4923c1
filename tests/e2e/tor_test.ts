/**
 * Two programs chat over an onion service of a real Tor network on this computer. With SOAK=1.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { ownServersOrSkip, startReplicaSet } from "../support/mongod.ts";
import { Program } from "../support/program.ts";
import { TorNetwork, whyNoTor } from "../support/tor_network.ts";

const servers = await ownServersOrSkip();
const why = Deno.env.get("SOAK") === "1" ? await whyNoTor() : "SOAK=1 runs it";

Deno.test({
  name: `tor: two programs chat over an onion service, each by circuits of its own${
    why === undefined ? servers.skip : ` (skipped: ${why})`
  }`,
  ignore: why !== undefined || servers.ignore,
  fn: async () => {
    const server = await startReplicaSet({ count: 1 });
    try {
      await using tor = await TorNetwork.start(
        Number(new URL(`http://${server.nodes[0]!.host}`).port),
      );
      const uri = server.uri.replace(/@[^/]+\//, `@${tor.onion}:27017/`)
        .replace(/replicaSet=[^&]*/, "directConnection=true");
      const start = (...words: string[]) =>
        new Program([...words, "--json", "--proxy", `socks5://127.0.0.1:${tor.socksPort}`], {
          env: { WHISPER_URI: uri },
        });
      await using alice = start("new", "--name", "Alice");
      const { code } = await alice.event("invite");
      await using bob = start("join", code, "--name", "Bob");
      await Promise.all([alice.event("ready"), bob.event("ready")]);
      await alice.tell({ send: "before", id: "1" });
      await bob.line(({ event, text }) => event === "message" && text === "before");
      await alice.line(({ event, id }) => event === "delivered" && id === "1");

      const logins = new Set(await tor.circuits());
      assert(logins.size >= 2, `each chat has circuits of its own: ${[...logins].join(", ")}`);

      await tor.stopClient();
      await alice.line(({ event, state }) => event === "relay" && state === "reconnecting");
      await alice.tell({ send: "meanwhile", id: "2" });
      tor.startClient();
      await bob.line(({ event, text }) => event === "message" && text === "meanwhile");

      await bob.tell({ command: "exit" });
      assertEquals((await bob.over()).code, 0);
      await alice.tell({ command: "exit" });
      assertEquals((await alice.over()).code, 0);
      assertEquals(alice.all("closed")[0]?.remaining, 0);
    } finally {
      await server.stop();
    }
  },
});
