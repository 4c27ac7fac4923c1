/**
 * What a running chat has in its memory, as someone reads it who may read the memory of its process.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { copiesOf } from "../support/memory_search.ts";
import { Program } from "../support/program.ts";

const isLinux = Deno.build.os === "linux";
const PASSPHRASE = "zyxquartz vowelmarble plinth";
/** The handshake is over for so long, in milliseconds. */
const INTO_THE_CHAT_MS = 3_000;

Deno.test({
  name: `memory: a --room chat leaves no bytes of its passphrase${
    isLinux ? "" : " (skipped: needs /proc)"
  }`,
  ignore: !isLinux,
  async fn() {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/passphrase`;
    const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder };
    const chat = ["chat", "--room", "garden", "--local", "--json", "--passphrase-file", file];
    try {
      await Deno.writeTextFile(file, `${PASSPHRASE}\n`, { mode: 0o600 });
      await using alice = new Program([...chat, "--name", "Alice"], { env });
      await alice.event("waiting");
      await using bob = new Program([...chat, "--name", "Bob"], { env });
      await Promise.all([alice.event("ready"), bob.event("ready")]);
      await bob.tell({ send: "a text in both", id: "1" });
      await bob.event("delivered");
      await new Promise((resolve) => setTimeout(resolve, INTO_THE_CHAT_MS));
      for (const { pid } of [alice, bob]) {
        // The search finds what is there.
        assert((await copiesOf("a text in both", pid)).length > 0);
        const copies = await copiesOf(PASSPHRASE, pid);
        // Strings that nothing refers to stay until the engine needs their place.
        assertEquals(copies.filter(({ isString }) => !isString), []);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
