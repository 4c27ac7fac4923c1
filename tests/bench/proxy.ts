/**
 * How much longer a text takes through a SOCKS5 proxy on this computer than without one, over a
 * replica set of one node.
 *
 * @module
 */
import { CountingProxy } from "../support/counting_proxy.ts";
import { startReplicaSet } from "../support/mongod.ts";
import { compareLatency, latencyRows } from "./latency.ts";
import { whisperPair } from "./pairs.ts";
import { type Bench, runAlone } from "./table.ts";

/** The benchmark. */
export const bench: Bench = {
  name: "proxy",
  about: "500 texts in turns, through a proxy and without one.",
  async run() {
    const server = await startReplicaSet({ count: 1 });
    await using proxy = new CountingProxy();
    try {
      const reference = await whisperPair({ WHISPER_URI: server.uri });
      const ours = await whisperPair({ WHISPER_URI: server.uri, WHISPER_PROXY: proxy.url });
      try {
        const names = { what: "latency through a proxy", reference: "direct", atMost: 1.3 };
        return latencyRows(await compareLatency({ ours, reference }), names);
      } finally {
        await Promise.all([ours.end(), reference.end()]);
      }
    } finally {
      await server.stop();
    }
  },
};

if (import.meta.main) await runAlone(bench);
