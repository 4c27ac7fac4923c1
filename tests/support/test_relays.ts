/**
 * Relays for two real programs in a test: a database file of its own, or a real MongoDB.
 *
 * @module
 */
import { MongoClient } from "mongodb";
import { mongodAvailable, startReplicaSet, startStandalone, type TestServer } from "./mongod.ts";
import { Program, type ProgramOptions } from "./program.ts";

/** A relay of its own. */
export interface TestRelay {
  /** Starts a program that uses this relay, in JSON mode. */
  start(args: readonly string[], options?: ProgramOptions): Program;
  /** Documents, of every kind, that are there now. */
  count(): Promise<number>;
  /** Everything that is stored, as text. */
  dump(): Promise<string>;
}

/** A kind of relay, opened once for each test. */
export interface TestRelayKind {
  readonly name: string;
  readonly ignore: boolean;
  run(test: (relay: TestRelay) => Promise<void>): Promise<void>;
  /** Ends what outlives a test. */
  close(): Promise<void>;
}

/** This computer, in a folder that only the test uses. */
function local(): TestRelayKind {
  return {
    name: "this computer",
    ignore: false,
    async run(test) {
      const folder = await Deno.makeTempDir();
      const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, WHISPER_LOCAL: "1" };
      const files = () =>
        [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
          isDirectory
            ? [...Deno.readDirSync(`${folder}/${name}`)].map((f) => `${name}/${f.name}`)
            : [name]
        );
      try {
        await test({
          start: (args, options) =>
            new Program([...args, "--json"], { ...options, env: { ...env, ...options?.env } }),
          count: () => Promise.resolve(files().length),
          dump: async () =>
            (await Promise.all(files().map((f) => Deno.readFile(`${folder}/${f}`))))
              .map((bytes) => new TextDecoder("latin1").decode(bytes)).join("\n"),
        });
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
    close: () => Promise.resolve(),
  };
}

function mongodb(
  name: string,
  open: () => Promise<TestServer>,
  why: string | undefined,
): TestRelayKind {
  let server: Promise<TestServer> | undefined;
  return {
    name: `${name}${why === undefined ? "" : ` (skipped: ${why})`}`,
    ignore: why !== undefined,
    async run(test) {
      const { uri } = await (server ??= open());
      const folder = await Deno.makeTempDir();
      const client = await new MongoClient(uri).connect();
      const db = client.db("whisper");
      const all = async () => [
        ...await db.collection("rooms").find().toArray(),
        ...await db.collection("messages").find().toArray(),
      ];
      try {
        await test({
          start: (args, options) =>
            new Program([...args, "--json"], {
              ...options,
              env: { WHISPER_URI: uri, XDG_CONFIG_HOME: folder, ...options?.env },
            }),
          count: async () => (await all()).length,
          dump: async () =>
            Deno.inspect(await all(), {
              depth: 9,
              strAbbreviateSize: Infinity,
              iterableLimit: Infinity,
            }),
        });
      } finally {
        await client.close();
        await Deno.remove(folder, { recursive: true });
      }
    },
    close: async () => await (await server)?.stop(),
  };
}

/** Every kind of relay that this machine has. */
export async function testRelayKinds(): Promise<TestRelayKind[]> {
  const available = await mongodAvailable();
  const why = available.ok ? undefined : available.why;
  return [
    local(),
    mongodb("MongoDB, one node", () => startReplicaSet({ count: 1 }), why),
    mongodb("MongoDB, standalone", () => startStandalone(), why),
  ];
}
