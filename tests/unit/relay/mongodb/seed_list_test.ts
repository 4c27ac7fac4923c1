import { assertEquals, assertRejects } from "@std/assert";
import { Failure } from "../../../../src/errors.ts";
import { type Resolver, seedList } from "../../../../src/relay/mongodb/dns.ts";
import { inspectUri } from "../../../../src/relay/mongodb/uri.ts";

const SRV = "mongodb+srv://chat:p%40ss@cluster0.abcde.mongodb.net/whisper?appName=x";

/** A name server with these answers. */
function resolver(hosts: readonly string[], txt: readonly string[][] | Error = []): Resolver {
  return {
    srv: (name) => {
      assertEquals(name, "_mongodb._tcp.cluster0.abcde.mongodb.net");
      return Promise.resolve(hosts.map((name) => ({ name, port: 27017 })));
    },
    txt: () => txt instanceof Error ? Promise.reject(txt) : Promise.resolve(txt),
  };
}

Deno.test("seedList: writes the hosts and options that DNS names, with TLS", async () => {
  const hosts = ["a-00.abcde.mongodb.net.", "a-01.abcde.mongodb.net"];
  const told = [["authSource=admin&", "replicaSet=atlas-x-shard-0&tlsInsecure=true"]];
  const list = await seedList(SRV, resolver(hosts, told));
  assertEquals(
    list,
    "mongodb://chat:p%40ss@a-00.abcde.mongodb.net:27017,a-01.abcde.mongodb.net:27017/whisper" +
      "?appName=x&authSource=admin&replicaSet=atlas-x-shard-0&tls=true",
  );
  assertEquals(inspectUri(list).hosts.length, 2);
  const own = SRV.replace("appName=x", "authSource=other&srvMaxHosts=1");
  assertEquals(
    await seedList(own, resolver(hosts.slice(1), told)),
    "mongodb://chat:p%40ss@a-01.abcde.mongodb.net:27017/whisper" +
      "?authSource=other&replicaSet=atlas-x-shard-0&tls=true",
  );
  const without = await seedList(SRV, resolver(hosts.slice(1), new Error("queryTxt ENODATA")));
  assertEquals(without.endsWith("?appName=x&tls=true"), true);
});

Deno.test("seedList: leaves other strings alone, and refuses hosts of another domain", async () => {
  const uri = "mongodb://h:1/whisper";
  assertEquals(await seedList(uri, resolver([])), uri);
  for (const hosts of [[], ["a-00.abcde.mongodb.net", "evil.example.org"]]) {
    const failure = await assertRejects(() => seedList(SRV, resolver(hosts)), Failure);
    assertEquals(failure.reason, "dns-unknown-cluster");
  }
});
