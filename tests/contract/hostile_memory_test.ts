/**
 * How much memory a relay's client takes while another client stores documents of megabytes where it
 * reads: in a process of its own, for a peak is never given back. With SOAK=1.
 *
 * @module
 */
import { assert } from "@std/assert";
import { isOwnServer, mongodAvailable, startReplicaSet } from "../support/mongod.ts";

const available = await mongodAvailable();
const why = Deno.env.get("SOAK") !== "1"
  ? "takes a minute; SOAK=1 runs it"
  : available.ok
  ? isOwnServer ? "a server of one's own" : Deno.build.os === "linux" ? "" : "needs /proc"
  : available.why;
const ignore = why !== "";
const skip = ignore ? ` (skipped: ${why})` : "";
/** Of the peak without an attack. */
const MAX_RATIO = 1.5;

Deno.test({
  name: `MongoRelay: takes no more memory when documents of megabytes lie in its way${skip}`,
  ignore,
  async fn() {
    const server = await startReplicaSet({ count: 1, auth: false });
    try {
      const calm = await peak(server.uri, "calm");
      const attacked = await peak(server.uri, "attacked");
      const told = `calm ${calm} kB, attacked ${attacked} kB`;
      assert(attacked <= MAX_RATIO * calm, told);
    } finally {
      await server.stop();
    }
  },
});

/** The peak resident memory of a client, in kB. */
async function peak(uri: string, how: "calm" | "attacked"): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "tests/support/memory_victim.ts", uri, how],
  }).output();
  const text = new TextDecoder();
  assert(success, text.decode(stderr));
  return Number(text.decode(stdout).trim().split("\n").at(-1));
}
